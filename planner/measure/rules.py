"""The rules that a request must keep, as a table; and the words of what breaks one.

A rule has a stable name, what the API does with a request that breaks it, and the facts that say
so. What is wrong with one request is a `Finding`: its own words, then those of its rule.
"""

from dataclasses import dataclass

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One rule. `answer`: what the API would do; `sources`: keys of the facts that say so."""

    name: str
    severity: str
    answer: str
    sources: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What is wrong with one line of a file. Lines count from 1."""

    file: str
    line: int
    custom_id: str | None
    rule: str
    severity: str
    message: str


# What comes back from the API when nobody looks before.
_AT_ONCE = "The API refuses the whole batch at once."
_AFTER = "The API says so only after the whole batch has ended: the request comes back errored."
_NOT_SENT = "No such request can be made."
_OURS = "The programs of a plan do not send it; what the API would say is not published."

# fmt: off
_ROWS = (
    Rule(name="json", severity=ERROR, answer=_NOT_SENT, sources=("no_upload",)),
    Rule(name="utf-8", severity=ERROR, answer=_NOT_SENT, sources=("no_upload",)),
    Rule(name="object", severity=ERROR, answer=_NOT_SENT, sources=("create_endpoint",)),
    Rule(name="nesting", severity=ERROR, answer=_OURS, sources=("create_endpoint",)),
    Rule(name="custom-id-missing", severity=ERROR, answer=_AT_ONCE, sources=("envelope_checked", "custom_id_pattern")),
    Rule(name="custom-id-form", severity=ERROR, answer=_AT_ONCE, sources=("custom_id_pattern", "custom_id_max_chars", "envelope_checked")),
    Rule(name="custom-id-repeated", severity=ERROR, answer=_AT_ONCE, sources=("custom_id_unique", "envelope_checked")),
    Rule(name="params-missing", severity=ERROR, answer=_AT_ONCE, sources=("create_endpoint", "envelope_checked")),
    Rule(name="model-missing", severity=ERROR, answer=_AFTER, sources=("async_validation",)),
    Rule(name="model-unknown", severity=ERROR, answer=_AFTER, sources=("models_supported", "async_validation")),
    Rule(name="model-retired", severity=ERROR, answer=_AFTER, sources=("models_supported", "async_validation")),
    Rule(name="max-tokens-missing", severity=ERROR, answer=_AFTER, sources=("async_validation",)),
    Rule(name="max-tokens-zero", severity=ERROR, answer=_AFTER, sources=("rejected_params", "async_validation")),
    Rule(name="max-tokens-over-model", severity=ERROR, answer=_AFTER, sources=("extended_output_tokens", "extended_output_header", "async_validation")),
    Rule(name="messages-missing", severity=ERROR, answer=_AFTER, sources=("async_validation",)),
    Rule(name="messages-empty", severity=ERROR, answer=_AFTER, sources=("async_validation",)),
    Rule(name="stream", severity=ERROR, answer=_AFTER, sources=("rejected_params", "async_validation")),
    Rule(name="speed", severity=ERROR, answer=_AFTER, sources=("rejected_params", "async_validation")),
    Rule(name="sampling", severity=ERROR, answer=_AFTER, sources=("sampling_params", "async_validation")),
    Rule(name="prefill", severity=ERROR, answer=_AFTER, sources=("prefill", "async_validation")),
    Rule(name="unknown-key", severity=ERROR, answer=_AFTER, sources=("unknown_keys", "betas_in_params", "fallbacks_rejected", "request_params")),
    Rule(name="context", severity=ERROR, answer=_AFTER, sources=("async_validation", "chars_per_token_new", "chars_per_token_old")),
    Rule(name="request-too-large", severity=ERROR, answer=_AT_ONCE, sources=("batch_max_bytes", "batch_byte_margin", "too_large_status")),
    Rule(name="mixed-rows", severity=ERROR, answer=_NOT_SENT, sources=("create_endpoint",)),
    Rule(name="empty-file", severity=ERROR, answer=_NOT_SENT, sources=("create_endpoint",)),
)
# fmt: on
RULES = {rule.name: rule for rule in _ROWS}


@dataclass(frozen=True, slots=True)
class Fault:
    """What breaks a rule, whichever line it stands in: what is wrong, and how to mend it."""

    rule: str
    wrong: str
    remedy: str
    severity: str = ERROR

    @property
    def message(self) -> str:
        """What is wrong, what the API would do, how to mend it."""
        answer = RULES[self.rule].answer if self.severity == ERROR else ""
        return " ".join(filter(None, (f"{self.wrong}.", answer, f"{self.remedy}.")))
