"""Read the notices of all that is shipped: what it is, whose it is, and the licences in full."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from builder.faults import Collector


@dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """A piece of software that the site ships.

    `license` is its SPDX name, or "public domain"; `text` the name of the licence's full text, or ""
    if the licence asks for none. `copyright` are the notices to be kept, word for word.
    """

    name: str
    version: str
    what: str
    license: str
    copyright: tuple[str, ...]
    source: str
    text: str
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Notices:
    """Every component, and the full text of each licence by its name."""

    components: tuple[Component, ...]
    texts: dict[str, str]


def read_notices(folder: Path, pyodide: Path) -> Notices:
    """The notices of `folder`, which must be about this very npm package `pyodide`.

    Another version may contain something else: it is a fault until somebody has looked. So is a text
    that is missing, and one that no licence needs. Raises SiteError.
    """
    data = json.loads((folder / "notices.json").read_text("utf-8"))
    components = tuple(
        Component(**row | {"copyright": tuple(row["copyright"])}) for row in data["components"]
    )
    needed = dict.fromkeys(component.text for component in components if component.text)
    faults = Collector()
    where = f"site/{folder.name}/notices.json"
    for name, version in _versions(pyodide).items():
        if data[name] != version:
            what = f"it is about {name} {data[name]}, and {version} is installed"
            faults.add(where, what, "Look what that contains, mend the list, then its version.")
    there = {file.stem: file for file in folder.glob("*.txt")}
    for name in sorted(needed.keys() ^ there.keys()):
        what = f"the text of {name} is not there" if name in needed else f"nothing is under {name}"
        faults.add(
            where, what, f"Name only licences that site/{folder.name}/ holds, and all those."
        )
    faults.raise_all()
    return Notices(
        components=components, texts={name: there[name].read_text("utf-8") for name in needed}
    )


def _versions(pyodide: Path) -> dict[str, str]:
    """The versions of Pyodide and of its Python."""
    package: dict[str, Any] = json.loads((pyodide / "package.json").read_text("utf-8"))
    lock: dict[str, Any] = json.loads((pyodide / "pyodide-lock.json").read_text("utf-8"))
    return {"pyodide": package["version"], "python": lock["info"]["python"]}
