"""Take a file of requests to a file of answers through the Message Batches API, on DBOS.

    pip install anthropic dbos
    python run_batches_dbos.py INPUT --out DIR       (ANTHROPIC_API_KEY in the environment)

It is run_batches.py, in the turns of a DBOS workflow: the same INPUT, flags, files and exit codes,
and the same journal in DIR, so that either goes on with a run of the other. Beside it:

    DBOS_SYSTEM_DATABASE_URL   the engine's database; DIR/dbos.sqlite without it. With Postgres and a
                               DIR that several machines share, start the same command on each: one
                               works, the others stand by, and one of them goes on when it is gone.

A turn does what is due, until all of the run waits; then the workflow sleeps in the engine, also
across restarts, until the first wait is over. The engine keeps when the run goes on, and shows it
(`dbos workflow list`); a workflow that is canceled there stops the run with code 3, and the same
command begins another. What was sent and what came back stands in the journal alone: its rules are
those of run_batches.py, and nothing is paid twice whatever the engine does again.

The run has one executor id and one version, whoever takes it up: "run_batches-2" and a name made of
the first line of the journal. So no program is handed the work of another run, and nobody starts
the engine without holding DIR/lock, so that work that is alive is not done twice.
"""
