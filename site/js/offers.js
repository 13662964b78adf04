// Links that are the current plan's only: while another one is worked out they lead nowhere.

/** A link without an address leads nowhere; it keeps its place in the order of the keys. */
export function setOffered(link, offered) {
  link.dataset.address ??= link.getAttribute("href") ?? "";
  const { address } = link.dataset;
  if (!address) return; // it never leads anywhere
  if (offered) {
    link.setAttribute("href", address);
    for (const name of ["role", "aria-disabled", "tabindex"]) link.removeAttribute(name);
  } else {
    link.tabIndex = 0;
    link.setAttribute("role", "link");
    link.setAttribute("aria-disabled", "true");
    link.removeAttribute("href");
  }
}
