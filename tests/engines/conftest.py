"""The editions on stubs of their engines: a stage of Airflow's with an API, and the parts of DBOS's."""

from __future__ import annotations

import importlib
import ssl
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from planner.fake import FakeApi
from tests.engines.stage import MODULE, STUBS, Stage, write

MakeStage = Callable[..., Stage]
PARTS = ("planner.programs.dbos.rest", "planner.programs.dbos.pace")


class Clock:
    """Stands for the module `time`."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi]:
    with FakeApi({"polls": 1}) as api:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", api.url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", api.key)
        yield api


@pytest.fixture
def stage(api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeStage]:
    """Makes a stage, with other values of the module's constants."""
    monkeypatch.syspath_prepend(STUBS)
    # Each task would read all certificates of the system, and talks to 127.0.0.1 in the clear.
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_, **__: None)
    before = {*sys.modules}

    def make(**constants: object) -> Stage:
        code = tmp_path / "code"
        code.mkdir()
        write(code, **constants)
        monkeypatch.syspath_prepend(code)
        module = importlib.import_module(MODULE)
        return Stage(tmp_path, api, module, tmp_path / "requests.jsonl")

    yield make
    for name in {*sys.modules} - before:
        if name.partition(".")[0] in ("airflow", MODULE, "run_batches_dag"):
            del sys.modules[name]


@pytest.fixture
def pace(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The part of the DBOS edition with the workflow, and the stub that it runs on, both anew."""
    monkeypatch.syspath_prepend(STUBS)
    monkeypatch.delenv("DBOS_SYSTEM_DATABASE_URL", raising=False)
    names = ("dbos", *PARTS)
    kept = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    yield importlib.import_module(PARTS[1])
    for name in names:
        del sys.modules[name]
    sys.modules.update(kept)


@pytest.fixture
def rest(pace: Any) -> Any:
    """The part that waits."""
    return sys.modules[PARTS[0]]


@pytest.fixture
def clock(rest: Any, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time that passes for it."""
    clock = Clock()
    monkeypatch.setattr(rest, "time", clock)
    return clock
