"""Pack what the browser needs to run the planner: Python with its library, and the package."""

import hashlib
import io
import json
import subprocess
import tempfile
import zipfile
from pathlib import Path

from builder.faults import Fault, SiteError

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
    """The files below runtime/: `pyodide` is the folder of the npm package, `package` the planner's.

    Library and package are byte code. It is kept beside the npm package, by the hash of all that it
    is made from: a second build of the same sources takes it from there. Raises SiteError if the
    npm package is not whole or Node cannot compile.
    """
    missing = [name for name in FILES if not (pyodide / name).is_file()]
    if missing:
        what, remedy = "the file is missing", "Run `npm ci`."
        raise SiteError(
            *(Fault(where=str(pyodide / name), what=what, remedy=remedy) for name in missing)
        )
    sources = (pyodide / "python_stdlib.zip").read_bytes()
    library = compiled(pyodide, pyodide / "python_stdlib.zip", sources)
    planner = compiled(pyodide, library, zipped(package))
    # Python wants to see its lock file, of which we need the versions but none of the packages.
    lock = json.loads((pyodide / "pyodide-lock.json").read_bytes()) | {"packages": {}}
    return {f"runtime/{name}": (pyodide / name).read_bytes() for name in FILES} | {
        "runtime/pyodide-lock.json": json.dumps(lock).encode(),
        "runtime/python_stdlib.zip": library.read_bytes(),
        "runtime/planner.zip": planner.read_bytes(),
    }


def compiled(pyodide: Path, library: Path, sources: bytes) -> Path:
    """The zip of sources as a zip of byte code, made by the browser's Python with `library`."""
    parts = (
        sources,
        COMPILER.read_bytes(),
        library.read_bytes(),
        (pyodide / "pyodide.asm.wasm").read_bytes(),
    )
    key = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:16]
    cached = pyodide.parent / ".cache" / "byte-code" / f"{key}.zip"
    if not cached.exists():
        cached.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cached.parent) as folder:
            source_zip, byte_code_zip = Path(folder, "sources.zip"), Path(folder, "compiled.zip")
            source_zip.write_bytes(sources)
            _run_compiler(pyodide, library, source_zip, byte_code_zip)
            byte_code_zip.rename(cached)
    return cached


def _run_compiler(pyodide: Path, library: Path, source_zip: Path, byte_code_zip: Path) -> None:
    command: list[str | Path] = ["node", COMPILER, pyodide, library, source_zip, byte_code_zip]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    except (OSError, subprocess.SubprocessError) as error:
        why = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1]
        remedy = "It needs Node 20 or newer, as `node`."
        fault = Fault(where="site/runtime/compile.mjs", what=why, remedy=remedy)
        raise SiteError(fault) from None


def zipped(package: Path) -> bytes:
    """The package as a zip, but for what Python leaves in __pycache__."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file in sorted(package.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                name = file.relative_to(package.parent).as_posix()
                archive.writestr(zipfile.ZipInfo(name, _ZIP_DATE), file.read_bytes())
    return buffer.getvalue()
