// The places in the planner to which an address leads from elsewhere: its fields.

/** Show a field, in whatever fold it is, and give it the focus; whether this page has it. */
function reveal(id) {
  const field = /^f-/.test(id) ? document.getElementById(id) : null;
  if (!field) return false;
  const folds = [];
  for (let fold = field; (fold = fold?.parentElement.closest("details")); ) folds.push(fold);
  for (const fold of folds) fold.open = true;
  field.scrollIntoView({ block: "center" });
  field.focus({ preventScroll: true });
  return true;
}

/** Choose a value as if somebody had; whether this page has the field. */
function choose(name, value) {
  const field = document.querySelector(`select[name="${name}"]`);
  if (!field) return false;
  field.value = value;
  for (const event of ["input", "change"]) field.dispatchEvent(new Event(event, { bubbles: true }));
  return reveal(field.id);
}

const follow = () => reveal(location.hash.slice(1));
window.addEventListener("hashchange", follow);
follow();

// The search asks for a place of this page.
document.addEventListener("place", (event) => {
  const [, field, value] = /^([a-z_.]+)=(.*)$/.exec(event.detail) ?? [];
  if (field ? choose(field, value) : reveal(event.detail)) event.preventDefault();
});
