"""`python -m tests.bench.mutants`: does a changed line of `planner/model/` make its module's own
tests fail?

Changes one operator, constant or statement at a time and runs
`tests/planner/model/test_<module>.py` against it. Prints every change that no test noticed, and the
share that one did. Exit code 1 if that of a module is below LEAST.

Each worker keeps a copy of the planner of its own and forks for each change, so that nothing but
the changed package is imported anew. A change after which the tests do not end counts as noticed.
"""

import argparse
import ast
import copy
import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from hypothesis import Phase, settings

import tests.oracles
import tests.strategies  # noqa: F401 - what they bring along is imported once, not for each change

ROOT = Path(__file__).resolve().parents[2]
MODEL = Path("planner/model")
LEAST = 0.9
# CPU time, of that of the unchanged module's tests: on a busy machine a test may wait long for its turn
PATIENCE = 3
MEMORY_BYTES = 2_000_000_000

# nothing that the changes share: no cache of results, no other processes, no other examples; and no
# words about a failure, which nobody reads
OPTIONS = (
    "-o", "addopts=", "--import-mode=importlib", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist",
    "-p", "no:anyio", "--hypothesis-seed=0", "--tb=no", "--assert=plain",
)  # fmt: skip
# one example that fails is enough, and on a busy machine a slow one is none
settings.register_profile(
    "mutants", phases=(Phase.explicit, Phase.generate), database=None, deadline=None
)

COMPARED = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
COUNTED = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult, ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.BitAnd: ast.BitOr,
}  # fmt: skip
NAMES = {"min": "max", "max": "min"}


@dataclass(frozen=True)
class Mutant:
    """One change of a module: where, what, and the module's source with it."""

    module: str
    line: int
    change: str
    source: str


def swaps(node: ast.AST) -> Iterator[ast.AST]:
    """What a node may be changed to."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in COMPARED:
            yield ast.Compare(node.left, [COMPARED[type(op)]()], node.comparators)
        case ast.Compare(ops=[first, second]):
            yield ast.Compare(node.left, [COMPARED[type(first)](), second], node.comparators)
            yield ast.Compare(node.left, [first, COMPARED[type(second)]()], node.comparators)
        case ast.BinOp(op=op) if type(op) in COUNTED and not _is_type(node):
            yield ast.BinOp(node.left, COUNTED[type(op)](), node.right)
        case ast.AugAssign(op=op) if type(op) in COUNTED:
            yield ast.AugAssign(node.target, COUNTED[type(op)](), node.value)
            yield ast.Pass()
        case ast.BoolOp(op=op):
            yield ast.BoolOp(ast.And() if isinstance(op, ast.Or) else ast.Or(), node.values)
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node.operand
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield ast.Constant(value + 1)
        case ast.Constant(value=float(value)):
            yield ast.Constant(value * 1.5 + 0.25)
        case ast.IfExp():
            yield node.body
            yield node.orelse
        case ast.Call(func=ast.Name(id=name)) if name in NAMES:
            yield ast.Call(ast.Name(NAMES[name], ast.Load()), node.args, node.keywords)
        case ast.Expr(value=ast.Call()):
            yield ast.Pass()
        case ast.Break():
            yield ast.Pass()
            yield ast.Continue()
        case ast.Continue():
            yield ast.Pass()


def _is_type(node: ast.BinOp) -> bool:
    return isinstance(node.op, ast.BitOr)


def mutants(module: Path, source: str) -> Iterator[Mutant]:
    """Every change of the module's code. A decorator's frozen=True changes no answer, nor does the
    length of a cache (`maxsize` and _SIZES), the strict=True of a zip of what is equally long, or
    `if new >= most: most = new` for `if new > most`.
    """
    tree = ast.parse(source)
    silent = set(map(id, _silent(tree)))
    for place, node in enumerate(ast.walk(tree)):
        if id(node) in silent:
            continue
        for number, _ in enumerate(swaps(node)):
            changed = copy.deepcopy(tree)
            target = list(ast.walk(changed))[place]
            swapped = ast.copy_location(list(swaps(target))[number], target)
            before, after = ast.unparse(target), ast.unparse(swapped)
            _replace(changed, target, swapped)
            line = getattr(node, "lineno", 0)
            yield Mutant(
                module.as_posix(),
                line,
                f"{before} -> {after}",
                ast.unparse(ast.fix_missing_locations(changed)),
            )


def _silent(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in ("maxsize", "strict"):
            yield node.value
        match node:
            case ast.Assign(targets=[ast.Name(id="_SIZES")]):
                yield node.value
            case ast.If(
                test=ast.Compare(left=one, ops=[ast.Gt() | ast.Lt()], comparators=[other]) as test,
                body=[ast.Assign(targets=[kept], value=new)],
                orelse=[],
            ) if {ast.unparse(one), ast.unparse(other)} == {ast.unparse(kept), ast.unparse(new)}:
                yield test
        for decorator in getattr(node, "decorator_list", []):
            yield from ast.walk(decorator)


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list):
                setattr(parent, name, [new if each is old else each for each in value])


class Worker:
    """A copy of the planner, in which one change at a time is tested."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        self.seconds = count(1_000_000_000)
        shutil.copytree(
            ROOT / "planner", folder / "planner", ignore=shutil.ignore_patterns("__pycache__")
        )
        for name in ("tests", "pyproject.toml"):
            (folder / name).symlink_to(ROOT / name)

    def notices(self, mutant: Mutant, patience_s: int) -> bool:
        """Whether the module's own tests fail, or take longer than so many seconds of CPU time."""
        file = self.root / mutant.module
        original = file.read_text("utf-8")
        self._write(file, mutant.source)
        try:
            return self.run(mutant.module, patience_s)[0]
        finally:
            self._write(file, original)

    def _write(self, file: Path, source: str) -> None:
        file.write_text(source, "utf-8")
        # by size and second Python sees whether byte code is old: two changes may share both
        os.utime(file, (next(self.seconds),) * 2)

    def run(self, module: str, patience_s: int) -> tuple[bool, float]:
        """Whether the module's own tests fail as its file stands now, and their CPU time in seconds."""
        child = os.fork()
        if child == 0:
            os._exit(self._test(module, patience_s))
        _, status, used = os.wait4(child, 0)
        return os.waitstatus_to_exitcode(status) != 0, used.ru_utime + used.ru_stime

    def _test(self, module: str, patience_s: int) -> int:
        """In the child: run the tests, silently; limits end what does not end by itself."""
        resource.setrlimit(resource.RLIMIT_CPU, (patience_s, patience_s))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        os.chdir(self.root)
        sys.path[:] = [str(self.root), *(path for path in sys.path if path not in ("", str(ROOT)))]
        for name in [name for name in sys.modules if name.split(".")[0] in ("planner", "tests")]:
            del sys.modules[name]
        settings.load_profile("mutants")
        own = f"tests/planner/model/test_{Path(module).stem}.py"
        return int(pytest.main([*OPTIONS, "--rootdir", str(self.root), own]))


def judge(module: Path, folder: Path, jobs: int) -> tuple[int, list[Mutant]]:
    """How many changes there are, and those that nobody noticed."""
    workers = [Worker(folder / f"{module.stem}-{number}") for number in range(jobs)]
    failed, seconds = workers[0].run(module.as_posix(), 600)
    if failed:
        raise SystemExit(f"the tests of {module} fail without any change")
    changes = list(mutants(module, (workers[0].root / module).read_text("utf-8")))
    patience_s = int(PATIENCE * seconds) + 2
    with ThreadPoolExecutor(jobs) as pool:
        shares = [changes[number::jobs] for number in range(jobs)]

        def unnoticed(number: int) -> list[Mutant]:
            return [
                mutant
                for mutant in shares[number]
                if not workers[number].notices(mutant, patience_s)
            ]

        return len(changes), [
            mutant for part in pool.map(unnoticed, range(jobs)) for mutant in part
        ]


def main() -> int:
    """Judge every module of the model, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", help="names such as split; all without")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    names = arguments.modules or sorted(
        path.stem for path in (ROOT / MODEL).glob("*.py") if path.stem != "__init__"
    )
    changes = noticed = 0
    enough = True
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            total, unnoticed = judge(MODEL / f"{name}.py", Path(folder), arguments.jobs)
            changes, noticed = changes + total, noticed + total - len(unnoticed)
            enough = enough and total - len(unnoticed) >= LEAST * total
            print(f"{name:10} {total - len(unnoticed):4} of {total:4} noticed", flush=True)
            for mutant in unnoticed:
                print(f"    {mutant.module}:{mutant.line}: {mutant.change}", flush=True)
    print(f"{noticed / changes:.1%} of {changes} changes were noticed")
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main())
