// The generated programs: their texts, their downloads, and their colours.
//
// Colours are ranges over the text (CSS Custom Highlight API), so the text stays one node that is
// exactly what is copied. A browser without that API shows the same text in one colour.

const WORDS = {
  python:
    "and as assert async await break class continue def del elif else except finally for from " +
    "global if import in is lambda None nonlocal not or pass raise return try while with yield " +
    "True False",
  javascript:
    "async await break case catch class const continue default delete do else export extends " +
    "false finally for from function if import in instanceof let new null of return static super " +
    "switch this throw true try typeof undefined void while yield",
  jsonl: "true false null",
};
const TEMPLATE = "`(?:\\\\.|[^`\\\\])*`";
const TEXT = String.raw`"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'`;
const TOKENS = {
  python: String.raw`(?<comment>#[^\n]*)|(?<string>"""[^]*?"""|'''[^]*?'''|${TEXT})`,
  javascript: String.raw`(?<comment>\/\/[^\n]*|\/\*[^]*?\*\/)|(?<string>${TEXT}|${TEMPLATE})`,
  jsonl: String.raw`(?<comment>(?!))|(?<string>${TEXT})`,
};
const KINDS = ["comment", "string", "word", "number"];

/**
 * @param setOffered lets a link lead where it leads, or nowhere
 * @param showOutline fills a list with the parts of a text
 */
export function createPrograms(root, { setOffered, showOutline }) {
  const codes = [...root.querySelectorAll("[data-program]")];
  const downloads = [...root.querySelectorAll('[data-action="download"]')];
  const links = new Map(downloads.map((link) => [link.dataset.download, link]));
  const copiers = root.querySelectorAll('[data-action="copy-program"]');
  for (const link of links.values()) link.dataset.address = link.getAttribute("href");
  const marks = Object.fromEntries(codes.map((code) => [code.dataset.program, []]));

  const codeOf = (key) => codes.find((code) => code.dataset.program === key);

  function paint() {
    if (!globalThis.CSS?.highlights) return;
    for (const kind of KINDS) {
      const all = Object.values(marks).flatMap((ranges) => ranges[kind] ?? []);
      CSS.highlights.set(`code-${kind}`, new Highlight(...all));
    }
  }

  // Only the text that is seen is coloured and has its outline; the others when somebody wants to
  // read them.
  const isSeen = (code) => code.firstChild && code.checkVisibility();

  function colour() {
    for (const code of codes) {
      const { program } = code.dataset;
      marks[program] = isSeen(code) ? rangesOf(code) : [];
      if (isSeen(code)) showOutline(root.querySelector(`[data-outline="${program}"]`), code);
    }
    paint();
  }

  root.addEventListener("change", colour);
  root.addEventListener("toggle", colour, { capture: true }); // it does not bubble

  return {
    /** Put the texts of a plan into their places, and the names that say whose they are. */
    show(programs) {
      for (const program of programs) {
        const { key, text, file } = program;
        codeOf(key).textContent = text;
        setAddress(links.get(key), text);
        links.get(key).download = file;
        for (const cell of root.querySelectorAll(`[data-of="${key}"]`)) {
          cell.textContent = program[cell.dataset.programCell];
        }
      }
      colour();
    },
    /** Let the texts be taken away, or, while those of another plan are made, not. */
    offer(current) {
      if (current) root.removeAttribute("aria-busy");
      else root.setAttribute("aria-busy", "true");
      for (const button of copiers) {
        button.disabled = !current || !codeOf(button.dataset.copy).firstChild;
      }
      for (const link of links.values()) setOffered(link, current);
    },
  };
}

/** Let the link download the text; before, it is to the example's, a file of the site. */
function setAddress(link, text) {
  const { address } = link.dataset;
  // A download of the old text may be under way.
  if (address.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(address), 60_000);
  link.dataset.address = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
}

/** The ranges of each kind of token in a code element of one text node. */
function rangesOf(code) {
  const node = code.firstChild;
  const { language } = code.dataset;
  const words = `(?<word>\\b(?:${WORDS[language].replaceAll(" ", "|")})\\b)`;
  const tokens = new RegExp(`${TOKENS[language]}|${words}|(?<number>\\b\\d[\\d_.]*\\b)`, "g");
  const found = Object.fromEntries(KINDS.map((kind) => [kind, []]));
  for (const token of node.data.matchAll(tokens)) {
    const kind = KINDS.find((name) => token.groups[name] !== undefined);
    const range = new StaticRange({
      startContainer: node,
      startOffset: token.index,
      endContainer: node,
      endOffset: token.index + token[0].length,
    });
    found[kind].push(range);
  }
  return found;
}
