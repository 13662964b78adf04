"""The kinds of question, one row each: check, read, dump, write, fill, say, phrase, as `Field`
explains them.

The rows stand at the end of the file; nothing else in the project asks which kind a field is of.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from planner import facts
from planner.scenario import amounts, history, moments
from planner.scenario.questions import Field, Kind
from planner.words import clock_time, count, percent, plain

_HUNDREDTH_OF_A_CENT = Decimal("0.0001")
# what every version of Python reads alike: some take 24:00 and week dates, others do not
TIME_FORM = re.compile(r"\d{4}-\d\d-\d\d[T ](?!24)\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_TIME_EXAMPLE = "with its offset from UTC, such as 2026-11-22T22:00+01:00"
_ANY_TIME = datetime(
    2000, 1, 1, tzinfo=UTC
)  # what names its moment by itself is seen alike from any
# ten thousand in half of Europe, and ten elsewhere
_POINTS = re.compile(r"[+-]?[1-9]\d{0,2}(\.\d{3})+")
_YES = {"true", "on", "yes", "1"}
_NO = {"false", "off", "no", "0", ""}


def short(text: Any) -> str:
    """At most 60 characters of what somebody typed, on one line."""
    line = " ".join(str(text).split())
    return line if len(line) <= 60 else line[:59] + "…"


# Numbers


def _within(field: Field, answer: Any, what: str) -> Decimal:
    allowed = f"must be {what} from {_bound(field.low)} to {_bound(field.high)}"
    # bool first: True is an int in Python
    if isinstance(answer, bool) or not isinstance(answer, int | float | Decimal):
        raise ValueError(f"{field.label} {allowed}.")
    # repr: the shortest decimal of a float is what was written, not its binary value
    number = Decimal(repr(answer)) if isinstance(answer, float) else Decimal(answer)
    if not number.is_finite() or not field.low <= number <= field.high:
        raise ValueError(f"{field.label} {allowed}.")
    return number


def _check_integer(field: Field, answer: Any) -> int:
    number = _within(field, answer, "a whole number")
    if number != number.to_integral_value():
        raise ValueError(f"{field.label} must be a whole number, not {plain(number)[:20]}.")
    return int(number)


def _check_number(field: Field, answer: Any) -> float:
    # nine decimals: what is finer says nothing, and would not come back from a text; + 0.0: no
    # minus zero
    return float(round(_within(field, answer, "a number"), 9)) + 0.0


def _check_money(field: Field, answer: Any) -> Decimal:
    # + 0: there is no minus zero
    return _within(field, answer, "an amount").quantize(_HUNDREDTH_OF_A_CENT).normalize() + 0


def _read_number(field: Field, text: str) -> Any:
    return _whole(field, text, amounts.number(text), "10000, 10,000, 10k or 1e4")


def _read_tokens(field: Field, text: str) -> Any:
    return _whole(field, text, amounts.tokens(text), "10000, 10k or 12 pages of PDF")


def _read_size(field: Field, text: str) -> Any:
    return _whole(field, text, amounts.size(text), "10000, 12 kB or 1.5 MB PDF")


def _whole(field: Field, text: str, amount: Decimal | None, examples: str) -> Any:
    if _POINTS.fullmatch(text):
        commas = short(text).replace(".", ",")
        raise ValueError(
            f"{field.label} must be a whole number, with commas for thousands: {commas}, not "
            f"{short(text)}."
        )
    return _amount(field, text, amount, examples)


def _read_money(field: Field, text: str) -> Any:
    return _amount(field, text, amounts.money(text), "500, $500 or 1.5k")


def _read_share(field: Field, text: str) -> Any:
    return _amount(field, text, amounts.share(text), "0.9 or 90 %")


def _read_span(field: Field, text: str) -> Any:
    examples = "48, 48h or 2 days" if field.unit == "h" else "90, 90 s or 30 min"
    return _amount(field, text, amounts.span(text, field.unit), examples)


def _amount(field: Field, text: str, amount: Decimal | None, examples: str) -> Any:
    if not text:
        return field.default
    if amount is None:
        raise ValueError(
            f"{field.label} must be a number from {_bound(field.low)} to {_bound(field.high)}, "
            f"such as {examples}."
        )
    return amount


def _dump_number(number: float | Decimal) -> int | float:
    return int(number) if number == int(number) else float(number)


def _say_plainly(_field: Field, number: float | Decimal) -> str:
    return plain(number)


def _say_share(_field: Field, ratio: float) -> str:
    return percent(ratio)


def _say_count(_field: Field, number: int) -> str:
    return count(number)


def _phrase_amount(field: Field, value: Any) -> str:
    unit = "" if field.zero and not value else field.unit
    return " ".join(filter(None, (field.label, field.say(value), unit)))


# Flags, choices, models


def _check_flag(field: Field, answer: Any) -> bool:
    if not isinstance(answer, bool):
        raise ValueError(f"{field.label} must be true or false.")
    return answer


def _read_flag(_field: Field, text: str) -> bool | str:
    return True if text.lower() in _YES else False if text.lower() in _NO else text


def _write_flag(flag: bool) -> str:
    return "true" if flag else "false"


def _say_flag(_field: Field, flag: bool) -> str:
    return "yes" if flag else "no"


def _check_choice(field: Field, answer: Any) -> str:
    allowed = [key for key, _ in field.choices]
    if not isinstance(answer, str) or answer not in allowed:
        raise ValueError(f"{field.label} must be one of {', '.join(allowed)}.")
    return answer


def _say_choice(field: Field, key: str) -> str:
    return dict(field.choices)[key]


def _phrase_choice(field: Field, value: Any) -> str:
    words = field.say(value)
    return f"{field.label}: {words[0].lower()}{words[1:]}"


def _check_model(field: Field, answer: Any) -> str:
    if isinstance(answer, str):
        try:
            return facts.model(answer).id
        except KeyError:
            pass
    wrong = (
        f"“{short(answer)}” is not in the catalogue"
        if isinstance(answer, str)
        else "The model must be a text"
    )
    nearest = _nearest_model(answer) if isinstance(answer, str) else ""
    raise ValueError(
        f"{wrong}. Did you mean {nearest}?"
        if nearest
        else f"{wrong}. Choose a model such as {field.default}; the method page lists all of them."
    )


def _nearest_model(typed: str) -> str:
    """The id or alias for which somebody typed `Sonnet 5.5`, or made a slip; "" if none is near."""
    from difflib import get_close_matches  # a slow import that only a mistake needs

    names = [name for model in facts.models() for name in (model.id, *model.aliases)]
    spelt = re.sub(r"[\s._]+", "-", short(typed).lower())
    return next(iter(get_close_matches(spelt, names, 1, 0.7)), "")


# Times


def _check_time(field: Field, answer: Any) -> str:
    example = f"{field.label} must be a date and time, {_TIME_EXAMPLE}."
    if answer == "":
        return ""
    if not isinstance(answer, str) or not TIME_FORM.fullmatch(answer):
        raise ValueError(example)
    try:
        moment = datetime.fromisoformat(answer)
    except ValueError:
        raise ValueError(example) from None
    if moment.utcoffset() is None or not 2020 <= moment.year <= 2100:
        raise ValueError(example)
    return moment.isoformat(timespec="seconds" if moment.second else "minutes")


def _read_time(field: Field, text: str, clock: datetime | None) -> str:
    if not text or TIME_FORM.fullmatch(text) or (clock is None and not moments.is_whole(text)):
        return text
    try:
        moment = moments.read(text, clock or _ANY_TIME)
    except ValueError as why:
        raise ValueError(f"{field.label}: {why}") from None
    if moment is None:
        raise ValueError(
            f"{field.label} must be a date and time, such as Mon 8:00, 30 Nov 08:00 or "
            "2026-11-22T22:00+01:00."
        )
    return moment


def _fill_time(text: str) -> str:
    """As people write it, which `_read_time` reads back."""
    moment = datetime.fromisoformat(text) if text else None
    return clock_time(moment) if moment and not moment.second else text


def _say_time(_field: Field, text: str) -> str:
    return clock_time(datetime.fromisoformat(text)) if text else ""


# What several kinds need


def _same(value: Any) -> Any:
    return value


def _read_as_it_is(_field: Field, text: str) -> str:
    return text


def _phrase_value_alone(field: Field, value: Any) -> str:
    return field.say(value)


def _bound(number: Decimal) -> str:
    """A bound as messages write it: '10,000,000', '0.9'."""
    return f"{number:,}" if number == number.to_integral_value() else plain(number)


# fmt: off
INTEGER = Kind(name="integer", inputmode="numeric", check=_check_integer, read=_read_number, dump=_same, write=plain, fill=count, say=_say_count, phrase=_phrase_amount)
TOKENS = replace(INTEGER, read=_read_tokens, inputmode="")
SIZE = replace(INTEGER, read=_read_size, inputmode="")
SHARE = Kind(name="share", inputmode="decimal", check=_check_number, read=_read_share, dump=_dump_number, write=plain, fill=percent, say=_say_share, phrase=_phrase_amount)
SPAN = Kind(name="span", check=_check_number, read=_read_span, dump=_dump_number, write=plain, fill=plain, say=_say_plainly, phrase=_phrase_amount)
MONEY = Kind(name="money", inputmode="decimal", check=_check_money, read=_read_money, dump=_dump_number, write=plain, fill=plain, say=_say_plainly, phrase=_phrase_amount)
FLAG = Kind(name="flag", control="checkbox", check=_check_flag, read=_read_flag, dump=_same, write=_write_flag, fill=_write_flag, say=_say_flag, phrase=_phrase_choice)
CHOICE = Kind(name="choice", control="select", check=_check_choice, read=_read_as_it_is, dump=_same, write=str, fill=str, say=_say_choice, phrase=_phrase_choice)
MODEL = Kind(name="model", control="select", check=_check_model, read=_read_as_it_is, dump=_same, write=str, fill=str, say=_say_choice, phrase=_phrase_value_alone)
TIME = Kind(name="time", check=_check_time, read=_read_as_it_is, read_by_clock=_read_time, dump=_same, write=str, fill=_fill_time, say=_say_time, phrase=_phrase_amount)
HISTORY = Kind(name="history", control="textarea", max_chars=history.MAX_CHARS, check=history.check, read=history.read, dump=history.dump, write=history.write, fill=history.fill, say=history.say, phrase=history.phrase)
# fmt: on
