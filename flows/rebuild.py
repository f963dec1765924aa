"""Rebuild: everything anew after a rule change, or a preview of what that would change."""

from __future__ import annotations

from typing import Any

from prefect import flow, task
from prefect.client.schemas.objects import State

from flows import outcome
from flows.outcome import HERE, TRIES, WAIT
from pipeline import runs
from pipeline.runs import Places, RunReport


@task(persist_result=False, retries=TRIES, retry_delay_seconds=WAIT, retry_condition_fn=outcome.busy)
def build_anew(places: Places, preview: bool, confirm: bool) -> RunReport:
    """Build everything from the archive."""
    return runs.rebuild(places, preview=preview, confirm=confirm, progress=outcome.progress())


@flow
def rebuild(places: Places = HERE, preview: bool = False, confirm: bool = False) -> State[Any]:
    """Build everything anew under the present rules.

    Args:
        places: Folders to work on, worker processes or a Dask scheduler.
        preview: Only show how many documents would change, by cause, with samples; publish nothing.
        confirm: Publish although a check says no.
    """
    return outcome.close("rebuild", build_anew(places, preview, confirm, return_state=True), places)
