"""The floors of the planner, and what it may not call.

A module imports from lower floors only, and otherwise the standard library. It calls nothing whose last bit
differs between Python versions, and neither clock nor screen. In the page app.js alone knows the other scripts.
"""

import ast
import builtins
import json
import re
import sys
from pathlib import Path

import pytest

from planner.plan import make_plan
from planner.scenario import parse
from planner.show.view import show

ROOT = Path(__file__).resolve().parent.parent
PLANNER = ROOT / "planner"
SCENARIOS = sorted((ROOT / "tests" / "scenarios").glob("*.json"))
SCRIPTS = sorted((ROOT / "site" / "js").glob("*.js"))

# A folder, or a module that stands beside the folders, uses what stands before it here, and nothing
# after it.
FLOORS = (
    ("errors", "words", "steps"),
    ("facts",),
    ("scenario",),
    ("model",),
    ("plan",),
    ("advice",),
    ("measure",),
    ("review",),
    ("programs",),
    ("show",),
    ("streams",),
    ("files",),
    ("fake",),
    ("__init__",),
    ("bridge", "drop", "__main__"),
)
FLOOR = {place: floor for floor, places in enumerate(FLOORS) for place in places}
# The parts of the program that is handed out keep rules of their own: they run elsewhere, with
# clock and screen.
PARTS = PLANNER / "programs" / "python"
ENGINES = {name: PLANNER / "programs" / name for name in ("airflow", "dbos")}
MODULES = sorted(
    path for path in PLANNER.rglob("*.py") if not {PARTS, *ENGINES.values()} & {*path.parents}
)

# It never answers in a browser, and a provider has a clock.
FAKE = "fake"

# math.log and its kin differ in the last bit from one C library to the next; these do not
MATH = {
    "ceil",
    "comb",
    "floor",
    "fsum",
    "gcd",
    "inf",
    "isclose",
    "isfinite",
    "isinf",
    "isnan",
    "isqrt",
    "nan",
    "sqrt",
    "trunc",
}
# of all distributions only Random.random() is the same everywhere
DRAWS = {
    "gauss",
    "normalvariate",
    "lognormvariate",
    "expovariate",
    "betavariate",
    "gammavariate",
    "binomialvariate",
}
DRAWS |= {
    "paretovariate",
    "weibullvariate",
    "vonmisesvariate",
    "triangular",
    "fmean",
    "stdev",
    "NormalDist",
}
ALLOWED_NAMES = {"math": MATH, "random": {"Random"}, "statistics": set[str]()}
CLOCKS = {"now", "utcnow", "today"}
BANNED_MODULES = {"time", "cmath", "locale", "secrets"}


def imports(tree: ast.AST) -> list[tuple[str, str]]:
    """Every imported module with the name taken from it: ("planner", "facts"), ("math", ""); "." if
    relative.
    """
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [("." * node.level + (node.module or ""), alias.name) for alias in node.names]
    return found


def name_of(path: Path) -> str:
    """The dotted name below `planner` of a module: "words", "model.split", "facts", "__init__"."""
    return ".".join(path.relative_to(PLANNER).with_suffix("").parts).removesuffix(".__init__")


def place_of(module: str) -> str:
    """The folder in which a module is, or the module itself where it stands beside the folders."""
    return module.partition(".")[0]


def planner_imports(tree: ast.AST) -> list[str]:
    """The dotted names below `planner` that a module imports: "words", "model.split"; a name of a module counts as
    the module where there is one, a name of the package itself as its `__init__`."""
    targets = []
    for origin, name in imports(tree):
        package, _, inner = origin.partition(".")
        if package == "planner":
            module = ".".join(filter(None, (inner, name)))
            targets.append(
                module
                if (PLANNER / module.replace(".", "/")).with_suffix(".py").exists()
                else inner or (name if (PLANNER / name).is_dir() and name else "__init__")
            )
    return targets


def faults(module: str, source: str) -> list[str]:
    """What a module of the planner does that it may not, one sentence each."""
    tree, found = ast.parse(source), []
    # the command line prints, and tells the reader of texts the time
    banned = {"pow"} if module == "__main__" else {"pow", "print", "input"}
    drawn = DRAWS if module == "__main__" else DRAWS | CLOCKS
    place = place_of(module)
    if place not in FLOOR:
        found.append("stands on no floor")
    found += [
        f"imports planner.{target}, which is not below"
        for target in planner_imports(tree)
        if place_of(target) != place and FLOOR.get(place_of(target), 99) >= FLOOR.get(place, -1)
    ]
    for origin, name in imports(tree):
        package = origin.partition(".")[0]
        if package == "planner":
            continue
        if package not in sys.stdlib_module_names:
            found.append(f"imports {origin}, which is not of the standard library")
        elif place == FAKE:
            continue
        elif package in BANNED_MODULES or (name and name not in ALLOWED_NAMES.get(package, {name})):
            found.append(f"imports {origin}.{name}")
    for node in ast.walk(tree) if place != FAKE else ():
        if isinstance(node, ast.Attribute):
            allowed = ALLOWED_NAMES.get(node.value.id) if isinstance(node.value, ast.Name) else None
            if node.attr in drawn or (allowed and node.attr not in allowed):
                found.append(f"line {node.lineno} uses {node.attr}")
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Pow):
            # 10**6 is folded to an int; anything else might be a float
            sides = (
                (node.left, node.right)
                if isinstance(node, ast.BinOp)
                else (node.target, node.value)
            )
            if not all(
                isinstance(side, ast.Constant) and isinstance(side.value, int) for side in sides
            ):
                found.append(f"line {node.lineno} uses **")
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in banned
        ):
            found.append(f"line {node.lineno} calls {node.func.id}")
    return found


def part_faults(source: str, *allowed: str) -> list[str]:
    """What a part of the program imports that it may not; `allowed` beside the rest are packages."""
    return [
        f"imports {origin}.{name}"
        for origin, name in imports(ast.parse(source))
        if not re.fullmatch(rf"planner\.programs\.({'|'.join(['python', *allowed])})\.\w+", origin)
        and origin.partition(".")[0] not in {*sys.stdlib_module_names, "anthropic", *allowed}
    ]


def test_only_the_command_line_knows_the_fake_api() -> None:
    """The browser's door and all below it do without."""
    knowing = {
        name_of(path)
        for path in MODULES
        for target in planner_imports(ast.parse(path.read_text("utf-8")))
        if place_of(target) == FAKE and place_of(name_of(path)) != FAKE
    }
    assert knowing == {"__main__"}


def circles(uses: dict[str, set[str]]) -> list[str]:
    """The modules that can be reached from themselves."""

    def reach(module: str, seen: set[str]) -> set[str]:
        for target in uses.get(module, set()) - seen:
            seen.add(target)
            reach(target, seen)
        return seen

    return [module for module in uses if module in reach(module, set())]


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_keeps_to_its_floor(path: Path) -> None:
    """Imports point to the folders before, to the standard library otherwise, and every call gives the same digits
    everywhere."""
    assert faults(name_of(path), path.read_text("utf-8")) == []


def test_there_is_no_circle() -> None:
    """No module needs itself, directly or by way of others, inside a folder either."""
    assert (
        circles(
            {
                name_of(path): set(planner_imports(ast.parse(path.read_text("utf-8"))))
                for path in MODULES
            }
        )
        == []
    )


@pytest.mark.parametrize("path", sorted(PARTS.glob("*.py")), ids=lambda path: path.stem)
def test_part_imports_parts_and_the_sdk_only(path: Path) -> None:
    """A part of the program knows its neighbours by name, the standard library, and `anthropic`;
    nothing of ours.
    """
    assert part_faults(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("engine", "path"),
    [(name, path) for name, folder in ENGINES.items() for path in sorted(folder.glob("*.py"))],
    ids=lambda value: value if isinstance(value, str) else value.stem,
)
def test_part_of_an_engine_imports_the_engine_too(engine: str, path: Path) -> None:
    """And parts of its own; the parts of the plain program know no engine."""
    assert part_faults(path.read_text("utf-8"), engine) == []


def test_there_is_no_circle_of_parts() -> None:
    """No part needs itself."""
    uses = {
        path.stem: {
            target.removeprefix("programs.python.")
            for target in planner_imports(ast.parse(path.read_text("utf-8")))
        }
        for path in PARTS.glob("*.py")
    }
    assert circles(uses) == []


@pytest.mark.parametrize(
    "source",
    ["from planner import words", "from planner.programs.python import text", "import httpx2"],
)
def test_checker_of_parts_catches(source: str) -> None:
    """What a part may not import is seen."""
    assert part_faults(source)


def test_circles_are_found() -> None:
    """A circle of three is seen, and what merely leads into it is not."""
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == ["a", "b", "c"]


def test_table_names_only_what_exists() -> None:
    """A folder or module that is gone leaves the table too."""
    assert {place_of(name_of(path)) for path in MODULES} == set(FLOOR)


def test_readme_shows_the_floors() -> None:
    """The README's list is this one, in the same order."""
    shown = re.search(
        r"\n## Floors\n.*?\n((?:    [^\n]+\n)+)", (ROOT / "README.md").read_text("utf-8"), re.DOTALL
    )
    assert shown and [tuple(line.split()) for line in shown[1].splitlines()] == [
        tuple(floor) for floor in FLOORS
    ]


@pytest.mark.parametrize(
    ("module", "source", "fault"),
    [
        ("model.cost", "from planner import plan", "imports planner.plan, which is not below"),
        (
            "model.cost",
            "from planner.advice.ways import ways",
            "imports planner.advice.ways, which is not below",
        ),
        ("model.cost", "import planner", "imports planner.__init__, which is not below"),
        ("model.cost", "import numpy", "imports numpy, which is not of the standard library"),
        (
            "model.cost",
            "from .facts import model",
            "imports .facts, which is not of the standard library",
        ),
        (
            "model.cost",
            "def late():\n    import planner.show.view",
            "imports planner.show.view, which is not below",
        ),
        ("chunks", "", "stands on no floor"),
        ("model.retry", "import math\nmath.log(2)", "line 2 uses log"),
        ("model.retry", "from math import exp", "imports math.exp"),
        ("model.retry", "x = 1.5\nx **= 2", "line 2 uses **"),
        ("model.retry", "def f(base, n): return base ** n", "line 1 uses **"),
        ("model.retry", "pow(2, 0.5)", "line 1 calls pow"),
        ("model.simulate", "def f(rng): return rng.gauss(0, 1)", "line 1 uses gauss"),
        ("model.simulate", "import random\nrandom.random()", "line 2 uses random"),
        ("show.view", "from datetime import datetime\ndatetime.now()", "line 2 uses now"),
        ("show.view", "import time", "imports time."),
        ("files", "from planner import fake", "imports planner.fake, which is not below"),
        ("show.view", "print('hello')", "line 1 calls print"),
    ],
)
def test_checker_catches(module: str, source: str, fault: str) -> None:
    """The checker sees each kind of violation."""
    assert fault in faults(module, source)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("model.cost", "from planner import facts\nfrom planner.facts import model"),
        ("model.cost", "from math import fsum, sqrt\nMILLION = 10**6"),
        ("model.simulate", "from random import Random\nRandom(1).random()"),
        ("fake.provider", "import time"),
        ("__main__", "print('hello')"),
        ("__main__", "from datetime import datetime\ndatetime.now()"),
    ],
)
def test_checker_lets_pass(module: str, source: str) -> None:
    """What is allowed raises no fault."""
    assert faults(module, source) == []


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_no_floats_are_added_with_sum(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built-in sum() of floats gives other digits since Python 3.12, so whatever a plan sums is int
    or Decimal.
    """
    plain = sum

    def watched(values, start=0):  # type: ignore[no-untyped-def]
        values = list(values)
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if caller.startswith("planner"):
            assert not any(isinstance(value, float) for value in [start, *values]), (
                f"{caller} sums floats"
            )
        return plain(values, start)

    monkeypatch.setattr(builtins, "sum", watched)
    show(make_plan(parse(json.loads(path.read_text("utf-8")))))


def script_imports(source: str) -> set[str]:
    """The files beside it that a script imports, statically or by a literal `import()`."""
    return set(re.findall(r"""(?:\bfrom|\bimport)\s*\(?\s*["'](\.{1,2}/[^"']+)["']""", source))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_app_alone_knows_the_other_scripts(path: Path) -> None:
    """The scripts of the page do not know each other; app.js brings them together."""
    known = script_imports(path.read_text("utf-8"))
    assert known if path.name == "app.js" else not known


@pytest.mark.parametrize(
    "source",
    [
        'import { ask } from "./engine.js";',
        "import './form.js'",
        'const m = await import("./engine.js");',
    ],
)
def test_script_checker_catches(source: str) -> None:
    """Every way to write an import is seen."""
    assert script_imports(source)
