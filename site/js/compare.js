// The plans side by side, and how one is put there: by a press on a way, or by a link.

/**
 * @param onAdd called with a link that somebody typed; resolves to what is wrong with it, "" for
 *   nothing
 */
export function createCompare({ onAdd }) {
  const section = document.querySelector('[data-module="compare"]');
  const chooser = document.querySelector('[data-module="compare-add"]');
  const input = chooser.querySelector("[data-compare-link]");
  const button = chooser.querySelector('[data-action="compare-add"]');
  const problem = chooser.querySelector("[data-compare-problem]");
  const linksOf = (place) => [...place.querySelectorAll('a[href^="#"], a[data-address]')];

  async function add() {
    if (button.disabled) return;
    const told = input.value.trim() ? await onAdd(input.value) : "";
    say(told);
    if (!told) input.value = "";
    input.focus();
  }

  function say(told) {
    problem.textContent = told;
    problem.hidden = !told;
    if (told) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }

  button.addEventListener("click", add);
  input.addEventListener("input", () => say(""));
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // it would send the form
    add();
  });

  return {
    /** Show the place for the plans, if there are any beside the one at hand. */
    show(beside) {
      section.hidden = !beside;
    },
    get shown() {
      return !section.hidden;
    },
    /** Let plans be opened, taken away and added, or, while another plan is worked out, not. */
    offer(columns, ways, setOffered) {
      for (const link of linksOf(section)) setOffered(link, columns);
      for (const link of linksOf(chooser)) setOffered(link, ways);
      button.disabled = !columns;
    },
    /** Bring the plans into sight for whoever opened a link to them. */
    reveal() {
      if (!section.hidden && scrollY === 0) section.scrollIntoView();
    },
  };
}
