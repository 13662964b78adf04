// What belongs to a plan and comes after its answer: the plans beside it, its ways and, when a person
// has stopped asking, its programs. It is offered while it is of the plan that is shown.

const REST_MS = 400; // a person has stopped asking

/**
 * @param ask gives the reply to a question, null where a newer one came
 * @param parts the parts of the page that show it: {compare, programs, ways, picture}
 * @param show puts a view, and the rows of a list, into their places: {view, rows}
 * @param setOffered lets a link lead where it leads, or nowhere
 * @param onShown called when one more of them is there
 */
export function createSequel({ ask, parts, show, setOffered, onShown }) {
  const { compare, programs, ways, picture } = parts;
  const waysList = document.querySelector('[data-list="ways"]');
  const waysButtons = document.querySelectorAll(
    '[data-action="copy-ways"], [data-action="every-model"]',
  );
  const copiers = document.querySelectorAll(
    '[data-action="copy-link"], [data-action="copy-command"]',
  );
  // The query of each part of the page, null if it has none.
  const shown = { plan: "", programs: null, ways: "", comparison: null };
  let resting = 0; // the timer that a new question stops

  /** What can be taken away is the current plan's. */
  function offer(current) {
    for (const button of copiers) button.disabled = !current;
    programs.offer(current && (shown.programs ?? "") === shown.plan);
    const listed = shown.ways === shown.plan;
    if (listed) waysList.removeAttribute("aria-busy");
    else waysList.setAttribute("aria-busy", "true");
    const comparable = current && (!compare.shown || shown.comparison === shown.plan);
    for (const link of ways.links()) setOffered(link, current && listed);
    picture.offer(current);
    compare.offer(comparable, current && listed, setOffered);
    for (const button of waysButtons) button.disabled = !(current && listed);
  }

  /** Ask for what is not there yet. */
  async function askNow() {
    hold();
    // false where a newer question came meanwhile: it took the reply
    const isThere = await askEach({ comparison, ways: rows });
    if (isThere) resting = setTimeout(askEach, REST_MS, { programs: texts });
  }

  const hold = () => clearTimeout(resting);

  /** Ask for one after the other; false when a newer question came. */
  async function askEach(wanted) {
    const query = shown.plan;
    for (const [name, askOne] of Object.entries(wanted)) {
      if (shown[name] === query || (name === "comparison" && !compare.shown)) continue;
      if (!(await askOne(query))) return false;
      shown[name] = query;
      onShown();
    }
    return true;
  }

  async function comparison(query) {
    const reply = await ask({ query, want: "comparison" });
    if (!reply?.view && !reply?.tooMuch) return false;
    if (reply.view) show.view(reply.view);
    else compare.show(0);
    if (shown.comparison === null) compare.reveal();
    return true;
  }

  async function texts(query) {
    const reply = await ask({ query, want: "programs" });
    if (!reply?.programs) return false;
    programs.show(reply.programs);
    return true;
  }

  async function rows(query) {
    const reply = await ask({ query, want: "ways" });
    if (!reply?.view && !reply?.tooMuch) return false;
    if (reply.view) showWays(reply.view);
    else giveUpWays();
    return true;
  }

  const showWays = (view) => ways.replace(() => show.view(view));

  function clearWays() {
    ways.replace(() => show.rows("ways", []));
    shown.ways = null;
  }

  function giveUpWays() {
    clearWays();
    ways.giveUp();
  }

  return {
    offer,
    askNow,
    clearWays,
    /** Other rows in the place of the ways of the same plan. */
    showWays(view) {
      showWays(view);
      onShown();
    },
    /** A plan is shown, with so many beside it: what comes after it follows. */
    begin(query, beside) {
      shown.plan = query;
      compare.show(beside);
      askNow();
    },
    /** A plan is shown that is not the one that was asked for: nothing comes after it. */
    blank() {
      shown.plan = null;
      compare.show(0);
      clearWays();
    },
    /** A question is asked: it goes first. */
    hold,
    /** The query of the plan that is shown. */
    get plan() {
      return shown.plan;
    },
  };
}
