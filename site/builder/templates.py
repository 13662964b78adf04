"""Set up Jinja with everything that a template may ask."""

from pathlib import Path

import jinja2

from builder import plans
from builder.filters import FILTERS
from planner import facts
from planner.scenario import FIELDS, GROUPS


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
        "values": plans.example_values(),
        "example": plans.example(),
        "programs": plans.programs(),
        "facts": facts,
        "blank": Blank(),
    }
    return env
