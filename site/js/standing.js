// How the shown answer stands: of what it is, as the contract of the page has it, and why there is
// none to what was asked.

const ANNOUNCE_MS = 1900; // a screen reader says the answer when a person has stopped asking

const OF_PLAN = '[data-slot]:not([data-module="files"] *)';

const page = document.documentElement;
const slot = (name) => document.querySelector(`[data-slot="${name}"]`);

/**
 * @param onMark called with whether what is shown is the plan that the form asks for
 */
export function createStanding(results, { onMark }) {
  let later = 0;

  /** The answer is the example's, "current", of an older question, "stale", or none yet, "working". */
  function mark(state) {
    page.dataset.answer = state;
    onMark(isCurrent());
  }

  const isCurrent = () => ["example", "current"].includes(page.dataset.answer);

  /** An answer is awaited, or has come. */
  function setBusy(busy) {
    if (busy) results.setAttribute("aria-busy", "true");
    else results.removeAttribute("aria-busy");
  }

  /** There is an answer, whatever was the trouble before. */
  function clear() {
    delete results.dataset.trouble;
    delete results.dataset.blank;
  }

  /**
   * Until Python is there, nothing on the page is the plan that is asked for, and nothing is to
   * look as if it were.
   */
  function showWorking(requests) {
    results.dataset.blank = "";
    for (const place of document.querySelectorAll(OF_PLAN)) place.textContent = "…";
    const words = document.querySelector("[data-working]").textContent;
    slot("answer.sentence").textContent = words.replace("{requests}", grouped(requests));
    slot("page.title").textContent = document.querySelector("h1").textContent;
  }

  /** No plan came: the page says why, and what it shows is older. */
  function showTrouble(name, detail = "") {
    if (page.dataset.engine === "failed") name = "failed"; // its own notice says why
    results.dataset.trouble = name;
    document.querySelector("[data-defect-detail]").textContent = detail;
    if ("blank" in results.dataset) slot("answer.sentence").textContent = "";
    mark("stale");
  }

  /** Have the answer said to those who do not see it, unless another one comes before. */
  function announce() {
    hush();
    later = setTimeout(() => {
      const said = slot("answer.sentence").textContent;
      document.querySelector("[data-announce]").textContent = said;
    }, ANNOUNCE_MS);
  }

  const hush = () => clearTimeout(later);

  // a link has bare digits; what somebody typed in words stays as it is
  const grouped = (text) => (/^\d+$/.test(text) ? text.replace(/\B(?=(\d{3})+$)/g, ",") : text);

  return { mark, isCurrent, setBusy, clear, showWorking, showTrouble, announce, hush };
}
