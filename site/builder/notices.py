"""Read the notices of all that is shipped: what it is, whose it is, and the licences in full."""

from dataclasses import dataclass
from pathlib import Path

from builder.faults import Collector, Fault, SiteError
from builder.sources import read_json, read_text


@dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """A piece of software that the site ships.

    `license` is its SPDX name, or "public domain"; `text` the name of the licence's full text, or
    "" if the licence asks for none. `copyright` are the notices to be kept, word for word.
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

    Another version may contain something else: it is a fault until somebody has looked. So is a
    text that is missing, and one that no licence needs. Raises SiteError.
    """
    where = f"site/{folder.name}/notices.json"
    data = read_json(folder / "notices.json", where)
    try:
        components = tuple(
            Component(**row | {"copyright": tuple(row["copyright"])}) for row in data["components"]
        )
        versions = {name: data[name] for name in ("pyodide", "python")}
    except (KeyError, TypeError) as why:
        remedy = "Give each component all that its neighbours have."
        raise SiteError(Fault(where=where, what=f"it is not whole: {why}", remedy=remedy)) from None
    needed = dict.fromkeys(component.text for component in components if component.text)
    faults = Collector()
    for name, version in _versions(pyodide).items():
        if versions[name] != version:
            what = f"it is about {name} {versions[name]}, and {version} is installed"
            faults.add(where, what, "See what that contains, mend the list, then its version.")
    there = {file.stem: file for file in folder.glob("*.txt")}
    for name in sorted(needed.keys() ^ there.keys()):
        what = f"the text of {name} is not there" if name in needed else f"nothing is under {name}"
        faults.add(
            where, what, f"Name only licences that site/{folder.name}/ holds, and all those."
        )
    faults.raise_all()
    texts = {name: read_text(there[name], f"site/{folder.name}/{name}.txt") for name in needed}
    return Notices(components=components, texts=texts)


def _versions(pyodide: Path) -> dict[str, str]:
    """The versions of Pyodide and of its Python."""
    package, lock = (read_json(pyodide / name) for name in ("package.json", "pyodide-lock.json"))
    return {"pyodide": package["version"], "python": lock["info"]["python"]}
