"""The report for a terminal: what stands in it, in which order."""

from typing import Any

from planner.advice.caveat import Caveat
from planner.advice.ways import ways
from planner.plan import make_plan
from planner.scenario import parse
from planner.show.report import report

WARNING = Caveat(
    code="x",
    severity="warns",
    message="Mind the gap.",
    fix={"retries.max": 1, "batches.poll_s": 60},
    fix_label="Retry once",
)


def report_of(*caveats: Caveat, **groups: dict[str, Any]) -> list[str]:
    """The lines of a report."""
    one = {"requests_per_batch": 10_000, "concurrent": 1}
    plan = make_plan(parse({"duration": {"model": "formula"}, "batches": one, **groups}))
    return report(plan, caveats, [way for way in ways(plan) if way.this]).split("\n")


def test_a_report() -> None:
    """Sentence, spread, caveats with what to type, numbers, cost and queue."""
    bare = Caveat(code="y", severity="notes", message="So be it.")
    assert report_of(WARNING, bare, retries={"transient_rate": 0}) == [
        (
            "10,000 requests to Claude Sonnet 5.5 in 1 batch cost $55.00, half of the real-time price, "
            "and are 85 % likely to be done within 19 min."
        ),
        "All simulated runs take the same time, because nothing in them varies.",
        "",
        "Warning: Mind the gap.",
        "    Retry once: --set retries.max=1 --set batches.poll_s=60",
        "Note: So be it.",
        "",
        "Ways to do it          85 % sure within    Cost  Beside this plan",
        "✓ Sonnet 5.5, 1 batch            19 min  $55.00         this plan",
        "",
        "Batches          1 (10,000 requests)",
        "P50 / P85 / P95  19 min / 19 min / 19 min",
        "Batch cost       $55.00",
        "Real-time cost   $110.00, at best in 25 min",
        "Saved            $55.00",
        "Failed at first  0",
        "Given up         0",
        "max_tokens       2,900 (cuts off 0.9 %)",
        "",
        "Cost        Tokens  per million  Amount",
        "Input    5,000,000        $1.00   $5.00",
        "Output  10,000,000        $5.00  $50.00",
        "Total                            $55.00",
        "",
        "Queue at P85: The only batch  Requests    Bytes  Sent    Done  At P95",
        "1                               10,000  13.8 MB   0 s  19 min  19 min",
    ]


def test_half_and_tail_share_a_line() -> None:
    """Where the runs lie apart, both sentences follow the answer."""
    second = report_of(duration={"model": "observed"})[1]
    assert second.startswith("Half of such runs take less than ")
    assert " One in twenty takes more than " in second


def test_real_time_that_is_not_known() -> None:
    """Where no rates are published the report has the price of real time and no time."""
    assert "Real-time cost   $110.00" in report_of(limits={"tier": "custom"})
