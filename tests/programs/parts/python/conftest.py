"""A run's parts on a folder and the fake API, in this process."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from planner.fake import FakeApi
from planner.programs.python.cut import Source
from planner.programs.python.folder import Folder
from planner.programs.python.report import Log
from planner.programs.python.scan import Scan
from planner.programs.python.settings import Settings

SETTINGS = Settings(
    model="claude-sonnet-5-5",
    max_tokens=100,
    requests_per_batch=2,
    poll_seconds=0.01,
    base_delay_seconds=0.01,
    adopt_grace_seconds=0.05,
)


@dataclass
class Quiet(Log):
    """A log that keeps its lines."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def print(self, text: str) -> None:
        self.lines.append(text)


@dataclass
class Work:
    """What the parts of a run need, opened."""

    settings: Settings
    folder: Folder
    source: Source
    scan: Scan
    log: Quiet

    def events(self, *names: str) -> list[dict[str, Any]]:
        """The lines of the journal with these events, all without a name."""
        lines = [json.loads(line) for line in self.folder.journal.path.read_bytes().splitlines()]
        return [line for line in lines if not names or line["event"] in names]

    def ids(self, path: Path) -> list[str]:
        """The ids in a file of answers."""
        return [json.loads(line)["custom_id"] for line in path.read_bytes().splitlines()]


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Callable[..., Work]]:
    """Opens a run of these ids, with some settings changed; again, it takes the run up."""
    with ExitStack() as stack:

        def opened(*ids: str, **changed: Any) -> Work:
            settings, path = replace(SETTINGS, **changed), tmp_path / "in.jsonl"
            if ids:
                rows = [json.dumps({"id": each, "prompt": "?"}) for each in ids]
                path.write_text("".join(row + "\n" for row in rows))
            log = Quiet()
            folder = Folder(tmp_path / "out", log)
            source = Source(path, folder, settings)
            stack.callback(source.close)
            scan = source.scan()
            folder.open(scan.identity(), settings)
            stack.callback(folder.close)
            return Work(settings, folder, source, scan, log)

        yield opened


@pytest.fixture
def fake_api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., FakeApi]]:
    """Starts a fake API and points the environment to it."""
    with ExitStack() as stack:

        def start(**scenario: Any) -> FakeApi:
            fake = stack.enter_context(FakeApi(scenario))
            for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
                monkeypatch.delenv(name)
            monkeypatch.setenv("ANTHROPIC_BASE_URL", fake.url)
            monkeypatch.setenv("ANTHROPIC_API_KEY", fake.key)
            return fake

        yield start
