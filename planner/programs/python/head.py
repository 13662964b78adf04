"""Take a file of requests to a file of answers through the Message Batches API, never paying twice.

    pip install anthropic
    python run_batches.py INPUT --out DIR            (ANTHROPIC_API_KEY in the environment)

INPUT is JSON Lines in UTF-8, lines split at "\\n" only; a "\\r" before it and empty lines do no harm.
A line is a whole request, {"custom_id": "…", "params": {…}}, which is sent byte for byte as it
stands, or a row, {"id": "…", "prompt": "…"}, which becomes a request with the settings below.
`--check` reads and counts, and submits nothing. Whatever happens, a power cut included: start the
same command again and it goes on.

Exit codes: 0 every request succeeded; 1 complete, some requests were given up; 2 bad usage or bad
input, nothing was submitted; 3 something outside stops the run (key, permission, credit, spend
limit, budget, canary, disk): put it right and start the same command again; 130 and 143
interrupted, likewise.

THE LIFE OF A BATCH

1. cut      its requests are chosen: a range of lines of INPUT, or of the list of requests to try
            again
2. submit   the intention is written to the journal, then the POST is sent, once, never by the SDK's
            own retry
3. created  the API has named it. Without an answer (timeout, 5xx, lost connection, kill) it is in
            doubt: the batches made since the intention are listed, and the one with the same number
            of requests that the journal does not know is adopted. Only after a grace period without
            one are the requests sent again.
4. ended    found by polling. The API shows no count before that.
5. stored   its results are a whole file in DIR/results. An adopted batch whose results hold an id
            that is not its own is somebody else's: it is let go, and its requests are in doubt
            again. Before that nothing proves that it is ours, so --cancel leaves it alone and waits
            for its end.
6. sorted   each request is in succeeded.jsonl, in failed.jsonl, or on the list of the next round

FILES IN DIR (only ever added to)

    journal.jsonl         what was done; see below
    succeeded.jsonl       the API's own result line of each request that succeeded, as they arrived
    failed.jsonl          {"custom_id", "reason", "attempts", "result"}: each request given up, its
                          last result
    summary.json          counts, batches, rounds, tokens, cost; written when the run is complete
    results/ID.jsonl      the results of one batch as the API sent them; ID.jsonl.part while they
                          arrive
    rounds/round-N.jsonl  what round N sends again: {"custom_id", "offset", "length", "attempts",
                          "reason", "result"}, `offset` and `length` being the bytes of the
                          request's line in INPUT
    lock                  who has the folder: one line for each program that took it, another when
                          it left

THE JOURNAL: one JSON object a line, on disk before the step that it announces. `event` and `at` are
in all, `batch` is the number of a batch in this run. Money is text, US dollars. A torn last line
announced a step that was not taken, and is cut off.

    run       format, program, input {name, bytes, sha256, kind, requests}, request_settings,
              settings: the first line
    resume    program, settings: started again
    cut       batch, round, start, end, requests, bytes, worst_usd, canary: bytes START to END of
              the round's file
    submit    batch, since {id, created_at} or null: the newest batch of the workspace before the
              POST
    created   batch, id, created_at
    doubt     batch, why
    adopted   batch, id, created_at
    not_made  batch: no such batch after the grace period
    refused   batch, status, why: certain, no batch was made
    halved    batch, into [cut, cut]: too large (413), two batches instead of it
    let_go    batch, id: adopted, and not ours
    ended     batch, id, ended_at, counts, archived
    stored    batch, bytes
    sorted    batch, succeeded, given_up, again, reasons, truncated, refused, usage, usd, unpriced,
              lengths
    round     round, requests, bytes, not_before: the next round; not_before is a Unix time
    cancel    the run is being ended by --cancel
    rest      given_up, reasons, lengths: what --cancel found unsent
    stop      code, why
    done      code

`lengths` are the bytes of succeeded.jsonl, failed.jsonl and the next round's list once the line is
true; what is longer was torn, and is cut off and written again. `request_settings` shape rows into
requests; a run keeps them.
"""
