// Compile a zip of Python sources to byte code, with the very Python that the browser will run: it then starts three
// times as fast. Used by build.py, under Node:
//
//     node compile.mjs PYODIDE_DIR STANDARD_LIBRARY.zip SOURCES.zip COMPILED.zip
//
// The same sources give the same bytes. Byte code is marked as never to be checked against a source, which the browser
// does not get. Parts of a program that is handed out are data and stay as they are.

import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [pyodide, library, sources, compiled] = process.argv.slice(2).map((path) => resolve(path));

// Parts of the standard library that a page has no use for: programs, tools for developers, servers, mail, databases.
const UNUSED = /^(_pyrepl|ctypes|multiprocessing|sqlite3|unittest|wsgiref|xml|xmlrpc)\/|^(doctest|ftplib|imaplib|mailbox|optparse|pdb|pickletools|poplib|pydoc|smtplib|turtle)\.py$/.source;
const UNUSED_ENCODINGS = /^encodings\/(?!(__init__|aliases|ascii|cp437|idna|latin_1|punycode|raw_unicode_escape|unicode_escape|utf_8|utf_8_sig)\.py$)/.source;

const { loadPyodide } = await import(pathToFileURL(`${pyodide}/pyodide.mjs`).href);
const python = await loadPyodide({
  indexURL: pyodide,
  stdLibURL: library,
  env: { PYTHONHASHSEED: "0" }, // sets in byte code are in the order of their hashes
});

python.FS.writeFile("/sources.zip", readFileSync(sources));
python.globals.set("unused", `${UNUSED}|${UNUSED_ENCODINGS}`);
try {
  python.runPython(`
import re
import zipfile
from importlib._bootstrap_external import _code_to_hash_pyc
from importlib.util import source_hash

with zipfile.ZipFile("/sources.zip") as old, zipfile.ZipFile("/compiled.zip", "w") as new:
    for name in sorted(old.namelist()):
        if name.endswith("/") or re.search(unused, name):
            continue
        data = old.read(name)
        if name.endswith(".py") and not name.startswith("planner/programs/python/"):
            code = compile(data, name, "exec", dont_inherit=True)
            data = _code_to_hash_pyc(code, source_hash(data), checked=False)
            name += "c"
        entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        new.writestr(entry, bytes(data), compresslevel=9)
`);
} catch (error) {
  console.error(error.message.trim().split("\n").at(-1)); // the line of the traceback that says what is wrong
  process.exit(1);
}
writeFileSync(compiled, python.FS.readFile("/compiled.zip"));
