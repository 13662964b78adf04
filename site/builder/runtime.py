"""Pack what the browser needs to run the planner: Python, its library with the planner, the worker.

Every file is named by its content, so that no page mixes files of two versions, whatever is cached.
"""

import base64
import hashlib
import io
import json
import re
import subprocess
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from builder.faults import Collector, Fault, SiteError
from builder.sources import read_bytes, read_json, read_text

# what is shipped of the npm package, and what the library is made with
FILES = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm")
SOURCES = (*FILES, "pyodide-lock.json", "python_stdlib.zip", "package.json")
PACKER = Path(__file__).resolve().parent.parent / "runtime" / "library.mjs"
WORKER = PACKER.with_name("worker.js")
_NAMES = '"FILES"'  # where the worker has the names of the other files
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w.]+)";\n', re.MULTILINE)
# The earliest that a zip can hold: a real date would change every build.
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Runtime:
    """The files below runtime/ by path, and which of them is what."""

    worker: str
    loader: str
    script: str
    wasm: str
    library: str
    files: dict[str, bytes]

    @property
    def streamed_bytes(self) -> int:
        """Of what the worker reports the progress."""
        return len(self.files[self.wasm]) + len(self.files[self.library])


def pack_runtime(pyodide: Path, package: Path) -> Runtime:
    """What goes below runtime/. `pyodide` is the npm package's folder, `package` the planner's.

    The library is byte code. It is kept beside the npm package, by the hash of all that it is made
    from: a second build of the same sources takes it from there. Raises SiteError if the npm
    package is not whole, or Node cannot pack, or the library cannot be kept.
    """
    faults = Collector()
    for name in SOURCES:
        if not (pyodide / name).is_file():
            faults.add(str(pyodide / name), "the file is missing", "Run `npm ci`.")
    faults.raise_all()
    loader, script, wasm = (read_bytes(pyodide / name) for name in FILES)
    library = read_bytes(packed(pyodide, zipped(package)))
    files: dict[str, bytes] = {}

    def add(name: str, content: bytes) -> str:
        stem, _, kind = name.rpartition(".")
        path = f"runtime/{stem}-{hashlib.sha256(content).hexdigest()[:12]}.{kind}"
        files[path] = content
        return path

    paths = {
        "loader": add("pyodide.mjs", loader),
        "script": add("pyodide.asm.mjs", script),
        "wasm": add("pyodide.asm.wasm", wasm),
        # not .gz: some servers say of it that it is encoded, and the browser then unpacks it
        "library": add("library.bin", library),
    }
    lock = read_json(pyodide / "pyodide-lock.json")
    worker = _worker_of(paths, library, lock["info"])
    return Runtime(**paths, worker=add("worker.js", worker), files=files)


def _worker_of(paths: dict[str, str], library: bytes, info: dict[str, str]) -> bytes:
    """The worker's script, with what it cannot know: the names of its files, as a constant."""
    names = {kind: path.removeprefix("runtime/") for kind, path in paths.items()}
    # Python wants to see its lock file, of which we need the versions but none of the packages.
    integrity = "sha256-" + base64.b64encode(hashlib.sha256(library).digest()).decode()
    constant = names | {"integrity": integrity, "lock": {"info": info, "packages": {}}}
    script = "\n".join(_with_imported(WORKER, set()))
    before, names_here, after = script.partition(_NAMES)
    if not names_here or _NAMES in after:
        what, remedy = 'it does not have "FILES" once', "The names of its files go there."
        raise SiteError(Fault(where="site/runtime/worker.js", what=what, remedy=remedy))
    return (before + json.dumps(constant) + after).encode()


def _with_imported(module: Path, joined: set[str]) -> list[str]:
    """The module after those that it imports, each once, for one scope: one file is one request."""
    text = read_text(module, f"site/runtime/{module.name}")
    parts = []
    for name in _IMPORT.findall(text):
        if name not in joined:
            joined.add(name)
            parts += _with_imported(module.with_name(name), joined)
    own = re.sub(r"^export ", "", _IMPORT.sub("", text), flags=re.MULTILINE)
    return [*parts, own]


def packed(pyodide: Path, sources: bytes) -> Path:
    """The library for a zip of the planner's sources, made by the browser's Python."""
    parts = (
        sources,
        read_bytes(PACKER, "site/runtime/library.mjs"),
        read_bytes(pyodide / "python_stdlib.zip"),
        read_bytes(pyodide / "pyodide.asm.wasm"),
    )
    key = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:16]
    cached = pyodide.parent / ".cache" / "byte-code" / f"{key}.bin"
    if cached.exists():
        return cached
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cached.parent) as folder:
            source_zip, library = Path(folder, "planner.zip"), Path(folder, "library.bin")
            source_zip.write_bytes(sources)
            _run_packer(pyodide, source_zip, library)
            library.rename(cached)  # in one step: another build finds all of it or nothing
    except OSError as error:
        what = f"byte code cannot be kept: {error.strerror}"
        remedy = "Make room, and see who may write there."
        raise SiteError(Fault(where=str(cached.parent), what=what, remedy=remedy)) from None
    return cached


def _run_packer(pyodide: Path, source_zip: Path, library: Path) -> None:
    command: list[str | Path] = ["node", PACKER, pyodide, source_zip, library]
    why = ""
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line.strip()]
            errors = [line for line in lines if "Error" in line]  # Node's last line is its version
            why = [f"it ended with code {done.returncode}", *lines, *errors][-1]
    except OSError as error:
        why = f"node cannot be run: {error.strerror}"
    except subprocess.TimeoutExpired:
        why = "node took more than five minutes"
    if why:
        remedy = "It needs Node 20 or newer, as `node`."
        raise SiteError(Fault(where="site/runtime/library.mjs", what=why, remedy=remedy))


def zipped(package: Path) -> bytes:
    """The package as a zip, but for what Python leaves in __pycache__."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in sorted(package.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                name = file.relative_to(package.parent).as_posix()
                archive.writestr(zipfile.ZipInfo(name, _ZIP_DATE), read_bytes(file, name))
    return buffer.getvalue()
