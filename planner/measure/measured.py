"""What a measurement found."""

from dataclasses import dataclass

from planner.measure.findings import Findings
from planner.measure.results import Results
from planner.measure.workload import Workload


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A request that is, but for its id, the same as an earlier one: its model and likely tokens."""

    model: str
    tokens: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What the files held, up to where they were read.

    `bytes` is the size of the body of a create call with all requests; `workloads` has one entry a
    model, the most requests first. `repeats_left_out`: requests that may repeat an id or a content,
    beyond those that were looked at.
    """

    files: int
    lines: int
    requests: int
    bytes: int
    workloads: tuple[Workload, ...]
    findings: Findings
    results: Results
    duplicates: tuple[Duplicate, ...]
    repeats_left_out: int = 0
