"""Take a file of requests to a file of answers on Airflow, never paying twice.

This is the module of run_batches_dag.py. It is imported by workers and by the triggerer, and so
stands where both can import it, which is not the folder of DAGs: $AIRFLOW_HOME/plugins or any
folder on their PYTHONPATH. The settings of the plan are below.

A ROUND is three tasks: cut_N reads what is to be sent and cuts it into batches, batch_N is mapped
over them, one task a batch, and finish, or the next cut, comes when all of them have ended. What
failed in passing goes into the next round, as often as the plan retries; the others are skipped.

A BATCH

1. cut       its requests are a file in the store. The counts of a round differ: n, n - 1, n - 2 …
2. room      it goes when those before it leave room: canary, budget, batches at once, queue
3. submit    the intention is in the task's state store, then the POST is sent, once, never by the
             SDK's own retry
4. created   the API has named it. Without an answer (timeout, 5xx, lost connection, a kill of the
             task, the worker, the scheduler) it is in doubt: after a grace the list is read to
             before the intention. Batches of its count that were not there before are its
             candidates; without one it was not made, and it is sent again. The results of a
             candidate tell by their ids whose it is. Where they prove nothing, a person chooses
5. ended     found by polling in the triggerer
6. stored    its results are a whole file in the store: from now on nothing of it is sent again
7. sorted    each request is succeeded, given up, or on the list of the next round

IN THE STORE, below `out` and the name of the run (nothing is ever deleted)

    succeeded.jsonl, failed.jsonl, summary.json   at the end, as the plain program writes them
    run.json                                      which input and which request settings
    rounds/N/batches.json                         how round N was cut
    rounds/N/BATCH/requests.jsonl                 what is sent; places.jsonl: the attempts before
    rounds/N/BATCH/journal.jsonl                  a copy of the journal in the state store
    rounds/N/BATCH/results/ID.jsonl               as the API sent them
    rounds/N/BATCH/succeeded.jsonl, failed.jsonl, again.jsonl
    rounds/N/BATCH/adopt.txt                      written by a person who was asked
    rounds/N/done, rounds/N/stops                 what ended, and what a person has to see to

A task that fails says what is to be put right. Then clear the failed tasks: they go on, and pay for
nothing again. To clear a task that has ended does nothing. A task that is marked as failed leaves
its batch with the provider; cleared, it collects it.
"""
