// The summary of what is wrong: each problem is a link to its field.

export function createSummary(root, { showRows }) {
  return {
    show(problems) {
      showRows("problems", problems.map(rowOf));
      root.hidden = !problems.length;
    },
    focus: () => root.focus(),
  };
}

// The message names the field by its label; a field that the form does not have is named as the
// link wrote it.
function rowOf({ field, label, message }) {
  const id = `f-${field.replaceAll(".", "-")}`;
  const href = document.getElementById(id) ? `#${id}` : "#question-name";
  return { name: label ? "" : `${field}:`, message, href };
}
