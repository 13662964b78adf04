"""Promise 18: settings may change between two starts."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.programs.cases import on
from tests.programs.harness import Bench
from tests.programs.written import TEMPLATES, other, place

IDS = [f"r{number}" for number in range(12)]
SIX = ["--requests-per-batch", "6"]
OLD, SUCCESSOR = "claude-sonnet-4-5", "claude-sonnet-5-5"


def sizes(there: Bench) -> list[int]:
    return [len(batch.entries) for batch in there.api.batches]


def of_old_model(there: Bench, language: str, retires: str = "2099-01-01") -> Path:
    """The program of a plan for an old model, as it stands before or after the day on which the model retires."""
    text = TEMPLATES[language].read_text("utf-8")
    for before, after in (
        (f'MODEL = "{SUCCESSOR}"', f'MODEL = "{OLD}"'),
        ('"2026-11-30"', f'"{retires}"'),
    ):
        assert before in text
        text = text.replace(before, after)
    folder = there.folder / f"{language} {retires}"
    folder.mkdir(exist_ok=True)
    program = folder / TEMPLATES[language].name
    return program if program.exists() else place(text, language, folder)


@pytest.mark.parametrize("line", range(2, 10))
def test_smaller_batches(line: int, language: str, bench: Callable[..., Bench]) -> None:
    """ "Batches that were cut and not sent are cut anew": after a kill at any line nothing larger than the new size is sent."""
    there = bench()
    there.write(*IDS)
    there.run(language, *SIX, kill=(line, "after"))
    sent = len(there.api.batches)
    done = there.run(other(language), "--requests-per-batch", "2", "--adopt-grace-seconds", "0.05")
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert all(size <= 2 for size in sizes(there)[sent:])


def test_smaller_bytes(language: str, bench: Callable[..., Bench]) -> None:
    """ "Smaller batches" by bytes too."""
    there = bench({"faults": [on("create", "drop", times=1)]})
    there.write(*IDS)
    assert there.run(language, *SIX, kill=("submit", "before")).code == -9
    flags = ["--max-bytes-per-batch", "700", "--adopt-grace-seconds", "0.05"]
    assert there.run(other(language), *flags).code == 0
    there.is_complete(IDS)
    assert all(batch.bytes <= 700 for batch in there.api.batches)


def test_larger_batches(language: str, bench: Callable[..., Bench]) -> None:
    """Larger ones too; what is at the provider stays as it is."""
    there = bench({"polls": 3})
    there.write(*IDS)
    assert there.run(language, "--requests-per-batch", "2", kill=("created", "after")).code == -9
    assert there.run(other(language), "--requests-per-batch", "10").code == 0
    there.is_complete(IDS)
    assert sizes(there) == [2, 10]


def test_cut_anew_again_and_again(language: str, bench: Callable[..., Bench]) -> None:
    """Every start has another size, and is killed; nothing is left out and nothing is sent twice."""
    there = bench({"outcomes": [{"id": "r[37]", "attempt": 1, "type": "expired"}]})
    there.write(*IDS)
    runner = language
    for size in (5, 3, 7, 2, 4, 6, 1, 3, 8, 2, 5):
        flags = ["--requests-per-batch", str(size), "--adopt-grace-seconds", "0.05"]
        if there.run(runner, *flags, kill=("created", "after")).code == 0:
            break
        runner = other(runner)
    else:
        assert there.run(runner, *SIX).code == 0
    there.is_complete(IDS)


def test_fewer_at_once(language: str, bench: Callable[..., Bench]) -> None:
    """ "Fewer at once": from the next start on."""
    there = bench({"polls": 2})
    there.write(*IDS)
    flags = ["--requests-per-batch", "2"]
    assert (
        there.run(language, *flags, "--concurrent-batches", "3", kill=("created", "after")).code
        == -9
    )
    there.api.most_queued = 0
    done = there.run(other(language), *flags, "--concurrent-batches", "1")
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.most_queued <= 2


def test_a_canary_that_was_cut(language: str, bench: Callable[..., Bench]) -> None:
    """Another canary at the next start: the new one goes alone."""
    there = bench()
    there.write(*IDS)
    assert there.run(language, "--canary", "5", kill=("cut", "after")).code == -9
    assert there.run(other(language), "--canary", "3").code == 0
    there.is_complete(IDS)
    assert sizes(there)[0] == 3


def test_a_canary_after_a_start_without(language: str, bench: Callable[..., Bench]) -> None:
    """What a first start cut and did not send has not gone before the canary of the next one."""
    there = bench()
    there.write(*IDS)
    assert there.run(other(language), kill=("cut", "after")).code == -9
    assert there.run(language, "--canary", "3").code == 0
    there.is_complete(IDS)
    assert sizes(there)[0] == 3


def test_a_model_that_retires_keeps_nobody_from_collecting(
    language: str, bench: Callable[..., Bench]
) -> None:
    """ "A model that retires between two starts keeps nobody from collecting … what is paid for": then code 3, and what to
    do instead; nothing more is sent."""
    there = bench({"polls": 3})
    there.write(*IDS)
    before = of_old_model(there, language)
    assert there.run(language, *SIX, kill=("created", "after"), program=before).code == -9
    last = other(language)
    retired = of_old_model(there, last, "2026-11-01")
    done = there.run(last, *SIX, program=retired)
    assert done.code == 3, done.said
    assert SUCCESSOR in done.stderr and "--cancel" in done.stderr
    assert len(there.lines("succeeded.jsonl")) == 6
    assert there.api.calls["create"] == 1
    done = there.run(last, *SIX, "--cancel", program=retired)
    assert done.code == 1, done.said
    there.is_complete(IDS)
    assert there.given_up() == dict.fromkeys(IDS[6:], "not_sent")


def test_a_model_that_retires_keeps_nobody_from_cancelling(
    language: str, bench: Callable[..., Bench]
) -> None:
    """ "… or cancelling"."""
    there = bench({"polls": 10**6})
    there.write(*IDS)
    before = of_old_model(there, language)
    assert there.run(language, *SIX, kill=("created", "after"), program=before).code == -9
    there.api.batches[0].polls_left = 1
    retired = of_old_model(there, language, "2026-11-01")
    done = there.run(language, *SIX, "--cancel", program=retired)
    assert done.code == 1, done.said
    there.is_complete(IDS)
    assert there.api.calls["cancel"] == 1


def test_a_model_that_retires_with_the_last_batch_out(
    language: str, bench: Callable[..., Bench]
) -> None:
    """When all is sent nothing is missing: the run ends as if nothing had happened."""
    there = bench({"polls": 3})
    there.write(*IDS)
    before = of_old_model(there, language)
    flags = ["--requests-per-batch", "12"]
    assert there.run(language, *flags, kill=("created", "after"), program=before).code == -9
    done = there.run(language, *flags, program=of_old_model(there, language, "2026-11-01"))
    assert done.code == 0, done.said
    there.is_complete(IDS)


def test_a_model_that_retires_in_whole_requests(language: str, bench: Callable[..., Bench]) -> None:
    """The same where the requests name it, not the settings."""
    there = bench({"polls": 3})
    params = {"model": OLD, "max_tokens": 10, "messages": [{"role": "user", "content": "x"}]}
    rows = [json.dumps({"custom_id": name, "params": params}) for name in IDS]
    there.input.write_text("".join(row + "\n" for row in rows), "utf-8")
    before = of_old_model(there, language)
    assert there.run(language, *SIX, kill=("created", "after"), program=before).code == -9
    retired = of_old_model(there, language, "2026-11-01")
    done = there.run(language, *SIX, program=retired)
    assert done.code == 3, done.said
    assert SUCCESSOR in done.stderr
    assert len(there.lines("succeeded.jsonl")) == 6
    assert there.run(language, *SIX, "--cancel", program=retired).code == 1
    there.is_complete(IDS)


def test_a_model_that_has_retired(language: str, bench: Callable[..., Bench]) -> None:
    """Before anything was begun it is bad input, as ever."""
    there = bench()
    there.write(*IDS)
    done = there.run(language, program=of_old_model(there, language, "2026-11-01"))
    assert done.code == 2, done.said
    assert SUCCESSOR in done.stderr
    assert not there.api.calls
