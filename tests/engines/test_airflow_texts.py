"""The two files of the Airflow edition: what they need, and a DAG with a round for each retry."""

from __future__ import annotations

import ast
import sys
from typing import Any

from tests.engines.conftest import MakeStage
from tests.engines.stage import texts


def test_nothing_else_is_needed() -> None:
    """The engine, the SDK, and each other."""
    allowed = {*sys.stdlib_module_names, "anthropic", "airflow"}
    for name, text in texts().items():
        if name.endswith(".py"):
            tree = ast.parse(text, feature_version=(3, 10))
            imported = {
                node.module.partition(".")[0]
                for node in ast.walk(tree)
                if isinstance(node, ast.ImportFrom) and node.module
            }
            imported |= {
                each.name.partition(".")[0]
                for node in ast.walk(tree)
                if isinstance(node, ast.Import)
                for each in node.names
            }
            assert imported - allowed <= {"run_batches_airflow"}, name


def test_the_dag_has_a_round_for_each_retry(stage: MakeStage) -> None:
    """A cut and a mapped task each, one after the other, and the end."""
    stage(MAX_RETRIES=2)
    source = texts()["run_batches_dag.py"]
    names: dict[str, Any] = {"__doc__": "", "__name__": "run_batches_dag"}
    exec(compile(source, "run_batches_dag.py", "exec"), names)
    tasks = {task.task_id: task for task in names["dag"].tasks}
    assert [*tasks] == ["finish", "cut_1", "batch_1", "cut_2", "batch_2", "cut_3", "batch_3"]
    assert tasks["batch_2"].over == {"number": tasks["cut_2"].output}
    assert tasks["cut_3"].upstream == [tasks["batch_2"]]
    assert tasks["finish"].upstream == [tasks["batch_3"]]
    assert tasks["cut_2"].kwargs["trigger_rule"] == "none_failed"
