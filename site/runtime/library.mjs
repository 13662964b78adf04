// Pack the library that the browser gets: the planner and what it imports, as byte code. Used by
// build.py, under Node:
//
//     node library.mjs PYODIDE_DIR PLANNER.zip LIBRARY.bin
//
// The very Python that the browser will run imports the planner and answers a few questions; the
// modules of the standard library that it has loaded by then go in, the others do not. Byte code
// starts three times as fast as sources, and is marked as never to be checked against one. The
// planner's knows its lines, but not its columns; the standard library's only where a function
// begins. That is a third of all bytes, for a traceback that no page shows. The zip is compressed
// as a whole, not by file: a tenth smaller, and unpacked while Python's own code is compiled.
// The same sources give the same bytes.

import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

// Each thing that can be wanted, a value that is understood, and what is not: a mistake loads
// modules of its own.
const QUESTIONS = [
  ...["plan", "ways", "programs", "json"].map((want) => ({ query: "", want })),
  { query: "goal.start_at=2026-11-28T22:30%2B01:00", before: "workload.requests=2" },
  { query: "workload.requests=many&workload.request=1" },
  { texts: { "workload.requests": "many" } },
];

// The same of files: one of requests, one that is none.
const FILES = {
  "requests.jsonl": '{"custom_id": "a", "params": {"model": "claude-sonnet-5-5"}}\n',
  "rows.csv": "id,prompt\n1,Name a town.\n",
  "journal.jsonl": '{"event": "run", "at": "2026-11-28T22:30:00Z", "format": 2}\n',
  "other.jsonl": "no JSON",
};

const [pyodide, planner, library] = process.argv.slice(2).map((path) => resolve(path));

const { loadPyodide } = await import(pathToFileURL(`${pyodide}/pyodide.mjs`).href);
const python = await loadPyodide({
  indexURL: pyodide,
  // sets in byte code are in the order of their hashes; the other leaves out columns
  env: { PYTHONHASHSEED: "0", PYTHONNODEBUGRANGES: "1" },
});

try {
  python.FS.writeFile("/planner.zip", readFileSync(planner));
  loadAll();
  pack();
  writeFileSync(library, python.FS.readFile("/library.bin"));
} catch (error) {
  // the line of the traceback that says what is wrong
  console.error(error.message.trim().split("\n").at(-1));
  process.exit(1);
}

/** Load all that the browser will load, and put the names into the global `loaded`. */
function loadAll() {
  try {
    python.runPython("1 / 0");
  } catch {
    // to say what went wrong Python loads modules too
  }
  python.globals.set("questions", JSON.stringify(QUESTIONS));
  python.globals.set("files", JSON.stringify(FILES));
  python.runPython(`
import sys
sys.path.insert(0, "/planner.zip")
import json
import random
from planner.bridge import handle
from planner.drop import Drop
for question in json.loads(questions):
    handle(json.dumps(question))
for name, content in json.loads(files).items():
    drop = Drop("{}")
    drop.begin(name)
    drop.feed(content.encode())
    drop.end()
    for want in ("page", "json", "csv", "review"):
        drop.tell(json.dumps({"want": want}))
    for what in ("split", "mend"):
        writing = drop.write(json.dumps({"what": what, "zip": True}))
        writing.begin_pass()
        if name == "rows.csv" and writing.begin(0):
            writing.feed(content.encode())
            writing.end()
        writing.close()
loaded = {
    name: module.__spec__.origin
    for name, module in sys.modules.items()
    if getattr(module, "__spec__", None)
}
`);
}

function pack() {
  python.runPython(`
import ast
import io
import zipfile
import zlib
from importlib._bootstrap_external import _code_to_hash_pyc
from importlib.util import source_hash
from types import CodeType

STANDARD, PLANNER = "/lib/python314.zip/", "/planner.zip/"
# What other modules try to import and do without: connections and archives are not needed.
OPTIONAL = ("ssl.py", "_ssl.py", "bz2.py", "lzma.py", "compression/")


def files_below(folder):
    """The files below it that have been loaded as modules, in order."""
    origins = filter(None, loaded.values())
    return sorted(origin.removeprefix(folder) for origin in origins if origin.startswith(folder))


def is_code(name):
    """Parts of the programs that are handed out are data."""
    return name.endswith(".py") and not (name.startswith("planner/programs/") and name.count("/") > 2)


def imported(source):
    """What a source imports by its full name, be it in a function."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module


def on_one_line(code):
    """The code as if each of its functions stood on the line where it begins."""
    whole, rest = divmod(len(code.co_code) // 2, 8)  # an entry of the table covers 8 units
    table = bytes([0xEF, 0]) * whole + bytes([0xE8 + rest - 1, 0]) * bool(rest)
    inner = (on_one_line(part) if isinstance(part, CodeType) else part for part in code.co_consts)
    return code.replace(co_linetable=table, co_consts=tuple(inner))


def sources():
    """Name and content of each file of the library."""
    with zipfile.ZipFile("/lib/python314.zip") as standard, zipfile.ZipFile("/planner.zip") as own:
        for name in files_below(STANDARD):
            if not name.startswith(OPTIONAL):
                yield name, standard.read(name)
        data = {name for name in own.namelist() if not is_code(name)}
        # text beside text: what is alike packs smaller
        for name in sorted(data.union(files_below(PLANNER)), key=lambda name: (is_code(name), name)):
            yield name, own.read(name)


buffer = io.BytesIO()
with zipfile.ZipFile(buffer, "w") as library:
    for name, content in sources():
        if is_code(name):
            if name.startswith("planner/") and (unknown := set(imported(content)) - loaded.keys()):
                raise ImportError(f"{name} imports {unknown}, which no question has loaded")
            # without docstrings and assertions, a sixth of all bytes
            code = compile(content, name, "exec", dont_inherit=True, optimize=2)
            if not name.startswith("planner/"):
                code = on_one_line(code)
            content = _code_to_hash_pyc(code, source_hash(content), checked=False)
            name += "c"
        elif name.endswith(".json"):
            content = json.dumps(json.loads(content), ensure_ascii=False, separators=(",", ":")).encode()
        entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        entry.external_attr = 0o644 << 16
        library.writestr(entry, bytes(content))
with open("/library.bin", "wb") as file:
    file.write(zlib.compress(buffer.getvalue(), 9, wbits=31))  # as gzip, without a date
`);
}
