"""Pack what the browser needs to run the planner: Python with its library, and the package."""

import hashlib
import io
import json
import subprocess
import tempfile
import zipfile
from pathlib import Path

from builder.faults import Collector, Fault, SiteError
from builder.sources import read_bytes, read_json

FILES = (
    "pyodide.mjs",
    "pyodide.asm.mjs",
    "pyodide.asm.wasm",
    "pyodide-lock.json",
    "python_stdlib.zip",
)
COMPILER = Path(__file__).resolve().parent.parent / "runtime" / "compile.mjs"
# The earliest that a zip can hold: a real date would change every build.
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def pack_runtime(pyodide: Path, package: Path) -> dict[str, bytes]:
    """The files below runtime/. `pyodide` is the npm package's folder, `package` the planner's.

    Library and package are byte code. It is kept beside the npm package, by the hash of all that
    it is made from: a second build of the same sources takes it from there. Raises SiteError if
    the npm package is not whole, or Node cannot compile, or the byte code cannot be kept.
    """
    faults = Collector()
    for name in (*FILES, "package.json"):
        if not (pyodide / name).is_file():
            faults.add(str(pyodide / name), "the file is missing", "Run `npm ci`.")
    faults.raise_all()
    files = {name: read_bytes(pyodide / name) for name in FILES}
    library = compiled(pyodide, pyodide / "python_stdlib.zip", files["python_stdlib.zip"])
    planner = compiled(pyodide, library, zipped(package))
    # Python wants to see its lock file, of which we need the versions but none of the packages.
    lock = read_json(pyodide / "pyodide-lock.json")
    files |= {
        "pyodide-lock.json": json.dumps(lock | {"packages": {}}).encode(),
        "python_stdlib.zip": read_bytes(library),
        "planner.zip": read_bytes(planner),
    }
    return {f"runtime/{name}": content for name, content in files.items()}


def compiled(pyodide: Path, library: Path, sources: bytes) -> Path:
    """The zip of sources as a zip of byte code, made by the browser's Python with `library`."""
    parts = (
        sources,
        read_bytes(COMPILER, "site/runtime/compile.mjs"),
        read_bytes(library),
        read_bytes(pyodide / "pyodide.asm.wasm"),
    )
    key = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:16]
    cached = pyodide.parent / ".cache" / "byte-code" / f"{key}.zip"
    if cached.exists():
        return cached
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cached.parent) as folder:
            source_zip, byte_code_zip = Path(folder, "sources.zip"), Path(folder, "compiled.zip")
            source_zip.write_bytes(sources)
            _run_compiler(pyodide, library, source_zip, byte_code_zip)
            byte_code_zip.rename(cached)  # in one step: another build finds all of it or nothing
    except OSError as error:
        what = f"byte code cannot be kept: {error.strerror}"
        remedy = "Make room, and see who may write there."
        raise SiteError(Fault(where=str(cached.parent), what=what, remedy=remedy)) from None
    return cached


def _run_compiler(pyodide: Path, library: Path, source_zip: Path, byte_code_zip: Path) -> None:
    command: list[str | Path] = ["node", COMPILER, pyodide, library, source_zip, byte_code_zip]
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
        raise SiteError(Fault(where="site/runtime/compile.mjs", what=why, remedy=remedy))


def zipped(package: Path) -> bytes:
    """The package as a zip, but for what Python leaves in __pycache__."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in sorted(package.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                name = file.relative_to(package.parent).as_posix()
                archive.writestr(zipfile.ZipInfo(name, _ZIP_DATE), read_bytes(file, name))
    return buffer.getvalue()
