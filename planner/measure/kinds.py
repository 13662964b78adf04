"""Tell what a line of JSON is: a whole request, a row, a result; or a file for something else."""

from collections.abc import Mapping
from typing import Any

from planner.measure.lines import ReadError

REQUESTS, ROWS, RESULTS = "requests", "rows", "results"


def kind_of(value: Mapping[str, Any]) -> str:
    """The kind of a line. Raises ReadError for what is no line to measure."""
    if "params" in value:
        return REQUESTS
    if "result" in value or {"reason", "attempts"} <= value.keys():
        return RESULTS
    if "custom_id" in value:
        if "response" in value and "error" in value:
            raise ReadError(
                "these are results of another provider's batch. "
                "Only those of the Message Batches API can be read"
            )
        return REQUESTS
    if "event" in value and "at" in value:
        raise ReadError("this is the journal of a run. Give it to review")
    if value.get("type") == "message_batch" or "request_counts" in value or "data" in value:
        raise ReadError("this is a list of batches. Give it to review")
    if "requests" in value:
        raise ReadError(
            "this is the body of a create call. Write each of its requests on a line of its own"
        )
    return ROWS


def refuse_one_document(line: str) -> None:
    """Raise ReadError where the first line begins a JSON document of many lines."""
    if line.strip() in ("[", "{", "[{"):
        raise ReadError(
            "this is one JSON document over many lines. Write each request on a line of its own, "
            "as JSON Lines"
        )
