// What is pressed anywhere on the page: a link to another plan, a link to a place in the page, a
// button that copies.

const COPIED_MS = 2000; // for so long a button says that it has copied

/**
 * @param onPlan called with the query of a link to another plan
 * @param onButton called with any other button
 * @param textOf gives the text that a name stands for, to be copied
 */
export function createPresses({ onPlan, onButton, textOf }) {
  document.addEventListener("click", (event) => {
    // With a key held it opens a window of its own, as every link does.
    const withKey = event.ctrlKey || event.metaKey || event.shiftKey || event.altKey;
    const link = event.target.closest('a[href^="#"]');
    if (link && event.button === 0 && !withKey) {
      event.preventDefault();
      follow(link.getAttribute("href").slice(1));
    }
    const button = event.target.closest("button");
    if (button?.dataset.copy) copy(button);
    else if (button) onButton(button);
  });

  /**
   * A link to another plan is a press; one to a place in the page leads there, and the address
   * keeps the plan.
   */
  function follow(fragment) {
    if (!fragment || fragment.includes("=")) onPlan(fragment);
    else goTo(document.getElementById(fragment));
  }

  function goTo(place) {
    place?.scrollIntoView();
    place?.focus({ preventScroll: true });
  }

  async function copy(button) {
    try {
      await navigator.clipboard.writeText(textOf(button.dataset.copy));
    } catch {
      return; // no permission: the address bar holds the link, and a text can be selected
    }
    const done = button.querySelector("[data-copied]");
    done.hidden = false;
    setTimeout(() => (done.hidden = true), COPIED_MS);
  }
}
