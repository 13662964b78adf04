"""What a command says, on streams that may be closed or full, and words of an error that are safe to say."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO


def write(stream: TextIO | None, lines: Iterable[str]) -> str:
    """Print lines; returns why that was impossible, as on a full disk, or ""."""
    if stream is None:  # closed by the shell, as with `>&-`: nobody reads
        return ""
    try:
        for line in lines:
            stream.write(f"{line}\n")
        stream.flush()
    except OSError as why:
        # what is still in the buffer goes nowhere: Python would try again when it ends
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), stream.fileno())
        # a reader that has closed the pipe has seen enough
        return "" if isinstance(why, BrokenPipeError) else reason(why)
    return ""


def shown(text: str) -> str:
    """The text with all that a terminal would obey, and what is no letter, written out: `\\x1b`."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


def reason(why: Exception) -> str:
    """Why a file or a stream cannot be had, in the system's words where there are any."""
    return (why.strerror if isinstance(why, OSError) else None) or str(why).rstrip(".")
