"""What is wrong with the site: told all at once, each fault with its place and its remedy."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What is wrong with the site, and where and how to put it right."""

    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}\n    {self.remedy}"


class SiteError(Exception):
    """The faults that keep a site from being written."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


class Collector:
    """Collects faults, so that nobody builds five times to mend five slips.

    What a step raises inside `with collector.going_on():` is kept, and the loop around it goes on.
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def add(self, where: str, what: str, remedy: str) -> None:
        """Keep one fault."""
        self.faults.append(Fault(where=where, what=what, remedy=remedy))

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Keep the faults that the block raises; what comes after the block runs all the same."""
        try:
            yield
        except SiteError as error:
            self.faults += error.faults

    def raise_all(self) -> None:
        """Raise SiteError with everything that was kept, each once; if that is nothing, return."""
        if self.faults:
            raise SiteError(*dict.fromkeys(self.faults))
