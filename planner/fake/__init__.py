"""A Message Batches API on 127.0.0.1 that fails on cue and keeps the books.

It speaks the wire format of the real API: one JSON POST to create, `GET` to poll, cursors to list,
JSON Lines for results, both ways of sending the key, both API versions. All counts but `processing`
stay zero until a batch has ended, results come in another order than the requests, and `params` are
judged only in the results.

In a test:

    with FakeApi({"faults": [{"on": "create", "nth": 1, "do": "lose-answer"}]}) as api:
        run_program(env={"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": api.key})
        assert api.books.paid_twice() == []

As a command, for any runner: `batch-planner fake-api`. As a process that a test drives: the same,
then `GET /_control/state` and `POST /_control/scenario`.

    scenario   what may be asked of it: settings, faults, outcomes
    books      what was accepted, what it cost, and what was sent without need
    provider   batches and how they go, apart from HTTP
    wire       the shapes of the answers
    door       who is let in, and which operation it is; desk what an operation finds there
    operations what each does, and what goes wrong with it
    server     all of it at an address
    runner     a command that is run against it, and killed on cue
    command    the command line, and the verdict

Nothing of the planner imports it but the command line: it has a clock, and no browser gets it.
"""

from planner.fake.server import FakeApi

__all__ = ["FakeApi"]
