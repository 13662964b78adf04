"""A site takes the place of the one before it, whole, and of nothing else."""

import errno
import fcntl
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from builder import output
from builder.faults import SiteError
from builder.output import write

RUNTIME = {"runtime/python.wasm": b""}


def files_in(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def test_writing_replaces_the_whole_site(tmp_path: Path) -> None:
    """A file of an earlier build does not stay behind, and nothing stands beside the site."""
    out = tmp_path / "below" / "dist"
    write({"old.html": b"1", **RUNTIME}, out)
    write({"a/new.html": b"2", **RUNTIME}, out)
    assert files_in(out) == {"a/new.html": b"2", **RUNTIME}
    assert list(out.parent.iterdir()) == [out]


def test_others_may_read_the_site(tmp_path: Path) -> None:
    """A server of another user serves it: the folder is as open as any that one makes."""
    (tmp_path / "plain").mkdir()
    write({"index.html": b""}, tmp_path / "dist")
    assert (tmp_path / "dist").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_site_is_put_into_an_empty_folder(tmp_path: Path) -> None:
    """Somebody made it beforehand."""
    (tmp_path / "dist").mkdir()
    write({"index.html": b"1"}, tmp_path / "dist")
    assert files_in(tmp_path / "dist") == {"index.html": b"1"}


@pytest.mark.parametrize("name", ["www.old", "www.new", ".www", "www.tmp"])
def test_neighbours_of_the_site_stay(tmp_path: Path, name: str) -> None:
    """Whatever they are called."""
    (tmp_path / name).mkdir()
    (tmp_path / name / "thesis.txt").write_text("ten years of work")
    for _ in range(2):
        write({"index.html": b"", **RUNTIME}, tmp_path / "www")
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted(["www", name])
    assert (tmp_path / name / "thesis.txt").exists()


def unsite(out: Path) -> Path:
    """A folder that is no site."""
    out.mkdir()
    (out / "thesis.txt").write_text("ten years of work")
    return out / "thesis.txt"


def repository(out: Path) -> Path:
    """A site that somebody keeps in git."""
    write({"index.html": b"", **RUNTIME}, out)
    (out / ".git").mkdir()
    return out / ".git"


def file(out: Path) -> Path:
    """No folder at all."""
    out.write_text("ten years of work")
    return out


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (unsite, "the folder is not a site"),
        (repository, "a new site would delete .git"),
        (file, "it is no folder"),
    ],
)
def test_what_is_no_site_is_not_replaced(
    tmp_path: Path, make: Callable[[Path], Path], what: str
) -> None:
    """`--out` with the wrong name must not delete somebody's work."""
    precious = make(tmp_path / "out")
    with pytest.raises(SiteError) as caught:
        write({"index.html": b"", **RUNTIME}, tmp_path / "out")
    assert [fault.what for fault in caught.value.faults] == [what]
    assert precious.exists()
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_folder_below_a_file_is_a_fault(tmp_path: Path) -> None:
    """No traceback."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SiteError, match="the site cannot be written"):
        write({"index.html": b""}, tmp_path / "file" / "dist")


def test_full_disk_leaves_the_old_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of a new site is thrown away, and the reader is told why."""
    write({"index.html": b"old", **RUNTIME}, tmp_path / "dist")
    real = Path.write_bytes

    def full(file: Path, content: bytes) -> int:
        if file.name == "last.html":
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(file, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(SiteError, match="cannot be written: No space left on device"):
        write({"index.html": b"new", "last.html": b"", **RUNTIME}, tmp_path / "dist")
    assert files_in(tmp_path / "dist") == {"index.html": b"old", **RUNTIME}
    assert [file.name for file in tmp_path.iterdir()] == ["dist"]


def site_of(builder: int) -> dict[str, bytes]:
    """A site that says in each of its files who built it, and has one file that no other has."""
    names = [*(f"{number}/index.html" for number in range(60)), f"{builder}.html"]
    return {name: str(builder).encode() for name in names} | RUNTIME


def test_builds_at_once_leave_one_whole_site(tmp_path: Path) -> None:
    """Whoever comes last: never a file of one and a file of the other, and nothing beside it."""
    together = threading.Barrier(4)

    def build(builder: int) -> None:
        for _ in range(5):
            together.wait(60)
            write(site_of(builder), tmp_path / "dist")

    with ThreadPoolExecutor(4) as builders:
        list(builders.map(build, range(4)))
    assert files_in(tmp_path / "dist") in [site_of(builder) for builder in range(4)]
    assert [file.name for file in tmp_path.iterdir()] == ["dist"]


def test_folders_are_swapped_beside_each_other_and_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the file system of the site, where a rename is one step; another build waits for it."""
    real, moments = output._take_place, []

    def take_place(fresh: Path, out: Path) -> None:
        handle = os.open(out.parent, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(handle)
        moments.append(fresh.parent.parent)
        real(fresh, out)

    monkeypatch.setattr(output, "_take_place", take_place)
    for _ in range(2):
        write({"index.html": b"", **RUNTIME}, tmp_path / "dist")
    assert moments == [tmp_path, tmp_path]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems swap folders in two steps")
def test_there_is_a_site_at_every_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old site is not moved away before the new one comes: both are exchanged in one step."""
    write({"index.html": b"old", **RUNTIME}, tmp_path / "dist")

    def rename(folder: Path, target: Path) -> None:
        pytest.fail(f"{folder} was moved to {target}")

    monkeypatch.setattr(Path, "rename", rename)
    write({"index.html": b"new", **RUNTIME}, tmp_path / "dist")
    assert files_in(tmp_path / "dist") == {"index.html": b"new", **RUNTIME}


def test_system_that_cannot_exchange_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The old site makes way and the new one takes its place."""
    monkeypatch.setattr(output.ctypes, "CDLL", lambda *_, **__: object())
    write({"index.html": b"old", **RUNTIME}, tmp_path / "dist")
    write({"index.html": b"new", **RUNTIME}, tmp_path / "dist")
    assert files_in(tmp_path / "dist") == {"index.html": b"new", **RUNTIME}
    assert [file.name for file in tmp_path.iterdir()] == ["dist"]
