"""What is wrong with an input, as data: every problem at once, each with its field."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a person can mend.

    `field` is the dotted name of a scenario field, or "" when the whole input is meant;
    `message` is a sentence that says what is allowed.
    """

    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message}" if self.field else self.message


class ScenarioError(ValueError):
    """A scenario cannot be planned; `problems` lists every reason, in the order of the fields."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("; ".join(map(str, problems)))
