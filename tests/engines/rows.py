"""Rows of requests, and lines of answers, as files hold them."""

import json
from pathlib import Path


def write(path: Path, name: str, count: int) -> list[str]:
    """INPUT of so many rows; their ids."""
    ids = [f"{name}-{number}" for number in range(count)]
    rows = [json.dumps({"id": each, "prompt": f"Prompt of {each}"}) + "\n" for each in ids]
    path.write_text("".join(rows), "utf-8")
    return ids


def lines_of(content: bytes) -> list[bytes]:
    """The lines of JSON Lines, sorted."""
    return sorted(content.split(b"\n")[:-1])


def lines(path: Path) -> list[bytes]:
    return lines_of(path.read_bytes())
