"""Take a file of requests to a file of answers through the Message Batches API, never paying twice.

    pip install anthropic
    python run_batches.py INPUT --out DIR            (ANTHROPIC_API_KEY in the environment)

INPUT is JSON Lines in UTF-8, plain or gzip, lines split at "\\n" only; a byte order mark, "\\r"
before "\\n" and empty lines do no harm. A line is a whole request, {"custom_id": "…", "params": {…}},
which is sent byte for byte as it stands, or a row, {"id": "…", "prompt": "…"}, which becomes a
request with the settings below. `--check` reads and counts, and submits nothing. Whatever happens,
a power cut included: start the same command again and it goes on.

Exit codes: 0 every request succeeded; 1 complete, some requests were given up; 2 bad usage or bad
input, nothing was submitted; 3 something outside stops the run (key, permission, credit, spend
limit, budget, canary, disk, a doubt that only a person can settle): put it right and start the same
command again; 130 and 143 interrupted, likewise.

THE LIFE OF A BATCH

1. cut       its requests are chosen: a range of lines of INPUT, or of the list of requests to try
             again. Its count is drawn at random from just below the full size, so that it is
             recognised in the workspace's list. What was cut and not sent is cut anew at a start.
2. submit    the intention is written to the journal, with what the list showed before it; then the
             POST is sent, once, never by the SDK's own retry
3. created   the API has named it. Without an answer (timeout, 5xx, lost connection, kill) it is in
             doubt: after a grace period the list is read to before the intention. Batches of its
             count that were not there before are its candidates, and those that have ended with a
             few less, or of which nothing is counted; without one it was not made, and its requests
             are sent again.
   question  each candidate is followed to its end, and its results tell by their ids whose it is.
             The one that is ours is adopted; a stranger's is let go. Where ids prove nothing (two
             fit, the count differs and they are not all there, or the answers do not fit our
             prompts by their tokens), a person chooses: code 3, then --adopt ID or --adopt none.
             Nothing in question is canceled.
4. ended     found by polling. The API shows no count before that.
5. stored    its results are a whole file in DIR/results: with as many lines as the API counts
6. sorted    each request is in succeeded.jsonl, in failed.jsonl, or on the list of the next round

Trouble with one batch (lost, its results short for a day, a choice) ends the run with code 3 when
all others are collected.

FILES IN DIR (only ever added to)

    journal.jsonl         what was done; see below
    succeeded.jsonl       the API's own result line of each request that succeeded, as they arrived
    failed.jsonl          {"custom_id", "reason", "attempts", "result"}: each request given up, its
                          last result. After --retry-failed, what stays so; failed-N.jsonl before.
    summary.json          counts, batches, rounds, tokens, cost; written when the run is complete
    results/ID.jsonl      the results of one batch as the API sent them; ID.jsonl.part while they
                          arrive
    rounds/round-N.jsonl  what round N sends again: {"custom_id", "offset", "length", "attempts",
                          "reason", "result", "before"}, `offset` and `length` being the bytes of
                          the request's line in INPUT (unpacked), `before` the attempts until a
                          person asked to send it again
    lock                  who has the folder: one line for each program that took it, another when
                          it left or was gone

THE JOURNAL: one JSON object a line, on disk before the step that it announces. `event` and `at` are
in all, `batch` is the number of a batch in this run. Money is text, US dollars. A torn last line
announced a step that was not taken, and is cut off; a line that stands twice counts once.

    run         format, program, input {name, bytes, sha256, kind, requests}, request_settings,
                settings: the first line
    resume      program, settings: started again
    account     organization, workspace: whose key it is, when first seen and when it changes
    cut         batch, round, start, end, requests, bytes, worst_usd, canary: bytes START to END of
                the round's file
    recut       batches: they were not sent, and their bytes are cut anew
    submit      batch, since: null, or {id, created_at, seen}: the newest batch of the workspace
                before the POST, and those listed that may be taken for one of this count
    created     batch, id, created_at
    doubt       batch, why, took_s: how long the POST lasted until it was given up
    candidates  batch, ids, unsure: batches that may be it; those whose count is not its own
    let_go      batch, id, why: it is not this one (ids, vanished, person)
    adopted     batch, id, created_at: it is this one
    not_made    batch: no such batch
    refused     batch, status, why: certain, no batch was made
    halved      batch, into [cut, cut]: too large, two batches instead of it
    ended       batch, id, ended_at, counts, archived
    short       batch, lines, promised: its results hold fewer lines than the API counts, since then
    stored      batch, bytes
    sorted      batch, succeeded, given_up, again, reasons, truncated, refused, usage, usd,
                unpriced, lengths
    round       round, requests, bytes, not_before: the next round; not_before is a Unix time
    again       round, requests, bytes, not_before, kept, failed, lengths, given_up, reasons: a
                round of what was given up; `failed` is the name of the list before
    cancel      the run is being ended by --cancel
    rest        given_up, reasons, lengths: what --cancel found unsent
    stop        code, why
    done        code

`lengths` are the bytes of succeeded.jsonl, failed.jsonl and the next round's list once the line is
true; what is longer was torn, and is cut off and written again. `request_settings` shape rows into
requests; a run keeps them. An unknown line, or one without its fields, is damage: code 2.
"""
