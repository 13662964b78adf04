"""Settings reach the API as they were given, whatever stands in them, and the rest of a program is the same for all."""

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from planner import make_plan, parse, programs
from tests.programs.harness import Bench
from tests.programs.written import LANGUAGES, TEMPLATES, other, place

HOSTILE = {
    "quotes": "'\"`\\'\\\"'''\"\"\"${x}",
    "newlines": "one\ntwo\r\nthree\rfour\\n",
    "separators": "\u2028\u2029\u0085\x0b\x0c\x1c\x1e",
    "NUL and controls": "\x00\x01\x1b[31m\x7f\x9f",
    "lone surrogates": "\ud800 and \udfff, \udc00\ud800",
    "beyond the first plane": "\U0001f600\U0010ffff\u200d\u202e\ufeff\uffff",
    "end marks": "# --- end of settings ---\n// --- end of settings ---\n*/ --> </script> ]]> \nMODEL = 'x'\nconst MODEL = 1;",
    "10 kB": "Zażółć gęślą jaźń. " * 530,
    "placeholders": "{} %s \\g<0> \\1 $& $1 {{x}} \\u0041 \\N{BULLET}",
    "code": "\";import os;os._exit(9)#\n'+process.exit(9)+'",
}
PLAN = make_plan(parse({"workload": {"shared_prefix_tokens": 400, "requests": 20}}))


def filled(language: str, **changed: object) -> str:
    """A program of the plan with some settings changed."""
    return programs.program_text(language, {**programs.settings_of(PLAN), **changed})


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_settings_come_back_unchanged(
    value: str, language: str, bench: Callable[..., Bench], tmp_path: Path
) -> None:
    """From the generated text through the executed program to the API: the same system prompt and the same model."""
    there = bench()
    there.write("a", "b")
    program = place(
        filled(language, SYSTEM_PROMPT=value, MODEL=value, CACHE_TTL="1h"), language, tmp_path
    )
    done = there.run(language, "--requests-per-batch", "1", program=program, kill=(6, "before"))
    assert done.code == -9, done.said
    # The settings count as the same in the other language.
    program.unlink()
    folder = tmp_path / "second"
    folder.mkdir()
    last = other(language)
    program = place(filled(last, SYSTEM_PROMPT=value, MODEL=value, CACHE_TTL="1h"), last, folder)
    done = there.run(last, "--requests-per-batch", "1", program=program)
    assert done.code == 0, done.said
    for [params] in there.api.params.values():
        assert params["model"] == value
        assert params["system"] == [
            {"type": "text", "text": value, "cache_control": {"type": "ephemeral", "ttl": "1h"}}
        ]
    assert len(there.api.params) == 2


@pytest.mark.parametrize(
    "name",
    ["it's", 'quo"te', "new\nline", "\u2028", "$(touch x)", "a b", "-dash", "%s{}", "é" * 60],
)
def test_hostile_paths(name: str, language: str, bench: Callable[..., Bench]) -> None:
    """A path of any characters works, and the command in the message can be pasted."""
    there = bench(
        {
            "faults": [
                {"on": "create", "nth": 2, "do": "error", "status": 402, "type": "billing_error"}
            ]
        }
    )
    there.folder /= name
    there.folder.mkdir()
    there.write("a", "b")
    done = there.run(language, "--requests-per-batch", "1")
    assert done.code == 3, done.said
    assert there.run(other(language), "--requests-per-batch", "1").code == 0
    there.is_complete(["a", "b"])


def test_a_generated_program_differs_in_settings_only(language: str) -> None:
    """Outside the two marks a program is the same, whatever the plan."""
    begin, end = "--- settings: generated from the plan ---\n", "--- end of settings ---\n"
    template = TEMPLATES[language].read_text("utf-8")
    text = filled(language, SYSTEM_PROMPT="x", MAX_TOKENS=17)
    assert template.count(begin) == template.count(end) == 1
    assert template.partition(begin)[0] == text.partition(begin)[0]
    assert template.partition(end)[2] == text.partition(end)[2]
    assert text != template


def test_the_program_has_the_settings_of_its_plan() -> None:
    """Read as Python, the block between the marks gives the values of the plan, and no other names."""
    settings = programs.settings_of(make_plan(parse({})))
    begin, end = "--- settings: generated from the plan ---\n", "--- end of settings ---\n"
    block = TEMPLATES["python"].read_text("utf-8").partition(begin)[2].partition(end)[0]
    values = {
        ast.unparse(node.targets[0] if isinstance(node, ast.Assign) else node.target): (
            ast.literal_eval(node.value)
        )
        for node in ast.parse(block + "\n").body
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value
    }
    assert values == settings


def test_programs_of_a_plan() -> None:
    """Both programs and a sample of requests that they accept."""
    texts = {program.language: program for program in programs.generate(PLAN)}
    assert set(texts) == {*LANGUAGES, "javascript", "jsonl"}
    assert [program.name for program in texts.values()] == [
        "run_batches.py",
        "run_batches.mjs",
        "requests.jsonl",
    ]


def test_the_sample_runs(language: str, bench: Callable[..., Bench]) -> None:
    """The sample is input for the program as it stands."""
    there = bench()
    there.input.write_text(programs.sample(PLAN, system_prompt="Be brief."), "utf-8")
    assert there.run(language).code == 0
    assert len(there.api.params) == 3


def test_a_cached_system_prompt_must_be_there(
    language: str, bench: Callable[..., Bench], tmp_path: Path
) -> None:
    """A plan that caches counts on a system prompt; rows without it are not sent by mistake."""
    there = bench()
    there.write("a")
    done = there.run(language, program=place(filled(language, CACHE_TTL="5m"), language, tmp_path))
    assert done.code == 2
    assert "SYSTEM_PROMPT is empty" in done.stderr
    assert not there.api.calls


def test_beta_headers_and_residency(
    language: str, bench: Callable[..., Bench], tmp_path: Path
) -> None:
    """Headers go with every create, and residency into every row."""
    there = bench()
    there.write("a")
    text = filled(language, BETAS=("output-300k-2026-03-24", "x-1"), INFERENCE_GEO="us")
    assert there.run(language, program=place(text, language, tmp_path)).code == 0
    headers = [each for each in there.api.headers if int(each.get("content-length", 0)) > 0]
    assert headers[0]["anthropic-beta"].replace(" ", "") == "output-300k-2026-03-24,x-1"
    assert there.api.params["a"][0]["inference_geo"] == "us"
