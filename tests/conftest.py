"""What all tests share: the built site, a server for it, the switch for golden files, and draws.

Cases that are many are drawn: a run has some of them, another run others, and `--whole` has all
(`make test-long`). The seed of a run is its last line but one; `--seed` draws the same again.
"""

import fcntl
import gc
import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest
from xdist.scheduler import LoadScopeScheduling

from tests.programs.processes import Zygote
from tests.static_server import StaticServer

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
# Files whose tests ask for something dear that is made once: one worker has all of them.
TOGETHER = ("tests/browser/test_parity.py", "tests/test_package.py")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write golden files anew instead of comparing them",
    )
    parser.addoption(
        "--whole", action="store_true", help="run every case, also of what is drawn otherwise"
    )
    parser.addoption("--seed", type=int, help="draw the cases of an earlier run again")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "drawn(most, either): so many of a test's cases are run; without `most` as few as have each "
        "value of each parameter; of the parameters `either`, any value will do",
    )
    if config.option.seed is None:
        of_run = getattr(config, "workerinput", {}).get("seed")
        config.option.seed = random.randrange(10**6) if of_run is None else of_run


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give a worker the seed of the run: all must draw the same."""
    node.workerinput["seed"] = node.config.option.seed


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if not config.option.whole:
        seed = config.option.seed
        terminalreporter.write_line(f"Cases drawn with --seed {seed}; --whole runs every case.")


def pytest_collection_finish() -> None:
    """Have the clean-ups of a run pass over what lives as long as it: they took a tenth of the time."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)  # of those that -k and marks leave
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not drawn."""
    if config.option.whole:
        return
    cases = defaultdict[str, list[pytest.Item]](list)
    for item in items:
        if item.get_closest_marker("drawn"):
            cases[item.nodeid.partition("[")[0]].append(item)
    left_out = set[pytest.Item]()
    for name, each in cases.items():
        left_out.update(set(each).difference(drawn(each, f"{config.option.seed} {name}")))
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=[*left_out])


def drawn(cases: list[pytest.Item], seed: str) -> Iterable[pytest.Item]:
    """As many as the mark says; else each that has a value which those before it have not.

    Of the parameters that the mark calls `either`, any value will do.
    """
    mark = cases[0].get_closest_marker("drawn")
    either = mark.kwargs.get("either", ())
    shuffled = random.Random(seed).sample(cases, len(cases))
    if mark.args:
        return shuffled[: mark.args[0]]
    had, kept = set[tuple[str, str]](), []
    for case in shuffled:
        parameters = case.callspec.params if hasattr(case, "callspec") else {}
        values = {
            (parameter, repr(value))
            for parameter, value in parameters.items()
            if parameter not in either
        } or {("", "")}  # with nothing else to differ in, one case has all
        if not values <= had:
            kept.append(case)
            had |= values
    return kept


@pytest.fixture
def whole(request: pytest.FixtureRequest) -> bool:
    """True when every case is to be run, also in a test that is many cases itself."""
    return bool(request.config.option.whole)


Chances = Callable[[int, int], Iterator[random.Random]]


@pytest.fixture
def chances(request: pytest.FixtureRequest, whole: bool) -> Chances:
    """`chances(few, many)`: sources of chance, few of them, and many where every case is run."""
    seed = f"{request.config.option.seed} {request.node.nodeid}"

    def chances(few: int, many: int) -> Iterator[random.Random]:
        for number in range(many if whole else few):
            yield random.Random(f"{seed} {number}")

    return chances


Some = Callable[[Sequence[T]], Sequence[T]]


@pytest.fixture
def some(chances: Chances, whole: bool) -> Some[Any]:
    """`some(cases)`: twelve of them, and all where every case is run."""
    (chance,) = chances(1, 1)
    return lambda cases: cases if whole else chance.sample(cases, min(12, len(cases)))


class _Scheduling(LoadScopeScheduling):
    """Each test goes to whichever worker is free, those of a file of TOGETHER to one worker.

    Every second worker begins at the end: the browser's tests, which come first, keep the processor
    busy, and many of the others wait.
    """

    def _assign_work_unit(self, node: Any) -> None:
        if self.nodes.index(node) % 2:
            self.workqueue.move_to_end(next(reversed(self.workqueue)), last=False)
        super()._assign_work_unit(node)

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file in TOGETHER else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> _Scheduling:
    # not --dist=loadgroup: pytest has the name of a test from elsewhere since, and no group counts
    return _Scheduling(config, log)


@pytest.fixture
def update_golden(request: pytest.FixtureRequest) -> bool:
    """True when golden files are to be written anew."""
    return bool(request.config.getoption("--update-golden"))


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The site, built by build.py once for the whole run."""
    base = tmp_path_factory.getbasetemp()
    shared = (
        base if worker_id == "master" else base.parent
    )  # workers share the folder above their own
    out = shared / "site"
    with (shared / "site.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not out.exists():
            command = [sys.executable, "build.py", "--out", str(out)]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
    return out


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    """The process that starts Python programs."""
    zygote = Zygote()
    yield zygote
    zygote.close()


def files_of(folder: Path) -> dict[str, bytes]:
    """The files below a folder by path, as `build.build()` gives those of a site."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


@pytest.fixture
def server(site: Path, request: pytest.FixtureRequest) -> Iterator[StaticServer]:
    """The site at an origin of its own, so that no test sees what another stored; a parameter is
    the path below it.
    """
    with StaticServer(site, getattr(request, "param", "/")) as server:
        yield server
