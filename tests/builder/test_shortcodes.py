"""What an article may name: facts, plans, tables, links and pieces of programs."""

import html
import inspect
import json
import re

import jinja2
import pytest
from markupsafe import escape

import build
from builder import plans, shortcodes
from builder.articles import answer
from builder.shortcodes import SHORTCODES, Context
from planner import facts
from planner.model import durations


@pytest.fixture
def context(env: jinja2.Environment) -> Context:
    titles = {("guide", "cost"): "What it costs", ("question", "polling"): "How often?"}
    return Context(templates=env, titles=titles)


def test_every_shortcode_stands_in_the_list_for_writers() -> None:
    """The head of the module names each with its values, and none that does not exist."""
    listed = set(re.findall(r"\b([a-z_]+)\((?=[A-Z\[s)\"])", inspect.getdoc(shortcodes) or ""))
    assert listed - {"fact"} == set(SHORTCODES) - {"fact"}


def test_fact_is_a_link_to_its_row(context: Context) -> None:
    """The value as people write it, with the source in reach."""
    fact = answer('fact("batch_max_requests")', context)
    assert fact.startswith('<a class="value" href="/method/#fact-batch-max-requests" title="')
    assert fact.endswith(">100,000</a>")


def test_fact_that_is_a_name_is_code(context: Context) -> None:
    """A path or a pattern looks like one."""
    paths = [row.key for row in facts.limits() if row.unit == "endpoint"]
    assert "<code>" in answer(f'fact("{paths[0]}")', context)


def test_price_is_that_of_the_facts(context: Context) -> None:
    """In dollars, with the day on which it was checked."""
    price = answer('price("claude-sonnet-5-5", "batch.output")', context)
    assert price.endswith(">$5.00</a>")
    assert 'title="Checked 20' in price


def test_limit_that_nobody_publishes(context: Context) -> None:
    """It is said, not left empty."""
    unknown = [row.key for row in facts.tiers() if row.queue_requests is None]
    tier = answer(f'tier("{unknown[0]}", "queue_requests")', context)
    assert tier.endswith(">not published</a>")


def test_number_of_a_plan_leads_to_the_plan(context: Context) -> None:
    """A number is a link, with the plan in its address; a sentence is none."""
    query = "workload.requests=5&batches.concurrent=2"
    number = str(answer(f'plan("{query}", "batches.count")', context))
    assert html.unescape(re.sub(r'.*href="/#([^"]*)".*', r"\1", number)) == query
    assert "<a" not in answer('plan("", "time.deadline")', context)


def test_costs_says_what_sets_plans_apart(context: Context) -> None:
    """What all have in common is in the caption, what differs heads the row."""
    queries = [f"workload.requests=5&batches.concurrent={number}" for number in (2, 3)]
    table = answer(f'costs({queries}, ["cost.batch", "batches.size"])', context)
    assert "<caption>The example plan with Requests 5</caption>" in table
    assert re.findall(r'<th scope="row"><a [^>]*>(.*?)</a>', table) == [
        "Batches at once 2",
        "Batches at once 3",
    ]
    assert '<th scope="col" class="number">Batch</th>' in table
    assert '<th scope="col">Requests in each</th>' in table


def test_lines_add_up_to_the_cost_of_the_plan(context: Context) -> None:
    """As many rows as the planner shows, with its caption."""
    table = answer('lines("workload.requests=5")', context)
    rows = plans.view_of("workload.requests=5")["lists"]["cost.lines"]
    assert table.count('<th scope="row">') == len(rows) > 1


def test_durations_are_taken_together_as_in_the_model(context: Context) -> None:
    """Each band of the model is a row, and all observations are in one of them."""
    bands = durations.public_bands()
    assert answer("durations_table()", context).count('<th scope="row">') == len(bands)
    assert sum(band.batches for band in bands) == answer("observations_used()", context)


@pytest.mark.parametrize(
    ("call", "link"),
    [
        ('guide("cost")', '<a href="/guides/cost/">What it costs</a>'),
        ('guide("cost", "lines", text="here")', '<a href="/guides/cost/#lines">here</a>'),
        ('faq("polling")', '<a href="/faq/polling/">How often?</a>'),
        ("method()", '<a href="/method/">the method page</a>'),
        ('method("time", text="<so>")', '<a href="/method/#time">&lt;so&gt;</a>'),
    ],
)
def test_link_has_the_title_of_its_page(context: Context, call: str, link: str) -> None:
    """Or the text that the article gives, escaped."""
    assert answer(call, context) == link


def test_code_is_a_part_of_the_program_that_is_handed_out(context: Context) -> None:
    """From the first line to the one before the last that is named, and nothing else."""
    program = next(row["text"] for row in plans.programs() if row["name"] == "run_batches.py")
    first, until = program.splitlines()[0], program.splitlines()[3]
    listing = answer(f"code('run_batches.py', first={first!r}, until={until!r})", context)
    text = html.unescape(re.sub(r"<[^>]+>", "", listing))
    assert text == "\n".join(program.splitlines()[:3]).rstrip()


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ('code("run_batches.py", first="NO SUCH LINE", until="x")', "0 lines of run_batches.py"),
        ('code("run_batches.py", first="import ", until="x")', "lines of run_batches.py begin"),
        ('code("run_batches.py", first="#!", until="NO SUCH LINE")', "no line of run_batches.py"),
        ('code("../../../../etc/passwd", first="root", until="bin")', "there is no program"),
        ('code("/etc/passwd", first="root", until="bin")', "there is no program"),
    ],
)
def test_code_that_is_no_part_of_a_program(context: Context, call: str, why: str) -> None:
    """Only what we hand out can be shown: no other file of the machine, and no guess."""
    with pytest.raises(ValueError, match=re.escape(why)):
        answer(call, context)


def test_measures_are_those_of_the_file(context: Context) -> None:
    """Each figure stands there with its unit and its limit, and of which day and machine they are."""
    measures = json.loads((build.ROOT / "content" / "measures.json").read_text("utf-8"))
    text = answer("measures_table()", context)
    assert measures["measured_on"] in text
    assert measures["machine"] in text
    for row in measures["rows"]:
        assert f"{escape(row['what'])}</th>" in text
        assert f"{row['value']:,}</td><td>{row['unit']}</td>" in text
