"""A Message Batches API on 127.0.0.1 that fails on cue and keeps the books.

It speaks the wire format of the real API: one JSON POST to create, `GET` to poll, cursors to list, JSON Lines for
results, both ways of sending the key, both API versions. All counts but `processing` stay zero until a batch has
ended, results come in another order than the requests, and `params` are judged only in the results.

In a test:

    with FakeApi({"faults": [{"on": "create", "nth": 1, "do": "lose-answer"}]}) as api:
        run_program(env={"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": api.key})
        assert api.books.paid_twice() == []

As a process: `python -m tests.fake_api --port 8123 --scenario scenario.json`, then `GET /_control/state` and
`POST /_control/scenario`.

    scenario   what may be asked of it: settings, faults, outcomes
    books      what was accepted, what it cost, and what was sent without need
    provider   batches and how they go, apart from HTTP
    wire       the shapes of the answers
    door       requests in, answers out
    server     all of it at an address
"""

from tests.fake_api.server import FakeApi

__all__ = ["FakeApi"]
