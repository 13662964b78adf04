"""Meet the engine: what is taken of it, and what is said where it is not as it must be."""

from __future__ import annotations

import logging
import re
import traceback
from typing import Any, Protocol

from planner.programs.python.errors import InputError
from planner.programs.python.report import Log

try:
    import anthropic
    from airflow import sdk as airflow_sdk
    from airflow.sdk import NEVER_EXPIRE, BaseOperator, ObjectStoragePath, conf
    from airflow.sdk.exceptions import AirflowFailException
    from airflow.triggers.base import BaseTrigger, TriggerEvent
except ImportError as missing:
    raise ImportError(
        "Apache Airflow 3.3 or newer and the package anthropic 2.x are needed, here and where "
        f"triggers run: {missing}. Nothing was sent."
    ) from None

OLDEST_SDK = (1, 3)  # the task SDK of Airflow 3.3, the first with a state store for tasks
JOURNAL = "journal"  # the key of the state store


class StateStore(Protocol):
    """The state store of a task, as Airflow gives it to each try of the task."""

    def get(self, key: str, default: Any = None) -> Any: ...

    def set(self, key: str, value: Any, *, retention: Any = None) -> None: ...


class TaskLog(Log):
    """Lines in the task's own log."""

    def print(self, text: str) -> None:
        logging.getLogger("run_batches").info(text.strip().partition(" ")[2])


def refuse_old_engine() -> None:
    """Raises InputError for an Airflow that has no state store for tasks."""
    numbers = tuple(int(number) for number in re.findall(r"[0-9]+", airflow_sdk.__version__)[:2])
    if numbers < OLDEST_SDK:
        raise InputError(
            f"This is the task SDK {airflow_sdk.__version__} of an Airflow before 3.3, which keeps nothing of "
            "a task that is tried again. Upgrade Airflow. Nothing was sent."
        )


def state_store_of(context: Any) -> StateStore:
    """The state store of this task. Raises InputError where there is none."""
    store: StateStore | None = context.get("task_state_store")
    if store is None:
        raise InputError("This task has no task_state_store: Airflow 3.3 has. Nothing was sent.")
    return store


def refuse_forgetful(store: StateStore) -> None:
    """Try a state store. Raises InputError."""
    try:
        store.set("tried", True, retention=NEVER_EXPIRE)
        kept = store.get("tried")
    except Exception as error:
        kept = type(error).__name__
    if kept is not True:
        raise InputError(
            f"The task's state store does not keep what is written ({kept}). See [state_store] in "
            "Airflow's configuration. Nothing was sent."
        )


def most_mapped() -> int:
    """How many tasks this Airflow makes of one."""
    return int(conf.getint("core", "max_map_length"))


def unforeseen(error: BaseException) -> RuntimeError:
    """What is raised instead of an error whose words may hold a prompt; where it happened does not.

    Airflow tries the task again: what was sent is in the journal.
    """
    traceback.print_tb(error.__traceback__)
    return RuntimeError(f"unforeseen {type(error).__name__}")
