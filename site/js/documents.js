// The other way to say how long a request is: a document, by its pages and its size. It is typed into
// the fields of tokens and bytes in words; what it is in numbers the planner says.

/** @param root the line with the two inputs; `form` has the fields. */
export function createDocuments(root, form) {
  const [pages, size] = ["pages", "size"].map((name) => root.querySelector(`[data-${name}]`));

  const words = {
    "workload.input_tokens": () => pages.value.trim() && `${pages.value.trim()} pages of PDF`,
    "workload.bytes_per_request": () => size.value.trim() && `${sized(size.value.trim())} PDF`,
  };

  // files of a byte are nobody's: a bare number is meant in megabytes
  const sized = (text) => (/^[\d.,]+$/.test(text) ? `${text} MB` : text);

  root.addEventListener("input", () => {
    for (const [name, text] of Object.entries(words)) {
      const field = form.elements[name];
      if (!text()) continue;
      field.value = text();
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });
}
