"""Put the site into its folder."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from builder.faults import Fault, SiteError


def write(site: Mapping[str, bytes], out: Path) -> None:
    """Put the site into `out` in place of the site that is there.

    It is written beside it first: `out` is never half a site. Raises SiteError if `out` holds
    something else, so that a slip in --out deletes nobody's files.
    """
    if out.exists() and not (out / "runtime" / "planner.zip").exists() and any(out.iterdir()):
        what, remedy = "the folder is not a site", "Name another with --out, or empty this one."
        raise SiteError(Fault(where=str(out), what=what, remedy=remedy))
    fresh, old = out.with_name(out.name + ".new"), out.with_name(out.name + ".old")
    for folder in (fresh, old):
        shutil.rmtree(folder, ignore_errors=True)
    for path, content in site.items():
        file = fresh / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    if out.exists():
        out.rename(old)
    fresh.rename(out)
    shutil.rmtree(old, ignore_errors=True)
