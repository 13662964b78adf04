"""Read lines that differ from one another in two texts alone: the id and the prompt.

The lines of a file that a program wrote are mostly so. What stands around the two texts is read as
JSON once; of the lines that follow only the two texts are read. A line is the same JSON whichever
way it is read: where anything else differs, the template does not fit, and the line is read whole.
"""

import json
import json.decoder
import json.encoder
import re
from dataclasses import dataclass
from typing import Any

from planner import facts

_id = re.compile(str(facts.limit("custom_id_pattern").value).strip("^$")).match
_ESCAPED = '"\\\b\f\n\r\t'  # those that are sent as a backslash and a letter
_scan = json.decoder.scanstring  # type: ignore[attr-defined]  # a text from its place on
_decode = json.JSONDecoder().decode
_write = json.encoder.encode_basestring  # as the SDK writes a text: only what must be is escaped


@dataclass(slots=True)
class Run:
    """What lines that follow one another hold: of each the id, the prompt, and the bytes sent.

    `end` is the place in the text behind them.
    """

    ids: list[str]
    prompts: list[str]
    sizes: list[int]
    end: int


class Template:
    """What stands before the id, between id and prompt, and after the prompt to the next line.

    `around` are the bytes of a request as the SDK sends it, but for those two texts.
    """

    __slots__ = ("after", "around", "before", "between", "number")

    def __init__(self, before: str, between: str, after: str, around: int) -> None:
        self.before, self.between, self.after = before, between, after + "\n"
        self.around = around
        self.number = hash((before, between, after))

    def read(self, text: str, start: int, most: int) -> Run | None:
        """The lines from that place on that have this form, up to the first that has not; None
        where that is the first of all.

        Not of the form are lines with an id that is not allowed, with a prompt that says nothing
        or has no UTF-8, and those of which more than `most` bytes would be sent.
        """
        before, between, after = self.before, self.between, self.after
        place, ids, prompts, sizes = start, [], [], []
        while text.startswith(before, place):
            found = _id(text, place + len(before))
            if found is None or not text.startswith(between, found.end()):
                break
            first = found.end() + len(between)
            try:
                prompt, end = _scan(text, first, True)
                end -= 1  # the scan ends behind the quote with which `after` begins
                size = self.around + len(found[0]) + _sent(text, first, end, prompt)
            except ValueError:
                break
            if not text.startswith(after, end) or not prompt or prompt.isspace() or size > most:
                break
            place = end + len(after)
            ids.append(found[0])
            prompts.append(prompt)
            sizes.append(size)
        return Run(ids, prompts, sizes, place) if ids else None


def _sent(text: str, start: int, end: int, prompt: str) -> int:
    """The bytes of a prompt as it is sent, without quotes; start and end are its place in a line."""
    escapes = end - start - len(prompt)
    if not escapes:
        return len(prompt) if prompt.isascii() else len(prompt.encode())
    # An escape of two characters is sent as it stands, but for \/. Those of six are not: with them
    # more characters go than there are escapes, each of which has a backslash besides those it means.
    short = text.count("\\", start, end) - prompt.count("\\") == escapes
    if short and ("/" not in prompt or text.find("\\/", start, end) < 0):
        return end - start if prompt.isascii() else len(prompt.encode()) + escapes
    if text.find("\\u000", start, end) >= 0 or text.find("\\u001", start, end) >= 0:
        return len(_write(prompt).encode()) - 2  # it may be one that stays an escape
    return len(prompt.encode()) + sum(map(prompt.count, _ESCAPED))


def learn(
    text: str, id_key: str, prompt_key: str, value: dict[str, Any], around: int
) -> Template | None:
    """The template of a line, whose value as JSON is known; None where it cannot be one.

    The keys are those whose texts differ from line to line: custom_id and content, or id and prompt.
    """
    custom_id = _text_behind(text, id_key, 0)
    if custom_id is None:
        return None
    prompt = _text_behind(text, prompt_key, custom_id[1])
    if prompt is None:
        return None
    found = Template(
        text[: custom_id[0]], text[custom_id[1] : prompt[0]], text[prompt[1] :], around
    )
    # The proof: with other texts in both places nothing else becomes different.
    tried = _decode(f"{found.before}{_MARK}1{found.between}{_MARK}2{found.after}")
    return found if _written(tried) == _written(_marked(value, id_key)) else None


_MARK = "mark-between-two-"


def _written(value: Any) -> str:
    return json.dumps(value)


def _marked(value: dict[str, Any], id_key: str) -> dict[str, Any]:
    """The value with marks for its id and its prompt."""
    if id_key == "id":
        return {**value, "id": f"{_MARK}1", "prompt": f"{_MARK}2"}
    message = {**value["params"]["messages"][0], "content": f"{_MARK}2"}
    params = {**value["params"], "messages": [message]}
    return {**value, "custom_id": f"{_MARK}1", "params": params}


def _text_behind(text: str, key: str, start: int) -> tuple[int, int] | None:
    """Where the text behind the last key of that name begins and ends, without quotes."""
    places = [match.end() for match in re.finditer(rf'"{key}"\s*:\s*"', text[start:])]
    for place in reversed(places) if key == "content" else places:
        try:
            return start + place, _scan(text, start + place, True)[1] - 1
        except ValueError:
            continue
    return None
