"""Promise 1, the same account: a key of another workspace sends nothing while a doubt is open."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.programs.harness import Bench
from tests.programs.written import other

IDS = [f"r{number}" for number in range(8)]
FOUR = ["--requests-per-batch", "4"]
THEIRS = "sk-test-of-another-workspace"
COLLEAGUES = "sk-test-of-a-colleague"
ACCOUNTS = {
    THEIRS: {"workspace": "wrkspc_theirs", "organization": "org-ours"},
    COLLEAGUES: {"workspace": "wrkspc_ours", "organization": "org-ours"},
}


def interrupted(there: Bench, language: str, nth_create: int) -> None:
    """Kill a program whose n-th create is at the API, its answer outstanding: a doubt is open."""
    running = there.start(language, *FOUR)
    there.until(lambda: len(there.api.batches) == nth_create)
    running.kill()


def scenario(nth: int, **more: Any) -> dict[str, Any]:
    hang = {"on": "create", "do": "hang", "seconds": 2.0, "nth": nth}
    return {"faults": [hang], "accounts": ACCOUNTS, **more}


@pytest.mark.parametrize("nth", [1, 2])
def test_a_key_of_another_workspace(nth: int, language: str, bench: Callable[..., Bench]) -> None:
    """ "A key that does not see them sends nothing while a doubt is open: code 3." """
    there = bench(scenario(nth))
    there.write(*IDS)
    interrupted(there, language, nth)
    there.env["ANTHROPIC_API_KEY"] = THEIRS
    done = there.run(other(language), *FOUR)
    assert done.code == 3, done.said
    assert "workspace" in done.stderr
    assert there.api.calls["create"] == nth
    assert THEIRS not in done.said + there.journal()
    there.env.clear()
    assert there.run(language, *FOUR).code == 0
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


def test_a_key_of_another_workspace_whose_answers_do_not_name_it(
    language: str, bench: Callable[..., Bench]
) -> None:
    """ "The journal holds what tells the workspace (… the newest batch before the intention)." """
    there = bench(scenario(2, account_headers=False))
    there.write(*IDS)
    interrupted(there, language, 2)
    there.env["ANTHROPIC_API_KEY"] = THEIRS
    done = there.run(other(language), *FOUR)
    assert done.code == 3, done.said
    assert there.api.calls["create"] == 2
    there.env.clear()
    assert there.run(language, *FOUR).code == 0
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


def test_the_newest_batch_before_the_intention_vouches(
    language: str, bench: Callable[..., Bench]
) -> None:
    """No batch of ours was named yet: the stranger's that was the newest tells the workspace."""
    there = bench(scenario(1, account_headers=False))
    there.write(*IDS)
    there.api.make_foreign(3)
    running = there.start(language, *FOUR)
    there.until(lambda: len(there.api.own()) == 1)
    running.kill()
    there.env["ANTHROPIC_API_KEY"] = THEIRS
    assert there.run(other(language), *FOUR).code == 3
    assert there.api.calls["create"] == 1
    there.env.clear()
    assert there.run(language, *FOUR).code == 0
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


def test_another_organisation(language: str, bench: Callable[..., Bench]) -> None:
    """ "Organisation and workspace of the answers' headers": one of them is enough to differ."""
    there = bench(scenario(1))
    account = {"workspace": "wrkspc_default", "organization": "org-theirs"}
    there.api.set_scenario(scenario(1) | {"accounts": {THEIRS: account}})
    there.write(*IDS)
    interrupted(there, language, 1)
    there.env["ANTHROPIC_API_KEY"] = THEIRS
    assert there.run(language, *FOUR).code == 3
    assert there.api.calls["create"] == 1
    there.env.clear()
    assert there.run(language, *FOUR).code == 0
    there.is_complete(IDS)


def test_another_key_of_the_same_workspace(language: str, bench: Callable[..., Bench]) -> None:
    """Promise 18: "another key of the same workspace" goes on, also with a doubt open."""
    there = bench(scenario(2))
    there.write(*IDS)
    interrupted(there, language, 2)
    there.env["ANTHROPIC_API_KEY"] = COLLEAGUES
    done = there.run(other(language), *FOUR, "--poll-seconds", "0.05")
    assert done.code == 0, done.said
    there.is_complete(IDS)
    assert there.api.calls["create"] == 2


def test_the_journal_names_the_account(language: str, bench: Callable[..., Bench]) -> None:
    """ "The journal holds what tells the workspace (organisation and workspace of the answers' headers …)." """
    there = bench()
    there.write(*IDS)
    assert there.run(language, *FOUR).code == 0
    [account] = there.events("account")
    assert (account["organization"], account["workspace"]) == ("org-ours", "wrkspc_ours")
