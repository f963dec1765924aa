"""Backfill: bring past days, sources or URLs into the corpus, and show beforehand what that takes."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows import states
from flows.states import HERE
from pipeline import report, runs
from pipeline.runs import Folders


@flow(flow_run_name=states.run_name)
def backfill(
    since: date | None = None,
    until: date | None = None,
    names: tuple[str, ...] = (),
    urls: tuple[str, ...] = (),
    fetch: bool = False,
    later: bool = False,
    folders: Folders = HERE,
) -> State[Any]:
    """Clean what the archive holds under the present rules; with `fetch`, get what is missing first.

    Waits while another run writes. `plan-backfill` shows beforehand what it takes.

    Args:
        since: First capture day that is looked at for gaps; empty: the first there is.
        until: Last capture day that is looked at for gaps; empty: the last there is.
        names: Only these sources, by the names of their files; empty: all.
        urls: Only these URLs; empty: all that are known.
        fetch: Fetch what is missing, politely; otherwise no request is sent.
        later: After a change of the rules add new rows only, and leave the others to `rebuild`.
        folders: Folders to work on, worker processes or a Dask scheduler.
    """
    missing = partial(
        runs.fetch_missing, folders, since=since, until=until, names=names, urls=urls, fetch=fetch
    )
    return states.ran(folders, partial(runs.backfill, folders, later=later), missing)


@flow(flow_run_name=states.run_name)
def plan_backfill(
    since: date | None = None,
    until: date | None = None,
    names: tuple[str, ...] = (),
    urls: tuple[str, ...] = (),
    folders: Folders = HERE,
) -> State[Any]:
    """Show captures at hand, gaps, requests and hours at the polite rate; do nothing.

    Args:
        since: First capture day that is looked at for gaps; empty: the first there is.
        until: Last capture day that is looked at for gaps; empty: the last there is.
        names: Only these sources, by the names of their files; empty: all.
        urls: Only these URLs; empty: all that are known.
        folders: Folders to look at.
    """
    plan = partial(runs.plan_backfill, folders, since=since, until=until, names=names, urls=urls)
    return states.told(plan, report.markdown_plan, report.plan_words)
