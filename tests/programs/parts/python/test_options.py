"""The command line as settings."""

from dataclasses import asdict, fields

import pytest

from planner.programs.python.options import parse, parser
from planner.programs.python.settings import Settings

REQUESTS_ONLY = {"model", "max_tokens", "system_prompt", "cache_ttl", "inference_geo", "betas"}


def test_without_flags_the_settings_are_the_plan() -> None:
    """Nothing but the input and the folder need be said."""
    options, settings = parse(["in.jsonl", "--out", "out"])
    assert settings == Settings()
    assert (options.input, options.out, options.check, options.cancel) == (
        "in.jsonl",
        "out",
        False,
        False,
    )


@pytest.mark.parametrize(
    ("flag", "text", "value"),
    [
        ("--requests-per-batch", "7", 7),
        ("--poll-seconds", "0.5", 0.5),
        ("--poll-seconds", "1e1", 10.0),
        ("--backoff", "fixed", "fixed"),
        ("--budget-usd", "12.50", "12.50"),
        ("--canary", "0", 0),
    ],
)
def test_a_flag_overrides_its_setting(flag: str, text: str, value: object) -> None:
    """That one, and no other."""
    _, settings = parse(["in.jsonl", "--out", "out", flag, text])
    name = flag.removeprefix("--").replace("-", "_")
    assert asdict(settings) == {**asdict(Settings()), name: value}


@pytest.mark.parametrize(
    "words",
    [
        ["--requests-per-batch", "0"],
        ["--requests-per-batch", "1_0"],
        ["--max-retries", "11"],
        ["--poll-seconds", "nan"],
        ["--poll-seconds", "0"],
        ["--budget-usd", "-1"],
        ["--backoff", "none"],
        ["--cance"],
        ["more"],
    ],
)
def test_bad_usage_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be followed is said, and nothing is guessed."""
    with pytest.raises(SystemExit) as stopped:
        parse(["in.jsonl", "--out", "out", *words])
    assert stopped.value.code == 2
    assert "error: " in capsys.readouterr().err


def test_every_flag_is_a_setting() -> None:
    """A misspelt name would be ignored in silence."""
    options, _ = parse(["in.jsonl", "--out", "out"])
    names = {field.name for field in fields(Settings)}
    ways = {"check", "cancel", "retry_failed", "adopt", "on_done"}
    assert vars(options).keys() - names == {"input", "out", *ways}


def test_check_needs_no_folder(capsys: pytest.CaptureFixture[str]) -> None:
    """Everything else does."""
    assert parse(["in.jsonl", "--check"])[0].out is None
    with pytest.raises(SystemExit):
        parse(["in.jsonl"])
    assert "--out" in capsys.readouterr().err


def test_help_says_what_each_flag_means(capsys: pytest.CaptureFixture[str]) -> None:
    """And what holds without it."""
    parser().print_help()
    text = capsys.readouterr().out
    for field in fields(Settings):
        if field.name in REQUESTS_ONLY:
            continue
        flag = "--" + field.name.replace("_", "-")
        section = text.split(f"\n  {flag} ")[1].split("\n  --")[0]
        assert "(default:" in " ".join(section.split())
