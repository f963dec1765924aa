"""Refresh: fetch what is due, then build and publish. What the schedule runs."""

from __future__ import annotations

from functools import partial
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows import states
from flows.states import HERE, NOTHING
from pipeline import runs
from pipeline.folders import Folders


@flow(flow_run_name=states.run_name)
def refresh(
    names: tuple[str, ...] = (),
    everything: bool = False,
    auto_rebuild: bool = False,
    confirm: bool = False,
    accept: tuple[str, ...] = (),
    folders: Folders = HERE,
) -> State[Any]:
    """Fetch what is due, then build and publish. Does nothing while another run writes: what is due stays due.

    Args:
        names: Only these sources, by the names of their files; empty: all.
        everything: Visit everything, due or not.
        auto_rebuild: After a change of the rules make the whole corpus anew; otherwise new rows only, as with
            --later, until somebody runs `rebuild`.
        confirm: Publish although a check says no, whatever it says.
        accept: Only what a check says of these sources is let through (`corpus held` names them).
        folders: Folders to work on, worker processes or a Dask scheduler.
    """
    return states.ran(
        folders,
        partial(
            runs.build_and_look, folders, NOTHING, confirm=confirm, accept=accept, auto_rebuild=auto_rebuild
        ),
        partial(runs.crawl, folders, names, everything=everything),
        waits=False,
    )
