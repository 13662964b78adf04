"""The Airflow edition without Airflow: what stops a run, is told, and is left to a person."""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

import pytest

from tests.engines.conftest import MakeStage
from tests.engines.stage import MODULE, TEN, on_create, sizes


def test_the_canary_goes_alone_and_stops_the_rest(stage: MakeStage) -> None:
    """When most of it is given up, nothing else is sent, and the reason is told."""
    made = stage(CANARY=2)
    made.api.set_scenario(
        {"outcomes": [{"id": "r-[01]", "type": "errored", "error": "invalid_request_error"}]}
    )
    made.write(*TEN)
    made.run("cut_1")
    assert type(made.begin("batch_1_2").trigger).__name__ == "RoomTrigger"
    made.run("batch_1_1")
    with pytest.raises(
        Exception,
        match=r"The canary failed: 2 of the first 2 .* begin another run, or go on with CANARY = 0",
    ):
        made.run("batch_1_2")
    assert sizes(made) == [2]


def test_the_budget_is_kept(stage: MakeStage) -> None:
    """A batch that could pass it is not sent, and the others are told, not left waiting."""
    made = stage(BUDGET_USD="0.05", CONCURRENT_BATCHES=4)
    made.write(*TEN)
    made.run("cut_1")
    with pytest.raises(Exception, match=r"The budget of \$0\.05 would be passed.*Raise BUDGET_USD"):
        made.run("batch_1_1")
    assert made.api.calls["create"] == 0


def test_the_budget_is_that_of_all_rounds(stage: MakeStage) -> None:
    """What the first has cost is no more there for the second."""
    made = stage(BUDGET_USD="10")
    made.api.set_scenario(
        {
            "outcomes": [
                {"id": "r-1", "attempt": 1, "type": "errored", "error": "api_error"},
                {"id": "r-0", "usage": {"output_tokens": 10_000_000}},
            ]
        }
    )
    made.write(*TEN[:4])
    made.run_round(1)
    assert made.run("cut_2") == [2]
    with pytest.raises(Exception, match=r"The budget of \$10 would be passed"):
        made.run("batch_2_2")
    assert made.api.calls["create"] == 1


def test_an_account_without_credit(stage: MakeStage) -> None:
    """Is told once; what no round is left for is given up, and has cost no attempt more."""
    made = stage(MAX_RETRIES=0)
    lacks = {"error": "invalid_request_error", "message": "Your credit balance is too low."}
    outcome = {"id": "r-1", "type": "errored", **lacks, "retriable": True}
    made.api.set_scenario({"outcomes": [outcome]})
    made.write(*TEN[:4])
    made.run("cut_1")
    with pytest.raises(made.module.AirflowFailException, match="lacks credit"):
        made.run("batch_1_1")
    assert made.run_all(1).startswith("3 of 4")
    made.is_complete(*TEN[:4])
    (failed,) = made.lines("failed.jsonl")
    assert (failed["custom_id"], failed["attempts"]) == ("r-1", 0)


def test_a_stop_is_told_to_those_that_wait(stage: MakeStage) -> None:
    """They end with the reason of the first; cleared together, they go on."""
    made = stage(CONCURRENT_BATCHES=1)
    made.api.set_scenario(
        {"faults": [{"on": "create", "do": "error", "status": 403, "type": "permission_error"}]}
    )
    made.write(*TEN)
    made.run("cut_1")
    waiting = made.begin("batch_1_2")
    with pytest.raises(Exception, match="The API refused batch 1"):
        made.run("batch_1_1")
    with pytest.raises(Exception, match="another batch stopped the run: The API refused batch 1"):
        made.wake("batch_1_2", waiting)
    made.run_all()
    made.is_complete(*TEN)


def test_a_try_that_was_given_up_stops_nobody(stage: MakeStage) -> None:
    """Its state store is closed to it: it fails, sends nothing, and leaves no word for the others."""
    made = stage(BUDGET_USD="0.05")
    made.write(*TEN)
    made.run("cut_1")

    def closed(when: str, value: Any) -> None:
        raise EOFError

    made.store_of("batch_1_1").kill = closed
    with pytest.raises(EOFError):
        made.run("batch_1_1")
    assert made.api.calls["create"] == 0
    assert not (made.out / "rounds" / "1" / "stops").exists()


def test_a_batch_that_the_api_knows_no_more(stage: MakeStage) -> None:
    """Is not sent again, cleared or not: it may be paid for."""
    made = stage(LOST_BATCH_SECONDS=0.1)
    made.api.set_scenario({"faults": [{"on": "retrieve", "do": "vanish"}]})
    made.write(*TEN)
    made.run("cut_1")
    for _ in range(2):
        with pytest.raises(
            made.module.AirflowFailException, match="has not known batch msgbatch_"
        ) as told:
            made.run("batch_1_1")
        assert "begin another run with what has no answer" in str(told.value)
    assert made.api.calls["create"] == 1
    assert set(made.deferrals) == {"batch_1_1 BatchTrigger"}


def test_a_batch_in_question_that_is_gone(stage: MakeStage) -> None:
    """Is not ours to collect: the worker makes sure, and the batch is sent."""
    made = stage(LOST_BATCH_SECONDS=0.1)
    vanish = {"on": "retrieve", "do": "vanish"}
    made.api.set_scenario({"faults": [*on_create("lose-answer", nth=1)["faults"], vanish]})
    made.write(*TEN[:4])
    made.run_round(1)
    assert made.api.calls["create"] == 2


def test_a_key_of_another_workspace(stage: MakeStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settles no doubt: what the first key has made it does not see."""
    made = stage()
    theirs = {"workspace": "wrkspc_theirs", "organization": "org-ours"}
    made.api.set_scenario({**on_create("lose-answer", nth=1), "accounts": {"theirs": theirs}})
    made.write(*TEN)
    made.run("cut_1")
    waiting = made.begin("batch_1_1")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "theirs")
    told = r"another workspace \(wrkspc_theirs\).* or write none into adopt\.txt beside the batch\."
    with pytest.raises(made.module.AirflowFailException, match=told):
        made.wake("batch_1_1", waiting)
    assert made.api.calls["create"] == 1


# ---- told at start


def test_bad_input_is_told_before_anything(stage: MakeStage) -> None:
    """Every problem with its line."""
    made = stage()
    made.source.write_text('{"id": "a b", "prompt": "x"}\n{"id": "c"}\n', "utf-8")
    with pytest.raises(
        Exception, match=r'line 1, id "a b".*\n.*line 2, id "c": "prompt" is missing'
    ):
        made.run("cut_1")
    assert made.api.calls.total() == 0


@pytest.mark.parametrize("other", ["input", "settings"])
def test_a_run_that_was_killed_before_its_first_cut_goes_on_as_it_began(
    stage: MakeStage, other: str
) -> None:
    """With another input or other settings it is another run."""
    made = stage()
    made.write(*TEN)
    first = made.run("cut_1")
    cut, began = made.out / "rounds" / "1" / "batches.json", made.out / "run.json"
    cut.unlink()
    assert made.run("cut_1") == first
    cut.unlink()
    if other == "input":
        made.write(*TEN, "one-more")
    else:
        run = json.loads(began.read_text("utf-8"))
        run["request_settings"]["max_tokens"] = 1
        began.write_text(json.dumps(run), "utf-8")
    with pytest.raises(made.module.AirflowFailException, match=f"(an)?other {other}"):
        made.run("cut_1")
    assert not cut.exists()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        ("none", "has no task_state_store"),
        ("forgets", "state store does not keep"),
        ("old", "of an Airflow before 3.3"),
        ("sdk", "anthropic>=2.5,<3"),
        ("folder", "cannot be written"),
        ("address", "is no path of a store"),
        ("key", "There is no API key"),
        ("map", "maps a task at most 3 times"),
    ],
)
def test_what_is_missing_is_told_before_anything(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch, spoil: str, says: str
) -> None:
    """An engine too old, no state store, a store that cannot be written: nothing is sent."""
    made = stage()
    made.write(*TEN)
    context: dict[str, Any] = made.context("cut_1")
    operator = made.operator("cut_1")
    match spoil:
        case "none":
            del context["task_state_store"]
        case "forgets":
            monkeypatch.setattr(context["task_state_store"], "get", lambda key: None)
        case "old":
            monkeypatch.setattr(made.module.airflow_sdk, "__version__", "1.2.9")
        case "sdk":
            monkeypatch.setattr(made.module.anthropic, "__version__", "1.99.0")
        case "folder":
            made.out.parent.write_text("a file in the place of the folder", "utf-8")
        case "address":

            def refuse(path: str) -> None:
                raise ValueError("Unsupported filesystem")

            monkeypatch.setattr(made.module, "ObjectStoragePath", refuse)
        case "key":
            monkeypatch.delenv("ANTHROPIC_API_KEY")
        case "map":
            monkeypatch.setattr(made.module.conf, "getint", lambda section, key: 3)
    with pytest.raises(made.module.AirflowFailException, match=says):
        operator.execute(context)
    assert made.api.calls.total() == 0


@pytest.mark.parametrize("spoil", ["an Airflow without a state store", "no SDK"])
def test_what_cannot_be_imported_is_told_where_it_is(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    """With what is needed: Airflow shows it in place of the DAG."""
    stage()
    if spoil == "no SDK":
        monkeypatch.setitem(sys.modules, "anthropic", None)
    else:
        monkeypatch.delattr(sys.modules["airflow.sdk"], "NEVER_EXPIRE")
    del sys.modules[MODULE]  # not by monkeypatch, which would put it back after the stage is gone
    needed = r"^Apache Airflow 3\.3 or newer and the package anthropic 2\.x are needed.* Nothing was sent\.$"
    with pytest.raises(ImportError, match=needed):
        importlib.import_module(MODULE)


def test_no_words_of_an_error_reach_the_log(
    stage: MakeStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may hold a prompt; the task is tried again."""
    made = stage()
    made.write(*TEN)
    made.run("cut_1")

    def fail(*_: object) -> None:
        raise RuntimeError("Prompt of r-1")

    monkeypatch.setattr(made.module, "Flow", fail)
    with pytest.raises(RuntimeError, match=r"^unforeseen RuntimeError$") as told:
        made.run("batch_1_1")
    assert told.value.__cause__ is None
