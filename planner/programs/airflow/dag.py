"""Run the plan on Airflow: one mapped task is one batch, and a waiting batch holds no worker.

    pip install anthropic                               where tasks and triggers run
    cp run_batches_airflow.py $AIRFLOW_HOME/plugins/    or any folder on the PYTHONPATH of all parts
    cp run_batches_dag.py $AIRFLOW_HOME/dags/
    airflow dags trigger run_batches --conf '{"input": "…", "out": "…"}'

ANTHROPIC_API_KEY is in the environment of workers and of the triggerer. `input` and `out` are any
path that Airflow can reach: a folder, s3://connection@bucket/…, gs://…. Answers come into a folder
of the run's name below `out`. The settings of the plan are at the top of run_batches_airflow.py.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, Param

from planner.programs.airflow.operators import (
    BatchOperator,
    CutOperator,
    FinishOperator,
    Settings,
)

# Where the requests are, and where the answers go, unless a run says otherwise.
INPUT = "/opt/airflow/requests.jsonl"
OUT = "/opt/airflow/answers"

# How often a task that was killed goes on by itself. It never sends what it has sent.
RETRIES = 20
RETRY_DELAY = timedelta(seconds=30)

with DAG(
    dag_id="run_batches",
    description="A file of requests to a file of answers through the Message Batches API",
    schedule=None,
    catchup=False,
    is_paused_upon_creation=False,  # nothing starts it but a person or another DAG
    max_active_runs=1,  # the limits of the plan are those of one run
    params={"input": Param(INPUT, type="string"), "out": Param(OUT, type="string")},
    default_args={"retries": RETRIES, "retry_delay": RETRY_DELAY},
    doc_md=__doc__,
    tags=["message-batches"],
) as dag:
    source, out = "{{ params.input }}", "{{ params.out }}"
    finish = FinishOperator(task_id="finish", out=out, trigger_rule="none_failed")
    last = None
    for round_number in range(Settings().max_retries + 1):
        cut = CutOperator(
            task_id=f"cut_{round_number + 1}",
            round_number=round_number,
            source=source,
            out=out,
            trigger_rule="none_failed",
        )
        batches = BatchOperator.partial(
            task_id=f"batch_{round_number + 1}", round_number=round_number, out=out
        ).expand(number=cut.output)
        if last:
            last >> cut
        last = batches
    if last:
        last >> finish
