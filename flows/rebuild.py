"""Rebuild: everything anew after a rule change, or a preview of what that would change."""

from __future__ import annotations

from functools import partial
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows import states
from flows.states import HERE
from pipeline import runs
from pipeline.folders import Folders


@flow(flow_run_name=states.run_name)
def rebuild(
    preview: bool = False,
    confirm: bool = False,
    accept: tuple[str, ...] = (),
    folders: Folders = HERE,
) -> State[Any]:
    """Build everything anew under the present rules; waits while another run writes.

    Args:
        preview: Only show how many documents would change, by cause, with samples; publish nothing.
        confirm: Publish although a check says no, whatever it says.
        accept: Only what a check says of these sources is let through (`corpus held` names them).
        folders: Folders to work on, worker processes or a Dask scheduler.
    """
    return states.ran(
        folders, partial(runs.rebuild, folders, preview=preview, confirm=confirm, accept=accept)
    )
