"""A stage for each test: the module of the Airflow edition on stubs, and an API."""

from __future__ import annotations

import importlib
import ssl
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from planner.fake import FakeApi
from tests.engines.stage import MODULE, STUBS, Stage, write

MakeStage = Callable[..., Stage]


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
