"""Fill templates with Jinja, which knows everything that a template may ask."""

import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2

from builder import plans
from builder.faults import Fault, SiteError
from builder.filters import FILTERS
from planner import facts
from planner.scenario import FIELDS, GROUPS
from planner.show.assumptions import QUESTION

# The start and a deadline in hours are for those who want them: they stand with the assumptions.
ASKED = QUESTION - {"goal.start_at", "goal.deadline_h"}


class Blank(dict[str, str]):
    """The row that fills a <template>: every cell of it is empty."""

    def __missing__(self, key: str) -> str:
        return ""


def environment(templates: Path, *, site_name: str, site_url: str) -> jinja2.Environment:
    """Jinja with the form, the example plan and the facts; a name that is not there is an error."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        undefined=jinja2.StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    env.filters |= FILTERS
    env.globals |= {
        "site_name": site_name,
        "site_url": site_url,
        "groups": GROUPS,
        "fields": {
            group.key: tuple(entry for entry in FIELDS if entry.group == group.key)
            for group in GROUPS
        },
        "entry_of": {entry.name: entry for entry in FIELDS},
        "asked_names": ASKED,
        "values": plans.example_values(),
        "taken": plans.example_taken(),
        "example": plans.example(),
        "editions": plans.editions(),
        "facts": facts,
        "blank": Blank(),
    }
    return env


def fill(env: jinja2.Environment, name: str, values: Mapping[str, Any]) -> str:
    """The template with the values. Raises SiteError with the file and line where it breaks."""
    try:
        return env.get_template(name).render(values)
    except Exception as error:  # its filters and calls can raise anything
        what = f"{type(error).__name__}: {error}"
        where, remedy = _place_of(error, name), "Mend the template."
        raise SiteError(Fault(where=where, what=what, remedy=remedy)) from None


def _place_of(error: Exception, name: str) -> str:
    """The file and line of the template that broke: Jinja puts them into the traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [(frame.filename, frame.lineno) for frame in frames if "/templates/" in frame.filename]
    if isinstance(error, jinja2.TemplateSyntaxError):
        lines.append((error.filename or name, error.lineno))
    if not lines:
        return f"site/templates/{name}"
    file, line = lines[-1]
    return f"site/templates/{file.rpartition('/templates/')[2]}:{line}"
