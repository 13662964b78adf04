"""Write the programs of a plan: their parts joined, with the plan's values as their settings.

The settings are a part of each program, one `NAME = value` each. Only the values are replaced, each
through `repr` (Python) or `json.dumps` (JavaScript), so that no text can be anything but a value.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from planner import facts
from planner.plan import Plan
from planner.programs import editions, join

_END = "--- end of settings ---\n"
# A value goes on until a line that begins the next setting, a comment, an empty line or the end
# mark.
_SETTING = re.compile(
    r"^(?P<head>(?:(?:export )?const )?(?P<name>[A-Z][A-Z0-9_]*)(?:: [^=\n]+)? = ).*?(?P<end>;?)$"
    r"(?=\n(?:[A-Z#/\n]|const |export |\Z))",
    re.MULTILINE | re.DOTALL,
)
_ADOPT_GRACE_S = 60.0

_SAMPLES = (
    "Name the capital of Norway.",
    "Summarise in one sentence: The meeting was moved from Monday to Tuesday because the room was taken.",
    "Is this review positive or negative? “It does what it says.”",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """One generated text.

    edition: a key of EDITIONS, or "jsonl", a few requests of the plan, to try them with.
    key: what tells it from all others: its edition, or the part that it is of it.
    language: "python", "javascript" or "jsonl".
    """

    edition: str
    key: str
    name: str
    language: str
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    """A file of an edition: its parts joined, or one part as it stands.

    `renamed` are pairs of texts in it: one that names a file, and one that names another instead.
    """

    name: str
    language: str
    part: str = ""
    renamed: tuple[tuple[str, str], ...] = ()


# What is handed out to whom. A row more is an edition more; `editions` has its parts.
EDITIONS = {
    "python": (_File(name="run_batches.py", language="python"),),
    "javascript": (_File(name="run_batches.mjs", language="javascript"),),
    "dbos": (
        _File(
            name="run_batches_dbos.py",
            language="python",
            renamed=(('PROGRAM = "run_batches.py"', 'PROGRAM = "run_batches_dbos.py"'),),
        ),
    ),
    "airflow": (
        _File(
            name="run_batches_dag.py",
            language="python",
            part="dag",
            renamed=(("\nfrom planner.programs.airflow.operators", "from run_batches_airflow"),),
        ),
        _File(name="run_batches_airflow.py", language="python"),
    ),
}
_BY_THEMSELVES = ("python", "javascript")


def generate(
    plan: Plan, *, system_prompt: str = "", editions: Sequence[str] = ()
) -> tuple[Program, ...]:
    """The programs of a plan, ready to run, and a sample of their input.

    `editions` are keys of EDITIONS; without any, those that run by themselves. `system_prompt` is the text that all requests share; a scenario
    knows only how long it is. A plan that caches it needs it: the programs refuse rows without it.
    """
    settings = settings_of(plan, system_prompt=system_prompt)
    programs = [
        Program(
            edition=edition,
            key=file.part or edition,
            name=file.name,
            language=file.language,
            text=_file_text(edition, file, settings),
        )
        for edition in editions or _BY_THEMSELVES
        for file in EDITIONS[edition]
    ]
    requests = Program(
        edition="jsonl",
        key="jsonl",
        name="requests.jsonl",
        language="jsonl",
        text=sample(plan, system_prompt=system_prompt),
    )
    return (*programs, requests)


def _file_text(edition: str, file: _File, settings: Mapping[str, Any]) -> str:
    """The text of one file of an edition."""
    text = join.part(edition, file.part) if file.part else program_text(edition, settings)
    for before, after in file.renamed:
        text = text.replace(before, after)
    return text


def settings_of(plan: Plan, *, system_prompt: str = "") -> dict[str, Any]:
    """The values of a settings block by name.

    Texts, numbers, tuples and mappings of texts. Money is text.
    """
    scenario, model = plan.scenario, plan.model
    long_answers = (
        plan.answers.max_tokens > model.max_output_tokens
        and model.extended_output_header is not None
    )
    return {
        "MODEL": model.id,
        "MAX_TOKENS": plan.answers.max_tokens,
        "SYSTEM_PROMPT": system_prompt,
        "CACHE_TTL": scenario.caching.mode if plan.caches else "",
        "INFERENCE_GEO": "us"
        if scenario.pricing.geo == "us" and model.us_multiplier is not None
        else "",
        "BETAS": (model.extended_output_header,) if long_answers else (),
        "REQUESTS_PER_BATCH": plan.cut.requests_per_batch,
        "MAX_BYTES_PER_BATCH": facts.batch_byte_limit(),
        "CONCURRENT_BATCHES": plan.cut.concurrent,
        "MAX_QUEUED_REQUESTS": plan.account.queue_requests,
        "POLL_SECONDS": float(scenario.batches.poll_s),
        "MAX_RETRIES": scenario.retries.max,
        "BACKOFF": scenario.retries.backoff,
        "BASE_DELAY_SECONDS": float(scenario.retries.base_delay_s),
        "BUDGET_USD": _usd(scenario.goal.budget_usd) if scenario.goal.budget_usd else "",
        "CANARY": 1 if plan.primes else 0,
        "ADOPT_GRACE_SECONDS": _ADOPT_GRACE_S,
        "PLANNED_REQUESTS": plan.rounds[0].sent,
        "PLANNED_OUTPUT_TOKENS": scenario.workload.output_tokens,
        "PLANNED_USD": _usd(plan.cost.in_batches_usd.quantize(Decimal("0.01"))),
        "FORECAST_SECONDS": {
            "p50": round(plan.forecast.p50.makespan_s),
            "p95": round(plan.forecast.p95.makespan_s),
        },
        "BYTES_PER_TOKEN": float(facts.limit(f"chars_per_token_{model.tokenizer}").value),
        "WEB_SEARCH_USD_PER_1000": _usd(facts.limit("web_search_usd_per_1000").value),
        "TOOL_PROMPT_TOKENS": int(facts.limit("tool_prompt_tokens_high").value),
        **_tables(long_answers),
    }


def _tables(long_answers: bool) -> dict[str, dict[str, tuple[str, ...]]]:
    """The settings that are tables of facts, each by the names of the models."""
    models = [(name, model) for model in facts.models() for name in _names(model)]
    return {
        "PRICES": {
            name: _prices(model, long_answers)
            for name, model in models
            if model.status != "retired"
        },
        "LONG_PROMPTS": {
            name: _long_prompts(model, model.long_batch)
            for name, model in models
            if model.long_batch
        },
        "RETIRES": {
            name: (model.retires_on, facts.successor(model).id)
            for name, model in models
            if model.retires_on is not None
        },
    }


def sample(plan: Plan, *, system_prompt: str = "") -> str:
    """JSON Lines: three whole requests of the plan."""
    settings = settings_of(plan, system_prompt=system_prompt)
    params: dict[str, Any] = {"model": settings["MODEL"], "max_tokens": settings["MAX_TOKENS"]}
    if system_prompt:
        block: dict[str, Any] = {"type": "text", "text": system_prompt}
        if settings["CACHE_TTL"]:
            block["cache_control"] = {"type": "ephemeral", "ttl": settings["CACHE_TTL"]}
        params["system"] = [block]
    if settings["INFERENCE_GEO"]:
        params["inference_geo"] = settings["INFERENCE_GEO"]
    requests = [
        {
            "custom_id": f"request-{number}",
            "params": {**params, "messages": [{"role": "user", "content": prompt}]},
        }
        for number, prompt in enumerate(_SAMPLES, 1)
    ]
    return "".join(json.dumps(request) + "\n" for request in requests)


def _names(model: facts.Model) -> tuple[str, ...]:
    return (model.id, *model.aliases)


def _prices(model: facts.Model, long_answers: bool) -> tuple[str, ...]:
    """A row of PRICES.

    Longer answers than the model's own limit need the beta header that the plan sends or not.
    """
    most = (
        model.batch_max_output_tokens
        if long_answers
        else min(model.max_output_tokens, model.batch_max_output_tokens)
    )
    return (*_rates(model.batch), _usd(model.us_multiplier or Decimal(1)), str(most))


def _long_prompts(model: facts.Model, prices: facts.Prices) -> tuple[str, ...]:
    """A row of LONG_PROMPTS: above how many tokens, and the five prices there."""
    return (str(model.long_prompt_tokens), *_rates(prices))


def _rates(prices: facts.Prices) -> tuple[str, ...]:
    kinds = (
        prices.input,
        prices.output,
        prices.cache_write_5m,
        prices.cache_write_1h,
        prices.cache_read,
    )
    return tuple(map(_usd, kinds))


def _usd(amount: Decimal | int | str) -> str:
    """A decimal number as text without an exponent."""
    return format(Decimal(amount), "f")


def program_text(edition: str, settings: Mapping[str, Any]) -> str:
    """The joined file of an edition, with these values as its settings."""
    language = editions.EDITIONS[edition].language
    write = {"python": _python, "javascript": _javascript}[language]
    return join.join(edition, _fill(join.part(edition, "settings"), settings, write))


def _fill(part: str, settings: Mapping[str, Any], write: Callable[[Any], str]) -> str:
    """A settings part with its values replaced; every setting must stand in it, and no other."""
    block, end, after = part.partition(_END)
    names = [match["name"] for match in _SETTING.finditer(block)]
    if sorted(names) != sorted(settings):
        raise AssertionError("the settings part does not have the settings of a plan")
    filled = _SETTING.sub(
        lambda match: match["head"] + write(settings[match["name"]]) + match["end"], block
    )
    return filled + end + after


def _python(value: Any) -> str:
    """The value as the formatter writes it: in double quotes where that needs no escape."""
    if isinstance(value, Mapping):
        return (
            _lines(f"    {_python(name)}: {_python(each)}," for name, each in value.items())
            if value
            else "{}"
        )
    if isinstance(value, tuple):
        return f"({', '.join(map(_python, value))}{',' if len(value) == 1 else ''})"
    text = repr(value)
    single = isinstance(value, str) and text.startswith("'") and '"' not in text
    return f'"{text[1:-1]}"' if single else text


def _javascript(value: Any) -> str:
    if isinstance(value, Mapping):
        return (
            _lines(f"  {json.dumps(name)}: {json.dumps(each)}," for name, each in value.items())
            if value
            else "{}"
        )
    return json.dumps(value)


def _lines(entries: Any) -> str:
    return "\n".join(["{", *entries, "}"])
