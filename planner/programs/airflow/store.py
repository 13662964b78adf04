"""Keep the files of a run in an object store: a folder, S3, GCS, whatever Airflow can reach.

A file is written beside its place and renamed when it is whole.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from planner.programs.airflow.engine import ObjectStoragePath
from planner.programs.python.errors import InputError
from planner.programs.python.text import Event, decode_answer, json_bytes


class Store:
    """The folder of one run of the DAG. Raises InputError for an address that is none."""

    def __init__(self, out: str, run_id: str) -> None:
        try:
            self.root = ObjectStoragePath(out) / re.sub(r"[^a-zA-Z0-9_.-]", "-", run_id)
        except ValueError as error:
            raise InputError(f"{out}: is no path of a store ({error}). Nothing was sent.") from None

    def path(self, name: str) -> ObjectStoragePath:
        """A file of the store as it is now: the listings that a client keeps do not change by
        what other machines write.
        """
        path = self.root / name
        path.fs.invalidate_cache(path.path)
        return path

    def has(self, name: str) -> bool:
        return bool(self.path(name).exists())

    def put(self, local: Path, name: str) -> None:
        """Bring a file of this machine into the store, whole."""
        with local.open("rb") as file:
            self.fill(name, iter(lambda: file.read(2**20), b""))

    def fill(self, name: str, pieces: Iterator[bytes]) -> None:
        """Write a file of the store, whole."""
        part, whole = self.path(name + ".part"), self.path(name)
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            for piece in pieces:
                file.write(piece)
            with contextlib.suppress(AttributeError, OSError):  # an object store has no such thing
                file.flush()
                os.fsync(file.fileno())
        part.fs.mv(part.path, whole.path)

    def get(self, name: str, local: Path) -> Path:
        """Bring a file of the store to this machine."""
        with self.path(name).open("rb") as file, local.open("wb") as copy:
            shutil.copyfileobj(file, copy, 2**20)
        return local

    def pieces(self, name: str) -> Iterator[bytes]:
        """What a file of the store holds; nothing where there is none."""
        if self.has(name):
            with self.path(name).open("rb") as file:
                while piece := file.read(2**20):
                    yield piece

    def write(self, name: str, value: object) -> None:
        self.fill(name, iter([json_bytes(value)]))

    def read(self, name: str) -> Any:
        """What was written, or None."""
        return json.loads(b"".join(self.pieces(name))) if self.has(name) else None

    def text(self, name: str) -> str:
        """A file that a person may have put there; "" for none."""
        return b"".join(self.pieces(name)).decode(errors="replace").strip()

    def events(self, name: str) -> list[Event]:
        """A file of JSON Lines."""
        return [
            decode_answer(line.decode())
            for line in b"".join(self.pieces(name)).split(b"\n")
            if line
        ]

    def names(self, folder: str) -> list[str]:
        """The whole files of a folder."""
        path = self.path(folder)
        names = [each.name for each in path.iterdir()] if path.exists() else []
        return sorted(name for name in names if not name.endswith(".part"))

    def refuse_unwritable(self) -> None:
        """Try what a run needs: to write, to rename, to list and to read. Raises InputError."""
        why = "what was written is not there"
        try:
            self.write("tried/tried.json", {"tried": True})
            if self.names("tried") == ["tried.json"] and self.read("tried/tried.json"):
                return
        except Exception as error:  # each kind of store has errors of its own
            why = type(error).__name__
        raise InputError(
            f"{self.root}: cannot be written ({why}). Choose another place for the answers, or "
            "give Airflow the provider and the connection that it needs. Nothing was sent."
        )


def bring(source: str, local: Path) -> Path:
    """INPUT on this machine: itself where it is here, else a copy. Raises InputError."""
    try:
        path = ObjectStoragePath(source)
        if path.protocol in ("", "file"):
            return Path(path.path)
        with path.open("rb") as file, local.open("wb") as copy:
            shutil.copyfileobj(file, copy, 2**20)
    except Exception as error:  # each kind of store has errors of its own
        raise InputError(
            f"{source}: cannot be read ({type(error).__name__}). Check the path, and the provider "
            "and the connection that it needs."
        ) from None
    return local
