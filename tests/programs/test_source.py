"""The programs as texts: linted, typed, and without the habits that have cost others money."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from planner.plan import make_plan
from planner.programs import editions, generate, join
from planner.scenario import Scenario
from tests.engines.dbos_stage import STUBS
from tests.programs.written import ROOT, TEMPLATES

PYTHON = TEMPLATES["python"]


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check"],
        ["ruff", "format", "--check"],
        ["mypy", "--strict", "--python-version", "3.10"],
    ],
)
def test_python_files_are_linted_and_typed(command: list[str], tmp_path: Path) -> None:
    """Of every edition: by the project's rules, and strictly, for the oldest Python that they name, against the classes
    of the engines that they use."""
    for text in generate(make_plan(Scenario()), editions=["python", "dbos", "airflow"]):
        (tmp_path / text.name).write_text(text.text, "utf-8")
    files = sorted(map(str, tmp_path.glob("*.py")))
    assert len(files) == 4
    done = subprocess.run(
        [sys.executable, "-m", *command, *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "MYPYPATH": str(STUBS)},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_python_program_is_python_3_10() -> None:
    """Its grammar is that of Python 3.10, and nothing but the standard library and the SDK is imported."""
    tree = ast.parse(PYTHON.read_text("utf-8"), feature_version=(3, 10))
    imported = {
        node.module.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
    }
    imported |= {
        name.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for name in node.names
    }
    assert imported - set(sys.stdlib_module_names) == {"anthropic"}


def test_no_program_reads_the_first_block(language: str) -> None:
    """The first block of an answer may be thinking, or not be there at all."""
    assert not re.search(r"content(\?\.)?\[0\]", TEMPLATES[language].read_text("utf-8"))


def test_the_javascript_program_parses() -> None:
    """Node reads it, and nothing but Node and the SDK is imported."""
    program = TEMPLATES["javascript"]
    done = subprocess.run(["node", "--check", str(program)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    text = program.read_text("utf-8")
    imported = re.findall(r"""(?m)^(?:import|}) (?:.* )?from ["']([^"']+)["'];$""", text)
    imported += re.findall(r"""\bimport\(["']([^"']+)["']\)""", text)
    assert "node:fs" in imported
    assert {name for name in imported if not name.startswith("node:")} <= {"@anthropic-ai/sdk"}


@pytest.mark.parametrize(
    "name", [name for name in editions.EDITIONS["python"].parts if name != "head"]
)
def test_a_part_is_small(name: str) -> None:
    """At most 300 lines, functions of at most 50, classes of at most 15 methods; the docstring says its rule."""
    source = join.part("python", name)
    tree = ast.parse(source, feature_version=(3, 10))
    assert ast.get_docstring(tree)
    assert source.count("\n") <= 300
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 50, node.name
        if isinstance(node, ast.ClassDef):
            methods = (ast.FunctionDef, ast.AsyncFunctionDef)
            assert sum(isinstance(each, methods) for each in node.body) <= 15, node.name
