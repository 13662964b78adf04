"""The scenario as texts: forms, links, command lines, files, and what people make of them."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner import scenario
from planner.errors import Problem, ScenarioError
from planner.scenario import FIELDS, Scenario, parse, texts
from planner.scenario.kinds import INTEGER, MONEY, SHARE, SPAN
from tests.strategies import queries, scenarios, spellings, typed_forms


def requests_of(text: str) -> int:
    """The requests that a form with this text asks for."""
    return texts.read_texts({"workload.requests": text}).workload.requests


def problems_of_texts(
    form: Mapping[str, str], base: Any = MappingProxyType({})
) -> tuple[Problem, ...]:
    """What is wrong with a form."""
    with pytest.raises(ScenarioError) as caught:
        texts.read_texts(form, base)
    return caught.value.problems


def problems_of_query(query: str) -> tuple[Problem, ...]:
    """What is wrong with a link."""
    with pytest.raises(ScenarioError) as caught:
        texts.read_query(query)
    return caught.value.problems


# ---- numbers


@pytest.mark.parametrize(
    "text",
    [
        "10000", "10,000", "10_000", "10 000", "10'000", "10\u202f000", "10\u00a0000", "10\u2009000",
        "10k", "10 k", "10K", "0.01m", "0.01M", "1e4", "1E4", "1e+4", "1.0e4", "+10000", " 10 000 ", "10000.", "10,000.0",
        "100000e-1", "1000000%", "\t10000\n",
    ],
)  # fmt: skip
def test_ten_thousand(text: str) -> None:
    """However ten thousand is written, it is ten thousand."""
    assert requests_of(text) == 10_000


@pytest.mark.parametrize(
    "text", ["0.85", "85 %", "85%", ".85", "8.5e-1", "85e-2", "+0.85", "0.850000", "85.0 %"]
)
def test_eighty_five_per_cent(text: str) -> None:
    """A share may be given in per cent."""
    assert texts.read_texts({"goal.confidence": text}).goal.confidence == 0.85


def test_one_and_a_half_thousand() -> None:
    """A decimal point goes with a suffix."""
    assert requests_of("1.5k") == 1500


@pytest.mark.parametrize(
    ("field", "text", "commas"),
    [
        ("workload.requests", "10.000", "10,000"),
        ("workload.requests", "1.250.000", "1,250,000"),
        ("workload.input_tokens", "1.500", "1,500"),
        ("workload.bytes_per_request", "2.000", "2,000"),
    ],
)
def test_points_for_thousands(field: str, text: str, commas: str) -> None:
    """Ten, or ten thousand: what half of Europe writes is not read as a thousandth of it."""
    (problem,) = problems_of_texts({field: text})
    assert problem.field == field
    assert f"{commas}, not {text}." in problem.message


def test_a_fraction_of_zero_is_whole() -> None:
    """Such as a spreadsheet writes it."""
    assert requests_of("10.0") == requests_of("10.00") == 10


def test_arabic_digits() -> None:
    """Digits of other scripts are digits: ten, not a mistake and not something else."""
    assert requests_of("١٠") == 10


@pytest.mark.parametrize(
    "text",
    [
        "0,5", "1,00", "1,0000", "10,00,000", "1,000,00", ",5", "--5", "+-5", "5-", "1e", "e5", "1e5.5", "1e99999", "0x10", "0b1",
        "1k5", "5kk", "5 k %", "ten", "1.2.3", ".", "-", "+", "%", "k", "1/2", "½", "²", "nan", "NaN", "inf", "-inf", "Infinity",
        "1\x00", "10;000", "1__000", "_1", "1_", "True", "#", "\ud800", "1" * 201,
    ],
)  # fmt: skip
def test_no_number(text: str) -> None:
    """What is no number is one problem beside its field, with what is allowed; it is never read as
    another number.
    """
    (problem,) = problems_of_texts({"workload.requests": text})
    assert problem.field == "workload.requests"
    assert "10,000" in problem.message or "at most 200" in problem.message


@pytest.mark.parametrize(
    "text", ["0", "-1", "1e9999", "10000001", "1e-9999", "-0", "9" * 200, "1e-1"]
)
def test_number_out_of_bounds(text: str) -> None:
    """A number that is too small or too large is answered with the bounds."""
    (problem,) = problems_of_texts({"workload.requests": text})
    assert "1 to 10,000,000" in problem.message


def test_half_a_request() -> None:
    """A fraction within the bounds must be whole."""
    (problem,) = problems_of_texts({"workload.requests": "10.5"})
    assert "10.5" in problem.message


@pytest.mark.parametrize(
    "field", [f for f in FIELDS if f.kind in (INTEGER, SHARE, SPAN, MONEY)], ids=lambda f: f.name
)
def test_an_empty_number_is_the_default(field: scenario.Field) -> None:
    """A text box that somebody has emptied means the default."""
    assert texts.read_texts({field.name: "  "}) == Scenario()


@given(
    st.integers(1, 10_000_000).flatmap(lambda number: st.tuples(st.just(number), spellings(number)))
)
def test_all_spellings_of_a_number_are_the_same(pair: tuple[int, str]) -> None:
    """Commas, spaces, underscores, k, M, exponents and per cent agree."""
    number, text = pair
    assert requests_of(text) == number


@given(st.text(alphabet="0123456789,._ 'eE+-kKmM%", max_size=12))
def test_no_text_is_read_as_another_number(text: str) -> None:
    """If a text is taken, then leaving out its thousands separators does not change what is read."""
    try:
        taken = texts.read_texts({"goal.budget_usd": text}).goal.budget_usd
    except ScenarioError:
        return
    bare = "".join(letter for letter in text if letter not in ",_' ")
    again = texts.read_texts({"goal.budget_usd": bare}).goal.budget_usd
    assert taken == again


# ---- flags, choices, history


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("on", True), ("yes", True), ("1", True), ("TRUE", True), ("false", False), ("off", False), ("0", False), ("", False)],
)  # fmt: skip
def test_flag(text: str, value: bool) -> None:
    """A checkbox, a link and a person say true and false in their own words."""
    assert texts.read_texts({"caching.prime": text}).caching.prime is value


@pytest.mark.parametrize("text", ["maybe", "2", "tru", "-", "\u2713"])
def test_no_flag(text: str) -> None:
    """Anything else is a problem beside the box."""
    (problem,) = problems_of_texts({"caching.prime": text})
    assert problem.field == "caching.prime"
    assert "true or false" in problem.message


@pytest.mark.parametrize(
    "text",
    [
        "8150:1200;1000:600", "8150:1200 1000:600", "8150:1200\n1000:600", "8150:1200\r\n1000:600\r\n", "8150,1200\n1000,600",
        "8150\t1200\n1000\t600", " 8150 : 1200 ; 1000 : 600 ; ", "8150:1.2e3\n\n1000:600", "8150: 1200\n1000: 600",
    ],
)  # fmt: skip
def test_history(text: str) -> None:
    """Rows on lines, with semicolons or with spaces; pairs with colon, comma or tab, as they come
    from a table.
    """
    assert texts.read_texts({"duration.history": text}).duration.history == (
        (8150, 1200.0),
        (1000, 600.0),
    )


@pytest.mark.parametrize(
    "text", ["8150", "8150:", ":1200", "a:b", "8150:1200:5", "8,150:1200", "NaN:5", "5:NaN", "5:inf", "8150:0", "0:5", "5:1e-999999", "1e999999:5"]
)  # fmt: skip
def test_no_history(text: str) -> None:
    """A row that is no pair of numbers is one problem that shows how it is written."""
    (problem,) = problems_of_texts({"duration.history": text})
    assert problem.field == "duration.history"


def test_history_that_is_too_long() -> None:
    """A megabyte is refused before it is taken apart."""
    (problem,) = problems_of_texts({"duration.history": "1:1\n" * 110_000})
    assert problem.field == "duration.history"


def test_text_that_is_too_long() -> None:
    """A text of a thousand characters is no answer to any other question."""
    (problem,) = problems_of_texts({"workload.model": "x" * 1000})
    assert "1,000" in problem.message and "200" in problem.message


# ---- forms


def test_an_empty_form_is_the_default() -> None:
    """No text at all means all defaults."""
    assert texts.read_texts({}) == Scenario()


def test_a_form_lies_upon_a_file() -> None:
    """--set comes after the file: it replaces one value and leaves the others."""
    base = {"workload": {"requests": 5, "input_tokens": 7}}
    taken = texts.read_texts({"workload.requests": "6"}, base)
    assert (taken.workload.requests, taken.workload.input_tokens) == (6, 7)


def test_a_form_mends_a_file() -> None:
    """A wrong value of the file that the form replaces is no problem any more."""
    assert (
        texts.read_texts(
            {"workload.requests": "6"}, {"workload": {"requests": "many"}}
        ).workload.requests
        == 6
    )


def test_a_form_leaves_the_file_alone() -> None:
    """The values of the file are not changed in place."""
    base = {"workload": {"requests": 5}}
    texts.read_texts({"workload.requests": "6"}, base)
    assert base == {"workload": {"requests": 5}}


@pytest.mark.parametrize("base", [None, [], 5, {"workload": 5}, {"workload": []}])
def test_a_form_on_a_file_that_is_none(base: Any) -> None:
    """Where a file has no object, setting a field in it does not hide that."""
    assert problems_of_texts({"workload.requests": "6"}, base)


def test_problems_of_texts_and_values_come_together() -> None:
    """A text that is no number, a value out of bounds, an unknown name and a broken rule, in the
    order of the form.
    """
    found = problems_of_texts(
        {
            "goal.budget_usd": "much",
            "what.ever": "1",
            "retries.max": "99",
            "workload.shared_prefix_tokens": "501",
        }
    )
    assert [problem.field for problem in found] == [
        "workload.shared_prefix_tokens",
        "retries.max",
        "goal.budget_usd",
        "what.ever",
    ]


@given(scenarios())
def test_a_form_holds_the_whole_scenario(asked: Scenario) -> None:
    """What the form's controls hold is the scenario, to the digit, with a text for every field."""
    form = texts.write_texts(asked)
    assert list(form) == [field.name for field in FIELDS]
    assert texts.read_texts(form) == asked


@given(typed_forms())
def test_any_form_is_a_scenario_or_problems(form: dict[str, str]) -> None:
    """Whatever is typed, it can be planned or it is said what is wrong; and what was read can be
    written again.
    """
    try:
        taken = texts.read_texts(form)
    except ScenarioError as error:
        assert all(len(problem.message) < 400 for problem in error.problems)
    else:
        assert texts.read_texts(texts.write_texts(taken)) == taken
        assert texts.read_query(texts.write_query(taken)) == taken
        assert parse(scenario.to_json(taken)) == taken


# ---- links


def test_the_default_needs_no_query() -> None:
    """Only what differs from the defaults is in a link."""
    assert texts.write_query(Scenario()) == ""


def test_a_query_names_what_differs() -> None:
    """The keys are the dotted names of the contract."""
    asked = parse({"workload": {"requests": 25_000}, "goal": {"confidence": 0.9}})
    assert texts.write_query(asked) == "workload.requests=25000&goal.confidence=0.9"


def test_a_plus_survives() -> None:
    """The offset of the start would become a space; it is escaped."""
    asked = parse({"goal": {"start_at": "2026-11-22T22:00+01:00"}})
    assert "+" not in texts.write_query(asked)
    assert texts.read_query(texts.write_query(asked)) == asked


def test_a_question_mark_may_stand_first() -> None:
    """location.search begins with one."""
    assert texts.read_query("?workload.requests=5").workload.requests == 5
    assert texts.read_query("#workload.requests=5").workload.requests == 5


@pytest.mark.parametrize("query", ["", "?", "#", "&", "&&", "?&", "#&"])
def test_an_empty_query_is_the_default(query: str) -> None:
    """A link without fields is the default scenario."""
    assert texts.read_query(query) == Scenario()


@pytest.mark.parametrize("value", ["10%2C000", "10,000", "10+000", "10%20000", "10k", "%31%30000"])
def test_a_query_may_be_typed(value: str) -> None:
    """What people write into the address line is read as in the form."""
    assert texts.read_query(f"workload.requests={value}").workload.requests == 10_000


@given(scenarios())
def test_query_and_back(asked: Scenario) -> None:
    """Opening the link gives the same scenario, to the digit."""
    assert texts.read_query(texts.write_query(asked)) == asked


@given(scenarios())
def test_a_query_can_stand_in_a_link(asked: Scenario) -> None:
    """Nothing in it ends a URL or an attribute, and nothing needs escaping again."""
    assert not set(texts.write_query(asked)) & set(" \"'<>#?\n\t+\\")


def test_the_longest_history_fits_a_link() -> None:
    """Ten thousand rows of the longest numbers can be shared, like every scenario that can be
    planned.
    """
    row = (100_000, 2_591_999.999)
    asked = parse({"duration": {"model": "history", "history": [row] * 10_000}})
    assert texts.read_query(texts.write_query(asked)) == asked
    assert texts.read_texts(texts.write_texts(asked)) == asked


@pytest.mark.parametrize("size", [650_001, 1_000_000])
def test_a_query_that_is_too_long(size: int) -> None:
    """A link of a megabyte is refused, as a whole, with what can be read."""
    (problem,) = problems_of_query("x" * size)
    assert problem.field == ""
    assert f"{size:,}" in problem.message


@pytest.mark.parametrize(
    "query", ["workload.requests=" + "1" * 100_000, "a" * 100_000, "=" * 100_000]
)
def test_a_query_of_100_kb(query: str) -> None:
    """A long link of nonsense is a short problem."""
    assert all(len(str(problem)) < 500 for problem in problems_of_query(query))


def test_a_query_of_a_thousand_fields() -> None:
    """More fields than any scenario has is refused as a whole."""
    (problem,) = problems_of_query("&".join(f"x{number}=1" for number in range(1000)))
    assert problem.field == ""


@pytest.mark.parametrize("query", ["workload.requests=%ff", "%C3=1", "a=%E2%82", "%80"])
def test_a_query_that_is_no_utf_8(query: str) -> None:
    """Bytes that are no text are a cut or mangled link."""
    (problem,) = problems_of_query(query)
    assert problem.field == ""


@pytest.mark.parametrize(
    "query",
    [
        "workload.requests=%",
        "workload.requests=%zz",
        "workload.requests=%3",
        "workload.requests=%u0031",
    ],
)
def test_a_mangled_escape(query: str) -> None:
    """An escape that is none stays in the text, which then is no number."""
    (problem,) = problems_of_query(query)
    assert problem.field == "workload.requests"


def test_a_field_given_twice() -> None:
    """Which of two was meant nobody knows: each such field is named once, in the order of the link."""
    found = problems_of_query(
        "workload.requests=1&retries.max=1&retries.max=2&workload.requests=1&pricing.geo=us&workload.requests=3"
    )
    assert sorted(problem.field for problem in found) == ["retries.max", "workload.requests"]


def test_an_unknown_field_in_a_link() -> None:
    """It is named, as in a file."""
    (problem,) = problems_of_query("workload.colour=red")
    assert problem.field == "workload.colour"


@given(queries())
def test_any_query_is_a_scenario_or_problems(query: str) -> None:
    """Whatever stands in the address line, it can be planned or it is said what is wrong."""
    try:
        taken = texts.read_query(query)
    except ScenarioError as error:
        assert error.problems
    else:
        assert texts.read_query(texts.write_query(taken)) == taken


# ---- files


def test_a_file() -> None:
    """JSON values come back as they are."""
    assert texts.read_json('{"workload": {"requests": 5}}') == {"workload": {"requests": 5}}


@pytest.mark.parametrize(
    "document",
    [
        "", " ", "{", "}", "{'a': 1}", '{"a": 1,}', '{"a" 1}', "nul", "\x00", '{"a": 1} x', "[1", '{"a": "\n"}', "\ufeff{}",
        "[" * 100_000, '{"a":' * 100_000, '{"a": ' + "1" * 5000 + "}", '{"a": 1, "a": 2}', '{"workload": {"requests": 1, "requests": 1}}',
    ],
    ids=lambda document: repr(document)[:20],
)  # fmt: skip
def test_no_json(document: str) -> None:
    """Malformed, cut, nested without end, with a number of thousands of digits or a key twice: one
    problem of the whole.
    """
    with pytest.raises(ScenarioError) as caught:
        texts.read_json(document)
    (problem,) = caught.value.problems
    assert problem.field == ""
    assert len(problem.message) < 200


def test_where_the_json_breaks() -> None:
    """The message leads to the line."""
    with pytest.raises(ScenarioError, match="line 2"):
        texts.read_json('{\n"a" 1}')


def test_which_key_is_twice() -> None:
    """The message names the key."""
    with pytest.raises(ScenarioError, match="requests"):
        texts.read_json('{"requests": 1, "requests": 2}')


@pytest.mark.parametrize(
    "literal",
    ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" + "0" * 400, "true", '"1"', "null"],
)
def test_a_file_with_no_number(literal: str) -> None:
    """What Python's JSON takes and no number is ends as a problem of its field."""
    with pytest.raises(ScenarioError) as caught:
        parse(texts.read_json(f'{{"workload": {{"requests": {literal}}}}}'))
    assert [problem.field for problem in caught.value.problems] == ["workload.requests"]


@given(
    st.text(max_size=60)
    | st.recursive(
        st.none() | st.floats() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    ).map(json.dumps)
)
def test_any_document_is_json_or_a_problem(document: str) -> None:
    """No document makes read_json do anything else."""
    try:
        texts.read_json(document)
    except ScenarioError as error:
        assert [problem.field for problem in error.problems] == [""]


def test_many_keys_are_read_at_once() -> None:
    """A file of 100,000 keys takes no longer than to read it: their number is not squared."""
    document = json.dumps({str(number): 1 for number in range(100_000)})
    assert len(texts.read_json(document)) == 100_000
