// The address: the only module that touches `history` and `location`. The address holds the plan, as a query, and an
// entry of the history is one change of it.
//
// An entry says in its state what is open beside the form: {panel: address of the section, opened: query of the plan
// when it was opened, only in the entry that opened it}.

/**
 * @param onPlan called with the query when Back or Forward leads to another plan
 * @param onPanel called with the address of the section that is to be open, "" for none
 */
export function createAddress({ onPlan, onPanel }) {
  let query = location.search.slice(1);
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

  /** Put the plan that was answered into the address; the first of a change gets an entry of its own. */
  function put(answered) {
    if (answered === query) return;
    const address = answered ? `?${answered}` : location.pathname;
    if (fresh) history.pushState({ panel: history.state?.panel }, "", address); // the guide stays beside the new plan
    else history.replaceState(history.state, "", address);
    query = answered;
    fresh = false;
  }

  /** Note that the section is open. What is changed after it is a change of its own: Back undoes one thing at a time. */
  function openPanel(section) {
    if (history.state?.panel) history.replaceState({ ...history.state, panel: section }, "");
    else history.pushState({ panel: section, opened: query }, "");
    change = "";
  }

  /** The entry that opened the panel is left as Back leaves it; in a later one only the panel goes. */
  function closePanel() {
    if (history.state?.opened === query) {
      history.back();
      return;
    }
    history.replaceState(null, "");
    onPanel("");
  }

  // It also fires when a link leads to a place in the page: the plan is then the same.
  window.addEventListener("popstate", () => {
    onPanel(history.state?.panel ?? "");
    const there = location.search.slice(1);
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
    /** The whole link to the plan. */
    get link() {
      return location.href;
    },
  };
}
