// The outline of a program: its parts, each with a button that leads to it in the text.

// The line with which a part begins: its name, and what it does.
const PART = /^(?:#|\/\/) --- (\w+): (.*) ---$/gm;

/** Fill the list with the parts of a code element of one text node; with none it is hidden. */
export function showOutline(list, code) {
  const parts = [...code.firstChild.data.matchAll(PART)];
  list.hidden = !parts.length;
  list.replaceChildren(...parts.map(({ 1: name, 2: does, index }) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = name;
    button.addEventListener("click", () => goTo(code, index));
    const item = document.createElement("li");
    item.append(button, ` ${does}`);
    return item;
  }));
}

/** Bring a place of the text to the top of its block, which then has the focus. */
function goTo(code, index) {
  const block = code.parentElement;
  const place = document.createRange();
  place.setStart(code.firstChild, index);
  place.setEnd(code.firstChild, index + 1);
  block.scrollTop += place.getBoundingClientRect().top - block.getBoundingClientRect().top;
  block.focus({ preventScroll: true });
}
