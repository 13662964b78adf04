// The address: the only module that touches `history` and `location`. The plan stands behind the #
// of the address, which no browser sends to a server, and an entry of the history is one change of
// it.
//
// An entry says in its state what is open beside the form: {panel: address of the section, opened:
// query of the plan when it was opened, only in the entry that opened it}.
//
// The page also loads this module by itself, before its first paint: whoever opens a link is never
// shown the numbers of the example as if they were the link's.

const page = document.documentElement;
// Of a query string; what others append to links has no dot.
const FIELD = /(^|[?&])[a-z]+\.[a-z0-9_]+=/;

/**
 * The query of the plan that an address holds, "" for the example, null if it leads to an ordinary
 * anchor.
 */
function planIn({ hash, search }) {
  const fragment = hash.slice(1);
  if (fragment.includes("=")) return fragment;
  if (FIELD.test(search)) return search.slice(1); // links were written so once
  return fragment ? null : "";
}

if (planIn(location)) {
  const example = document.title;
  page.dataset.answer = "working";
  document.title = document.querySelector("title").dataset.name;
  // without the other scripts nobody works it out
  window.addEventListener("load", () => {
    if (page.dataset.engine !== "static") return;
    page.dataset.answer = "example";
    document.title = example;
  });
}

// What somebody types or presses before the other scripts are there: {control: text or tick}.
const early = new Map();
const ticked = (control) => control.type === "checkbox" || control.type === "radio";
const note = ({ target }) => early.set(target, ticked(target) ? target.checked : target.value);
document.addEventListener("input", note);

/** Type and press again what was typed and pressed early, now that there is somebody to hear it. */
export function repeatEarly() {
  document.removeEventListener("input", note);
  for (const [control, meant] of early) {
    control[ticked(control) ? "checked" : "value"] = meant;
    for (const name of ["input", "change"]) {
      control.dispatchEvent(new Event(name, { bubbles: true }));
    }
  }
}

/**
 * @param onPlan called with the query when Back or Forward leads to another plan
 * @param onPanel called with the address of the section that is to be open, "" for none
 */
export function createAddress({ onPlan, onPanel }) {
  let query = planIn(location) ?? "";
  let before = null; // the plan before the change that is under way
  let change = ""; // its name; typing into one field is one change
  let fresh = false; // the change has no entry yet

  /** A change begins, unless one of that name is under way; one without a name is always new. */
  function begin(name) {
    if (name && name === change) return;
    change = name;
    fresh = true;
    before = query;
  }

  /**
   * Put the plan that was answered into the address; the first of a change gets an entry of its
   * own.
   */
  function put(answered) {
    if (answered === query) return;
    const beside = { panel: history.state?.panel }; // the guide stays beside the new plan
    if (fresh) history.pushState(beside, "", pathOf(answered));
    else history.replaceState(history.state, "", pathOf(answered));
    query = answered;
    fresh = false;
  }

  const pathOf = (plan) => (plan ? `${location.pathname}#${plan}` : location.pathname);

  /**
   * Note that the section is open. What is changed after it is a change of its own: Back undoes one
   * thing at a time.
   */
  function openPanel(section) {
    if (history.state?.panel) history.replaceState({ ...history.state, panel: section }, "");
    else history.pushState({ panel: section, opened: query }, "");
    change = "";
  }

  /**
   * The entry that opened the panel is left as Back leaves it; in a later one only the panel goes.
   */
  function closePanel() {
    if (history.state?.opened === query) {
      history.back();
      return;
    }
    history.replaceState(null, "");
    onPanel("");
  }

  // From here on no request, and nobody who looks at the address, sees the plan in a query string.
  if (FIELD.test(location.search)) history.replaceState(history.state, "", pathOf(query));

  window.addEventListener("popstate", () => {
    onPanel(history.state?.panel ?? "");
    const there = planIn(location) ?? query; // an anchor is a place in the page, the plan the same
    if (there === query) return;
    before = query;
    query = there;
    change = "";
    fresh = false;
    onPlan(query);
  });

  return {
    begin,
    put,
    openPanel,
    closePanel,
    leave: (address) => location.assign(address),
    get query() {
      return query;
    },
    get before() {
      return before;
    },
    /** The page's own address, without a plan. */
    get here() {
      return location.href.split(/[?#]/)[0];
    },
    /** The whole link to the plan. */
    get link() {
      return new URL(pathOf(query), location.href).href;
    },
  };
}
