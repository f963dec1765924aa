"""Rebuild: everything anew after a rule change, or a preview of what that would change."""

from __future__ import annotations

from typing import Any

from prefect import flow, task
from prefect.client.schemas.objects import State

from flows import states
from flows.states import HERE, TRIES, WAIT
from pipeline import runs
from pipeline.runs import Folders, RunReport


@task(persist_result=False, retries=TRIES, retry_delay_seconds=WAIT, retry_condition_fn=states.busy)
def build_anew(folders: Folders, preview: bool, confirm: bool) -> RunReport:
    """Build everything from the archive."""
    return runs.rebuild(folders, preview=preview, confirm=confirm, progress=states.progress())


@flow
def rebuild(folders: Folders = HERE, preview: bool = False, confirm: bool = False) -> State[Any]:
    """Build everything anew under the present rules.

    Args:
        folders: Folders to work on, worker processes or a Dask scheduler.
        preview: Only show how many documents would change, by cause, with samples; publish nothing.
        confirm: Publish although a check says no.
    """
    return states.close("rebuild", build_anew(folders, preview, confirm, return_state=True), folders)
