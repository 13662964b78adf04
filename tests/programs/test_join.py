"""Parts become one file, the same every time."""

import ast
import re

import pytest

from planner.plan import make_plan
from planner.programs import EDITIONS, editions, generate, join
from planner.scenario import Scenario
from tests.programs.written import TEMPLATES

PARTS = [name for name in editions.EDITIONS["python"].parts if name != "head"]


def test_the_same_bytes_every_time() -> None:
    """Whatever was joined before."""
    first = generate(make_plan(Scenario()))
    join._parts.cache_clear()
    assert generate(make_plan(Scenario())) == first


def test_each_edition_is_had_by_its_name() -> None:
    """Its own files and a sample of their input; without a name those that run by themselves."""
    assert EDITIONS.keys() == editions.EDITIONS.keys()
    for name, files in EDITIONS.items():
        programs = generate(make_plan(Scenario()), editions=[name])
        assert [each.name for each in programs] == [*[it.name for it in files], "requests.jsonl"]
        assert all(each.text for each in programs)
    both = [each.language for each in generate(make_plan(Scenario()))]
    assert both == ["python", "javascript", "jsonl"]
    with pytest.raises(FileNotFoundError, match="python has no part other"):
        join.part("python", "other")


def test_every_part_is_there_with_its_rule(language: str) -> None:
    """A section each, after those that it needs."""
    sections = re.findall(
        r"^(?:#|//) --- (\w+): .+ ---$", TEMPLATES[language].read_text("utf-8"), re.MULTILINE
    )
    assert sorted(sections) == sorted(set(editions.EDITIONS[language].parts) - {"head"})
    assert (sections[0], sections[-1]) == ("settings", "main")


def test_the_code_of_a_part_is_in_the_program_as_it_stands() -> None:
    """What is tested by itself is what runs: joining changes no statement of a part but its imports."""

    def code(text: str) -> list[str]:
        imports = (ast.Import, ast.ImportFrom, ast.Try)
        body = [node for node in ast.parse(text).body if not isinstance(node, imports)]
        return [ast.unparse(node) for node in body if not isinstance(node, ast.Expr)]

    joined = code(TEMPLATES["python"].read_text("utf-8"))
    for name in PARTS:
        if name != "settings":
            part = code(join.part("python", name))
            start = joined.index(part[0])
            assert joined[start : start + len(part)] == part


def test_names_are_unique_over_the_parts() -> None:
    """Two parts with one name would be one thing in the joined file."""
    tree = ast.parse(TEMPLATES["python"].read_text("utf-8"))
    names = [
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    names += [
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    assert len(names) == len(set(names))


def test_a_circle_is_refused() -> None:
    """It has no order."""
    form = join._LANGUAGES["python"]
    sources = {
        "a": '"""A."""\n\nfrom planner.programs.python.b import x\n',
        "b": '"""B."""\n\nfrom planner.programs.python.a import y\n',
    }
    parts = [join._taken_apart(form, name, source) for name, source in sources.items()]
    with pytest.raises(AssertionError, match="a circle of imports"):
        join._in_order(parts)


def test_imports_are_merged() -> None:
    """Once, sorted, as the linter has them; a block where they are many."""
    pairs = {("", "re"), ("typing", "Any"), ("typing", "cast"), ("typing", "TYPE"), ("", "ast")}
    pairs |= {("__future__", "annotations")}
    assert join._python_imports(pairs) == [
        "from __future__ import annotations\n",
        "import ast\nimport re\nfrom typing import TYPE, Any, cast\n",
    ]
    pairs = {("m", f"name_of_some_length_{n}") for n in range(6)}
    assert join._python_imports(pairs)[0].startswith("from m import (\n    name_of")


def test_javascript_parts_are_joined_too() -> None:
    """A block of comments is the head; only what others may use stays exported."""
    form = join._LANGUAGES["javascript"]
    source = (
        "// Does it.\n//\n// And says so.\n\n"
        'import fs from "node:fs";\nimport { a, b } from "node:x";\n'
        'import {\n  c,\n} from "./text.mjs";\n\n'
        "export function f() {}\nexport class Settings {}\nexport async function main() {}\n"
    )
    part = join._taken_apart(form, "name", source)
    assert part.neighbours == {"text"}
    assert join._javascript_imports(set(part.imports)) == (
        'import fs from "node:fs";\nimport { a, b } from "node:x";\n'
    )
    assert join._section(form, part) == (
        "// --- name: does it ---\n//\n// And says so.\n\n"
        "function f() {}\nexport class Settings {}\nexport async function main() {}\n"
    )
