"""Put the site into its folder: whole, in one step, and in place of nothing but a site.

Every build writes into a folder of its own beside the other, and swaps the two when all is there.
So a site is never half one and half another, whoever else builds, and what a kill or a full disk
leaves behind is that folder alone.
"""

import ctypes
import fcntl
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from builder.faults import Fault, SiteError

_HERE = -100  # AT_FDCWD: paths are as the process sees them
_EXCHANGE = 2  # RENAME_EXCHANGE


def write(site: Mapping[str, bytes], out: Path) -> None:
    """Put the site into `out` in place of the site that is there.

    Raises SiteError if `out` holds something else, so that a slip in --out deletes nobody's files,
    and if it cannot be written; `out` is then as it was.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        # the old site is in the temporary folder at the end; a rest of it does no harm
        with tempfile.TemporaryDirectory(
            prefix=f".{out.name}-", dir=out.parent, ignore_cleanup_errors=True
        ) as folder:
            fresh = Path(folder, "site")
            for path, content in site.items():
                file = fresh / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
            with _alone_in(out.parent):
                _check_is_site(out)
                _take_place(fresh, out)
    except OSError as error:
        what = f"the site cannot be written: {error.strerror}"
        remedy = "Make room and see who may write there, or name another folder with --out."
        raise SiteError(Fault(where=str(out), what=what, remedy=remedy)) from None


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other build swaps folders there."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _check_is_site(out: Path) -> None:
    """Raise SiteError if `out` is there and holds something that a new site would delete."""
    if not out.exists():
        return
    what = ""
    if not out.is_dir():
        what = "it is no folder"
    elif any(out.iterdir()) and not any(out.glob("runtime/*.wasm")):
        what = "the folder is not a site"
    elif hidden := sorted(file.name for file in out.iterdir() if file.name.startswith(".")):
        # no build writes such a name: somebody made the site a repository, or keeps a note there
        what = f"a new site would delete {', '.join(hidden)}"
    if what:
        remedy = "Name another folder with --out, or empty this one."
        raise SiteError(Fault(where=str(out), what=what, remedy=remedy))


def _take_place(fresh: Path, out: Path) -> None:
    """Swap the folders, in one step where the system can: no reader then finds nothing."""
    if not out.exists():
        fresh.rename(out)
        return
    exchange = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)  # Linux alone has it
    if exchange and exchange(_HERE, bytes(fresh), _HERE, bytes(out), _EXCHANGE) == 0:
        return
    old = fresh.with_name("old")
    out.rename(old)
    try:
        fresh.rename(out)
    except OSError:
        old.rename(out)
        raise
