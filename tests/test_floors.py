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
from planner.view import show

ROOT = Path(__file__).resolve().parent.parent
SCENARIOS = sorted((ROOT / "tests" / "scenarios").glob("*.json"))
SCRIPTS = sorted((ROOT / "site" / "js").glob("*.js"))

FLOORS = (
    ("errors", "facts", "words"),
    ("questions",),
    ("scenario",),
    ("split", "retry", "durations", "tokens", "texts"),
    ("simulate",),
    ("summary", "cost", "realtime"),
    ("plan", "timeline"),
    ("advice", "alternatives", "charts", "reasons", "programs"),
    ("view", "export"),
    ("bridge", "__main__"),
    ("__init__",),
)
FLOOR = {module: floor for floor, modules in enumerate(FLOORS) for module in modules}

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
DRAWS = {"gauss", "normalvariate", "lognormvariate", "expovariate", "betavariate", "gammavariate", "binomialvariate"}
DRAWS |= {"paretovariate", "weibullvariate", "vonmisesvariate", "triangular", "fmean", "stdev", "NormalDist"}
ALLOWED_NAMES = {"math": MATH, "random": {"Random"}, "statistics": {"median"}}
CLOCKS = {"now", "utcnow", "today"}
BANNED_MODULES = {"time", "cmath", "locale", "secrets"}


def imports(tree: ast.AST) -> list[tuple[str, str]]:
    """Every imported module with the name taken from it: ("planner", "facts"), ("math", ""); "." if relative."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [("." * node.level + (node.module or ""), alias.name) for alias in node.names]
    return found


def faults(module: str, source: str) -> list[str]:
    """What a module of the planner does that it may not, one sentence each."""
    tree, found = ast.parse(source), []
    banned = {"pow"} if module == "__main__" else {"pow", "print", "input"}
    if module not in FLOOR:
        found.append("stands on no floor")
    for origin, name in imports(tree):
        package, _, inner = origin.partition(".")
        if package == "planner":
            target = inner or name or "__init__"
            if FLOOR.get(target, 99) >= FLOOR.get(module, -1):
                found.append(f"imports planner.{target}, which is not below")
        elif package not in sys.stdlib_module_names:
            found.append(f"imports {origin}, which is not of the standard library")
        elif package in BANNED_MODULES or (name and name not in ALLOWED_NAMES.get(package, {name})):
            found.append(f"imports {origin}.{name}")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            allowed = ALLOWED_NAMES.get(node.value.id) if isinstance(node.value, ast.Name) else None
            if node.attr in DRAWS | CLOCKS or (allowed and node.attr not in allowed):
                found.append(f"line {node.lineno} uses {node.attr}")
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Pow):
            # 10**6 is folded to an int; anything else might be a float
            sides = (node.left, node.right) if isinstance(node, ast.BinOp) else (node.target, node.value)
            if not all(isinstance(side, ast.Constant) and isinstance(side.value, int) for side in sides):
                found.append(f"line {node.lineno} uses **")
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in banned:
            found.append(f"line {node.lineno} calls {node.func.id}")
    return found


@pytest.mark.parametrize("path", sorted((ROOT / "planner").glob("*.py")), ids=lambda path: path.stem)
def test_module_keeps_to_its_floor(path: Path) -> None:
    """Imports point downwards, to the standard library otherwise, and every call gives the same digits everywhere."""
    assert faults(path.stem, path.read_text("utf-8")) == []


def test_table_names_only_modules_that_exist() -> None:
    """A module that is gone leaves the table too."""
    assert {path.stem for path in (ROOT / "planner").glob("*.py")} == set(FLOOR)


def test_readme_shows_the_floors() -> None:
    """The README's table is this one, top floor first."""
    shown = re.findall(r"^\s*(\d+)  ([a-z_ ]+)$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert {(int(floor), frozenset(names.split())) for floor, names in shown} == {
        (floor, frozenset(names)) for floor, names in enumerate(FLOORS)
    }


@pytest.mark.parametrize(
    ("module", "source", "fault"),
    [
        ("cost", "from planner import plan", "imports planner.plan, which is not below"),
        ("cost", "from planner.summary import summarise", "imports planner.summary, which is not below"),
        ("cost", "import planner", "imports planner.__init__, which is not below"),
        ("cost", "import numpy", "imports numpy, which is not of the standard library"),
        ("cost", "from .facts import model", "imports .facts, which is not of the standard library"),
        ("cost", "def late():\n    import planner.view", "imports planner.view, which is not below"),
        ("chunks", "", "stands on no floor"),
        ("retry", "import math\nmath.log(2)", "line 2 uses log"),
        ("retry", "from math import exp", "imports math.exp"),
        ("retry", "x = 1.5\nx **= 2", "line 2 uses **"),
        ("retry", "def f(base, n): return base ** n", "line 1 uses **"),
        ("retry", "pow(2, 0.5)", "line 1 calls pow"),
        ("simulate", "def f(rng): return rng.gauss(0, 1)", "line 1 uses gauss"),
        ("simulate", "import random\nrandom.random()", "line 2 uses random"),
        ("view", "from datetime import datetime\ndatetime.now()", "line 2 uses now"),
        ("view", "import time", "imports time."),
        ("view", "print('hello')", "line 1 calls print"),
    ],
)
def test_checker_catches(module: str, source: str, fault: str) -> None:
    """The checker sees each kind of violation."""
    assert fault in faults(module, source)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("cost", "from planner import facts\nfrom planner.facts import model"),
        ("cost", "from math import fsum, sqrt\nMILLION = 10**6"),
        ("simulate", "from random import Random\nRandom(1).random()"),
        ("__main__", "print('hello')"),
    ],
)
def test_checker_lets_pass(module: str, source: str) -> None:
    """What is allowed raises no fault."""
    assert faults(module, source) == []


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_no_floats_are_added_with_sum(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built-in sum() of floats gives other digits since Python 3.12, so whatever a plan sums is int or Decimal."""
    plain = sum

    def watched(values, start=0):  # type: ignore[no-untyped-def]
        values = list(values)
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if caller.startswith("planner"):
            assert not any(isinstance(value, float) for value in [start, *values]), f"{caller} sums floats"
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
    "source", ['import { ask } from "./engine.js";', "import './form.js'", 'const m = await import("./engine.js");']
)
def test_script_checker_catches(source: str) -> None:
    """Every way to write an import is seen."""
    assert script_imports(source)
