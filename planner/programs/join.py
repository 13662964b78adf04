"""Join the parts of a program into the one file that a person downloads.

A part is a module of its language: its head says which rule it holds, then come its imports, then
its code. Joined, the head is a comment, imports stand once and first, those of other parts are
gone, and a part stands after the parts that it imports. Nothing else changes, so what is tested
part by part is what runs.
"""

import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache

from planner.programs.editions import EDITIONS

_LONGEST_LINE = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class _Language:
    """How a language writes parts.

    Patterns match at a place of the part's text; `names` are a statement's names.
    """

    suffix: str
    shebang: str
    head: re.Pattern[str]
    import_: re.Pattern[str]
    neighbour: re.Pattern[str]
    guard: re.Pattern[str]
    comment: str
    definition: re.Pattern[str]
    exported: re.Pattern[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """A part taken to pieces.

    `head` and `body` are texts; `imports` are pairs of a module and what is taken of it.
    """

    name: str
    head: str
    imports: tuple[tuple[str, str], ...]
    neighbours: frozenset[str]
    guards: tuple[str, ...]
    body: str


_LANGUAGES = {
    "python": _Language(
        suffix=".py",
        shebang="#!/usr/bin/env python3\n",
        head=re.compile(r'"""(?P<text>.*?)"""\n', re.DOTALL),
        import_=re.compile(
            r"import (?P<plain>[^\n]+)\n|from (?P<module>\S+) import (?:\((?P<block>[^)]*)\)|(?P<names>[^\n(]+))\n"
        ),
        neighbour=re.compile(r"planner\.programs\.\w+\.(\w+)"),
        # what is imported if it is there, and what is done if it is not
        guard=re.compile(r"try:\n(?:    .*\n)+except ImportError(?: as \w+)?:\n(?:    .*\n)+"),
        comment="#",
        definition=re.compile(r"(?:#.*\n)*(?:@|class |def |async def )"),
        exported=re.compile(r"(?!)"),
    ),
    "javascript": _Language(
        suffix=".mjs",
        shebang="#!/usr/bin/env node\n",
        head=re.compile(r"(?P<text>(?://[^\n]*\n)+|/\*\*.*?\*/\n)", re.DOTALL),
        import_=re.compile(
            r"import (?P<plain>(?:\* as )?\w+)?(?:, )?(?:\{(?P<block>[^}]*)\})?"
            r'(?: from )?"(?P<module>[^"]+)";\n'
        ),
        neighbour=re.compile(r"\./(\w+)\.mjs"),
        guard=re.compile(r"(?!)"),
        comment="//",
        definition=re.compile(r"(?!)"),
        # what the program offers to others; the rest is known to its parts only
        exported=re.compile(
            r"^export (?!(?:async )?(?:class|function) "
            r"(?:Settings|InputError|StoppedError|Interrupted|BatchRunner|main)\b)",
            re.MULTILINE,
        ),
    ),
}


def part(edition: str, name: str) -> str:
    """The source of one part.

    Raises FileNotFoundError for a part that the edition does not have.
    """
    form = EDITIONS[edition]
    for folder in form.folders:
        path = f"{folder}/{name}{_LANGUAGES[form.language].suffix}"
        with suppress(OSError):  # of a file that is not there; from a zip it has no number
            return (pkgutil.get_data("planner.programs", path) or b"").decode()
    raise FileNotFoundError(f"{edition} has no part {name}")


def join(edition: str, settings: str) -> str:
    """The program of an edition in one file.

    `settings` is the text of its part of that name, values filled in.
    """
    language = EDITIONS[edition].language
    form = _LANGUAGES[language]
    settings_part = _taken_apart(form, "settings", settings)
    parts = [settings_part if each.name == "settings" else each for each in _parts(edition)]
    head, *others = _in_order(parts)
    imports = {pair for each in parts for pair in each.imports}
    blocks = [
        *(_python_imports(imports) if language == "python" else [_javascript_imports(imports)]),
        *dict.fromkeys(guard for each in others for guard in each.guards),
    ]
    shebang = form.shebang if "main" in EDITIONS[edition].parts else ""
    top = shebang + head.head + "\n" + "\n".join(blocks)
    between = "\n\n" if language == "python" else "\n"
    return between.join([top, *(_section(form, each) for each in others)])


@cache
def _parts(edition: str) -> tuple[_Part, ...]:
    """All parts as they stand: they do not change while a program runs."""
    form = EDITIONS[edition]
    language = _LANGUAGES[form.language]
    return tuple(_taken_apart(language, name, part(edition, name)) for name in form.parts)


def _taken_apart(form: _Language, name: str, source: str) -> _Part:
    """The pieces of a part. Raises AssertionError for one without a head."""
    head = form.head.match(source)
    if head is None:
        raise AssertionError(f"{name}{form.suffix} does not say at its head which rule it holds")
    place, imports, neighbours, guards = head.end(), [], set(), []
    while found := re.compile(r"\n*").match(source, place):
        start = found.end()
        if guard := form.guard.match(source, start):
            guards.append(guard[0])
            place = guard.end()
        elif statement := form.import_.match(source, start):
            module = statement["module"] or ""
            if neighbour := form.neighbour.fullmatch(module):
                neighbours.add(neighbour[1])
            else:
                imports += [(module, each) for each in _names(statement)]
            place = statement.end()
        else:
            break
    return _Part(
        name=name,
        head=head[0] if name == "head" else head["text"],
        imports=tuple(imports),
        neighbours=frozenset(neighbours),
        guards=tuple(guards),
        body=form.exported.sub("", source[start:]),
    )


def _names(statement: re.Match[str]) -> list[str]:
    """What one import statement takes.

    Names, or a whole module, which in JavaScript is written as `=name`.
    """
    groups = statement.groupdict()
    listed = (groups["block"] or groups.get("names") or "").replace("\n", " ").split(",")
    names = [name.strip() for name in listed if name.strip()]
    plain = (groups["plain"] or "").strip()
    if plain:
        names.append("=" + plain if groups["module"] else plain)
    return names


def _in_order(parts: Iterable[_Part]) -> list[_Part]:
    """Parts after those that they import, otherwise as listed.

    Raises AssertionError for a circle.
    """
    waiting, placed = list(parts), list[_Part]()
    while waiting:
        names = {each.name for each in placed}
        following = next((each for each in waiting if each.neighbours <= names), None)
        if following is None:
            raise AssertionError(f"{', '.join(each.name for each in waiting)}: a circle of imports")
        waiting.remove(following)
        placed.append(following)
    return placed


def _python_imports(imports: set[tuple[str, str]]) -> list[str]:
    """Blocks of lines as the linter sorts them: the future, whole modules, names of modules."""
    whole = sorted(name for module, name in imports if not module)
    by_module = defaultdict[str, list[str]](list)
    for module, name in imports:
        if module:
            by_module[module].append(name)
    future = by_module.pop("__future__", [])
    lines = [f"import {name}\n" for name in whole]
    for module, names in sorted(by_module.items()):
        # constants, classes, functions
        names.sort(key=lambda name: (not name.isupper(), not name[0].isupper(), name))
        line = f"from {module} import {', '.join(names)}\n"
        if len(line) > _LONGEST_LINE + 1:
            line = f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")\n"
        lines.append(line)
    blocks = [f"from __future__ import {', '.join(sorted(future))}\n"] if future else []
    return [*blocks, "".join(lines)]


def _javascript_imports(imports: set[tuple[str, str]]) -> str:
    """One line for each module, in the order of their names."""
    lines = []
    for module in sorted({module for module, _ in imports}):
        taken = sorted((name for other, name in imports if other == module), key=str.lower)
        whole = [name[1:] for name in taken if name.startswith("=")]
        names = [name for name in taken if not name.startswith("=")]
        named = [f"{{ {', '.join(names)} }}"] if names else []
        line = f'import {", ".join([*whole, *named])} from "{module}";\n'
        if len(line) > _LONGEST_LINE + 1:
            block = "{\n" + "".join(f"  {name},\n" for name in names) + "}"
            line = f'import {", ".join([*whole, block])} from "{module}";\n'
        lines.append(line)
    return "".join(lines)


def _section(form: _Language, each: _Part) -> str:
    """A part's code below its head as a comment."""
    title, *lines = re.sub(r"^// ?", "", each.head.strip("\n"), flags=re.MULTILINE).split("\n")
    title = title[0].lower() + title[1:].removesuffix(".")
    comment = f"{form.comment} --- {each.name}: {title} ---\n"
    comment += "".join(f"{form.comment} {line}".rstrip() + "\n" for line in lines)
    # two empty lines before a class or a function, as the formatter has it
    return comment + ("\n\n" if form.definition.match(each.body) else "\n") + each.body
