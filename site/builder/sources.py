"""Read the project's own files: what cannot be read is a fault with its place, not a traceback."""

import json
from pathlib import Path
from typing import Any

from builder.faults import Fault, SiteError


def read_bytes(file: Path, where: str = "") -> bytes:
    """The file as it is. Raises SiteError if it cannot be read; `where` is its name there."""
    try:
        return file.read_bytes()
    except OSError as error:
        what = f"it cannot be read: {error.strerror}"
        remedy = "Make it a file that you may read, or take it away."
        raise SiteError(Fault(where=where or str(file), what=what, remedy=remedy)) from None


def read_text(file: Path, where: str = "") -> str:
    """The file as text with \\n between lines. Raises SiteError if it is no UTF-8."""
    data = read_bytes(file, where)
    try:
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"the byte 0x{data[error.start]:02x} is no UTF-8"
        remedy = "Save the file as UTF-8."
        place = f"{where or file}:{line}"
        raise SiteError(Fault(where=place, what=what, remedy=remedy)) from None


def read_json(file: Path, where: str = "") -> Any:
    """The values of a JSON file. Raises SiteError if it is none."""
    try:
        return json.loads(read_text(file, where))
    except json.JSONDecodeError as error:
        what = f"it is no JSON: {error.msg}, column {error.colno}"
        place = f"{where or file}:{error.lineno}"
        raise SiteError(Fault(where=place, what=what, remedy="Mend the line.")) from None
