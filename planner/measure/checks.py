"""Hold a request against the rules.

What depends on the shape of a request alone, its keys, its model and its limits, is judged once for
each shape: files of a million requests have few. The rest is looked at in each.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from planner import facts
from planner.measure.rules import WARNING, Fault

_is_id = re.compile(str(facts.limit("custom_id_pattern").value).strip("^$")).fullmatch
_LONGEST_ID = facts.limit("custom_id_max_chars").value
_PARAMS = frozenset(str(facts.limit("request_params").value).split(", "))
DEEPEST = 100  # levels of nesting that the programs send
_SAMPLING = ("temperature", "top_p", "top_k")
_HEADERS = {"betas", "user_profile_id", "workspace_id"}  # of the create call
_OTHER_PROVIDER = {"method", "url", "body"}  # as lines of OpenAI's batch files have them


def shown(value: object) -> str:
    """A name out of somebody's file, short and on one line."""
    text = f"“{value}”" if isinstance(value, str) else repr(value)
    text = " ".join(text.split())
    return text if len(text) <= 60 else text[:59] + "…"


def faults_of_nesting(value: Mapping[str, Any], text: str) -> Iterator[Fault]:
    """That a line, of such a text, is nested too deeply; most have not even so many brackets."""
    if text.count("{") + text.count("[") > DEEPEST and _is_deep(value, DEEPEST):
        yield too_deep()


def too_deep() -> Fault:
    """That a line is nested deeper than the programs can send."""
    return Fault(
        "nesting", f"The line is nested deeper than {DEEPEST} levels", "Flatten the request"
    )


def _is_deep(value: object, levels: int) -> bool:
    """Whether a value is nested deeper than so many levels."""
    if isinstance(value, dict):
        inside: Iterable[object] = value.values()
    elif isinstance(value, list):
        inside = value
    else:
        return False
    return not levels or any(_is_deep(each, levels - 1) for each in inside)


def faults_of_id(holder: Mapping[str, Any], name: str) -> Iterator[Fault]:
    """What is wrong with the id of a line; `name` is custom_id, or id in a row."""
    custom_id = holder.get(name)
    if custom_id is None:
        yield Fault("custom-id-missing", f"“{name}” is missing", "Give each line an id of its own")
    elif not isinstance(custom_id, str):
        yield Fault("custom-id-form", f"“{name}” is no text", "Put it in quotes")
    elif not _is_id(custom_id):
        yield Fault(
            "custom-id-form",
            f"The id {shown(custom_id)} has {len(custom_id)} characters, or others than allowed",
            f"Use 1 to {_LONGEST_ID} letters a-z and A-Z, digits, hyphens and underscores",
        )


def faults_of_envelope(value: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong around the params of a whole request."""
    others = [key for key in value if key not in ("custom_id", "params")]
    if not isinstance(value.get("params"), dict):
        theirs = _OTHER_PROVIDER & set(others)
        yield Fault(
            "params-missing",
            "“params” is no object" if "params" in value else "“params” is missing"
            + (": this is a line of another provider's batch file" if theirs else ""),
            "Write {“model”: …, “max_tokens”: …, “messages”: […]} into “params”",
        )  # fmt: skip
    for key in others:
        yield Fault(
            "unknown-key",
            f"A request has “custom_id” and “params” only, not {shown(key)}",
            "Delete it, or move it into “params”",
        )


def shape_of(params: Mapping[str, Any]) -> tuple[object, ...]:
    """All that the faults of a shape depend on. Raises TypeError where it cannot be looked up."""
    limit = params.get("max_tokens")
    shape = (params.get("model"), limit, type(limit), params.get("stream") is True, *params)
    hash(shape)
    return shape


def faults_of_shape(params: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with the keys, the model and the limits of a request."""
    model = model_of(params)
    yield from _faults_of_model(params.get("model"), model)
    yield from _faults_of_limit(params.get("max_tokens"), model)
    yield from _faults_of_keys(params)


def model_of(params: Mapping[str, Any]) -> facts.Model | None:
    """The model of the catalogue that a request asks for."""
    name = params.get("model")
    try:
        return facts.model(name) if isinstance(name, str) else None
    except KeyError:
        return None


def _faults_of_model(name: object, model: facts.Model | None) -> Iterator[Fault]:
    if not isinstance(name, str) or not name:
        yield Fault("model-missing", "“model” is missing", "Name a model")
    elif model is None:
        yield Fault(
            "model-unknown",
            f"The model {shown(name)} is not in the catalogue of {facts.checked_on()}",
            "Check its name",
        )
    elif model.status == "retired":
        yield Fault(
            "model-retired",
            f"{model.name} is retired since {model.retires_on}",
            f"Use {facts.successor(model).id}",
        )
    elif model.status == "deprecated":
        end = f"on {model.retires_on}" if model.retires_on else "on a day that is not yet known"
        yield Fault(
            "model-retired",
            f"{model.name} will be retired {end}",
            f"Use {facts.successor(model).id}, unless the run ends before",
            WARNING,
        )


def _faults_of_limit(limit: object, model: facts.Model | None) -> Iterator[Fault]:
    number = int(limit) if isinstance(limit, float) and limit.is_integer() else limit
    if number is None:
        yield Fault("max-tokens-missing", "“max_tokens” is missing", "Add it")
    elif isinstance(number, bool) or not isinstance(number, int):
        yield Fault("max-tokens-missing", "“max_tokens” is no whole number", "Write one")
    elif number < 1:
        yield Fault("max-tokens-zero", f"“max_tokens” is {number}", "Write at least 1")
    elif model and number > model.batch_max_output_tokens:
        yield Fault(
            "max-tokens-over-model",
            f"“max_tokens” is {number:,}, and {model.name} writes at most "
            f"{model.batch_max_output_tokens:,} in a batch",
            "Lower it",
        )
    elif model and number > model.max_output_tokens:
        yield Fault(
            "max-tokens-over-model",
            f"“max_tokens” is {number:,}, and {model.name} writes more than "
            f"{model.max_output_tokens:,} only with a beta header",
            f"Send {model.extended_output_header} with the create call, or lower it",
            WARNING,
        )


def _faults_of_keys(params: Mapping[str, Any]) -> Iterator[Fault]:
    if params.get("stream") is True:
        yield Fault("stream", "“stream” is not possible in a batch", "Delete it")
    if "speed" in params:
        yield Fault("speed", "“speed” is not possible in a batch", "Delete it")
    for key in _SAMPLING:
        if key in params:
            yield Fault("sampling", f"“{key}” is no longer taken", "Delete it")
    for key in params:
        if key in _HEADERS:
            yield Fault(
                "unknown-key",
                f"{shown(key)} is no parameter of a request",
                "Give it to the create call",
            )
        elif key == "fallbacks":
            yield Fault("unknown-key", "“fallbacks” is not supported in a batch", "Delete it")
        elif key not in _PARAMS and key not in _SAMPLING:
            yield Fault("unknown-key", f"The API knows no parameter {shown(key)}", "Delete it")


def faults_of_messages(messages: object, model: facts.Model | None) -> Iterator[Fault]:
    """What is wrong with the messages of a request."""
    if not isinstance(messages, list):
        what = "is no list" if messages is not None else "is missing"
        yield Fault("messages-missing", f"“messages” {what}", "Write at least one message")
        return
    if not messages:
        yield Fault("messages-empty", "“messages” is empty", "Write at least one message")
        return
    for number, message in enumerate(messages, 1):
        if not isinstance(message, dict) or "role" not in message or "content" not in message:
            yield Fault(
                "messages-missing",
                f"Message {number} is no object with “role” and “content”",
                "Write {“role”: “user”, “content”: …}",
            )
        elif is_blank(message["content"]):
            yield Fault(
                "messages-empty", f"Message {number} has no content", "Fill it, or delete it"
            )
    last = messages[-1]
    if isinstance(last, dict) and last.get("role") == "assistant":
        old = model is not None and model.tokenizer == "old"
        yield Fault(
            "prefill",
            "The last message is the assistant's"
            + (": newer models refuse that" if old else ", and the model refuses that"),
            "End with a message of the user",
            WARNING if old else "error",
        )


def faults_of_row(row: Mapping[str, Any]) -> Iterator[Fault]:
    """What is wrong with the prompt of a row, and beside it."""
    prompt = row.get("prompt")
    if not isinstance(prompt, str):
        what = "is no text" if prompt is not None else "is missing"
        yield Fault("messages-missing", f"“prompt” {what}", "Write the prompt as a text")
    for key in row:
        if key not in ("id", "prompt"):
            yield Fault(
                "unknown-key",
                f"A row has “id” and “prompt” only, not {shown(key)}",
                "Delete it, or write a whole request",
            )


def plain_text(messages: Any) -> str:
    """The text of messages that are one text of the user, as nearly all are; else "".

    Nothing can be wrong with those.
    """
    if type(messages) is not list or len(messages) != 1 or type(messages[0]) is not dict:
        return ""
    content = messages[0].get("content")
    if type(content) is not str or messages[0].get("role") != "user" or content.isspace():
        return ""
    return content


def is_blank(content: object) -> bool:
    """Whether the content of a message says nothing at all."""
    if isinstance(content, str):
        return not content or content.isspace()
    return content is None or content == []


def fault_of_context(low_tokens: int, likely_tokens: int, limit: int, model: facts.Model) -> Fault:
    """That prompt and answer do not fit the model: surely by the low estimate, or perhaps."""
    room = model.context_tokens - limit
    surely = low_tokens > room
    tokens = low_tokens if surely else likely_tokens
    return Fault(
        "context",
        f"The prompt of {'at least' if surely else 'about'} {tokens:,} tokens and “max_tokens” of "
        f"{limit:,} exceed the context of {model.name}, {model.context_tokens:,}",
        "Shorten the prompt, or choose a model with a longer context",
        "error" if surely else WARNING,
    )
