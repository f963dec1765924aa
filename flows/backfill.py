"""Backfill: bring past days, sources or URLs into the corpus, and show beforehand what that takes."""

from __future__ import annotations

from datetime import date
from typing import Any

from prefect import flow, task
from prefect.client.schemas.objects import State

from flows import states
from flows.states import HERE, TRIES, WAIT
from pipeline import report, runs
from pipeline.runs import Folders, RunReport


@task(persist_result=False, retries=TRIES, retry_delay_seconds=WAIT, retry_condition_fn=states.busy)
def bring(
    folders: Folders,
    since: date | None,
    until: date | None,
    names: tuple[str, ...],
    urls: tuple[str, ...],
    fetch: bool,
) -> RunReport:
    """Fetch what is missing if asked to, then build from the archive."""
    return runs.backfill(
        folders, since=since, until=until, names=names, urls=urls, fetch=fetch, progress=states.progress()
    )


@flow
def backfill(
    folders: Folders = HERE,
    since: date | None = None,
    until: date | None = None,
    names: tuple[str, ...] = (),
    urls: tuple[str, ...] = (),
    fetch: bool = False,
) -> State[Any]:
    """Clean what the archive holds under the present rules; with `fetch`, get what is missing first.

    Args:
        folders: Folders to work on, worker processes or a Dask scheduler.
        since: First capture day.
        until: Last capture day.
        names: Only these sources; empty: all.
        urls: Only these URLs; empty: all that are known.
        fetch: Fetch what is missing, politely; otherwise no request is sent.
    """
    return states.close(
        "backfill", bring(folders, since, until, names, urls, fetch, return_state=True), folders
    )


@flow
def plan_backfill(
    folders: Folders = HERE,
    since: date | None = None,
    until: date | None = None,
    names: tuple[str, ...] = (),
    urls: tuple[str, ...] = (),
) -> None:
    """Show captures at hand, gaps, requests and hours at the polite rate; do nothing.

    Args:
        folders: Folders to look at.
        since: First capture day.
        until: Last capture day.
        names: Only these sources; empty: all.
        urls: Only these URLs; empty: all that are known.
    """
    plan = runs.plan_backfill(folders, since=since, until=until, names=names, urls=urls)
    states.leave("backfill-plan", report.markdown_plan(plan))
