/**
 * Take a file of requests to a file of answers through the Message Batches API, without ever paying
 * twice.
 *
 *     npm install @anthropic-ai/sdk
 *     node run_batches.mjs INPUT --out DIR            (ANTHROPIC_API_KEY in the environment)
 *
 * INPUT is JSON Lines in UTF-8, plain or gzip, lines split at "\n" only; a "\r" before it, a byte
 * order mark and empty lines do no harm. A line is a whole request, {"custom_id": "…", "params":
 * {…}}, which is sent byte for byte as it stands, or a row, {"id": "…", "prompt": "…"}, which
 * becomes a request with the settings below. `--check` reads and counts, and submits nothing.
 * Whatever happens, a power cut included: start the same command again and it goes on.
 *
 * Exit codes: 0 every request succeeded; 1 complete, some requests were given up; 2 bad usage or
 * bad input, nothing was submitted; 3 something outside stops the run (key, permission, credit,
 * spend limit, budget, canary, disk, a choice): put it right and start the same command again; 130
 * and 143 interrupted, likewise.
 *
 * THE LIFE OF A BATCH
 *
 * 1. cut        its requests are chosen: a range of lines of INPUT, or of the list of requests to
 *               try again. Its count is its own, a little below the largest, so that it is
 *               recognised.
 * 2. submit     the intention is written to the journal, then the POST is sent, once, never by the
 *               SDK's own retry
 * 3. created    the API has named it. Without an answer (timeout, 5xx, lost connection, kill) it is
 *               in doubt: nothing else is sent for as long as it may still be made, then the list
 *               of the workspace is read to five minutes before the intention. Without a batch of
 *               this count that was not there before, or one that has ended with a few less, or of
 *               which nothing is counted, it was not made, and is sent again.
 *    question   with one, or several: these are its candidates, and no later ones are. Each is
 *               polled to its end, and the ids in its results tell whose it is: ours is adopted,
 *               any other let go. Where ids prove nothing, for two runs may number their rows
 *               alike, a person is asked: code 3, then --adopt.
 * 4. ended      found by polling. The API shows no count before that.
 * 5. stored     its results are a whole file in DIR/results, as many lines as the API counts. Short
 *               ones are fetched again, for a day; what is counted is paid for and never sent
 *               again.
 * 6. sorted     each request is in succeeded.jsonl, in failed.jsonl, or on the list of the next
 *               round
 *
 * FILES IN DIR (only ever added to; the Python program run_batches.py keeps the same, and either
 * takes up the other's)
 *
 *     journal.jsonl            what was done; see below
 *     succeeded.jsonl          the API's own result line of each request that succeeded, as they
 *                              came
 *     failed.jsonl             {"custom_id", "reason", "attempts", "result"}: each request given
 *                              up, its last result; failed-N.jsonl is what it was before
 *                              --retry-failed
 *     summary.json             counts, batches, rounds, tokens, cost; written when the run is
 *                              complete
 *     results/ID.jsonl         the results of one batch as the API sent them; ID.jsonl.part while
 *                              they arrive, and for good if the batch is somebody else's
 *     rounds/round-N.jsonl     what round N sends again: {"custom_id", "offset", "length",
 *                              "attempts", "reason", "result"}, `offset` and `length` being the
 *                              bytes of the request's line in INPUT, unpacked; "before", if a
 *                              person sends it again, are the attempts until then
 *     lock                     who has the folder: one line for each program that took it, another
 *                              when it left; touched every few seconds by the one that has it
 *
 * THE JOURNAL: one JSON object a line, on disk before the step that it announces. `event` and `at`
 * are in all, `batch` is the number of a batch in this run. Money is text, US dollars. A torn last
 * line announced a step that was not taken, and is cut off; one that is there twice counts once.
 *
 *     run         format, program, input {name, bytes, sha256, kind, requests}, request_settings,
 *                 settings                          the first line
 *     resume      program, settings                 started again
 *     account     organization, workspace           of the answers' headers, when seen or changed
 *     cut         batch, round, start, end, requests, bytes, worst_usd, canary
 *                                                   bytes START to END of the round's file
 *     recut       batches                           cut and not sent: their bytes are cut anew
 *     submit      batch, since {id, created_at, seen} or null
 *                                                   the newest batch of the workspace before the
 *                                                   POST; `seen` are the ids of those that may be
 *                                                   taken for one of this count
 *     created     batch, id, created_at
 *     doubt       batch, why, took_s                how long the POST lasted until it was given up
 *     candidates  batch, ids, unsure                it may be one of these: in question; `unsure`
 *                                                   are those whose count is not its own
 *     let_go      batch, id, why                    it is not this one: ids, vanished, person
 *     adopted     batch, id, created_at             it is this one
 *     not_made    batch
 *     refused     batch, status, why                certain: no batch was made
 *     halved      batch, into [cut, cut]            too large (413): two batches instead of it
 *     ended       batch, id, ended_at, counts, archived
 *     short       batch, lines, promised            fewer results than the API counts, the first
 *                 time
 *     stored      batch, bytes
 *     sorted      batch, succeeded, given_up, again, reasons, truncated, refused, usage, usd,
 *                 unpriced, lengths
 *     round       round, requests, bytes, not_before
 *                                                   the next round; not_before is a Unix time
 *     again       round, requests, bytes, not_before, kept, failed, lengths, given_up, reasons
 *                                                   --retry-failed; `failed` names the old
 *                                                   failed.jsonl
 *     cancel                                        the run is being ended by --cancel
 *     rest        given_up, reasons, lengths        what --cancel found unsent
 *     stop        code, why
 *     done        code
 *
 * `lengths` are the bytes of succeeded.jsonl, failed.jsonl and the next round's list once the line
 * is true; what is longer was torn, and is cut off and written again. `request_settings` shape rows
 * into requests; a run keeps them.
 */
