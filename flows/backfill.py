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
from pipeline.folders import Folders


@flow(flow_run_name=states.run_name)
def backfill(
    since: date | None = None,
    until: date | None = None,
    names: tuple[str, ...] = (),
    urls: tuple[str, ...] = (),
    max_requests: int | None = None,
    fetch: bool = False,
    later: bool = False,
    folders: Folders = HERE,
) -> State[Any]:
    """Clean what the archive holds under the present rules; with `fetch`, search for what is missing first.

    Waits while another run writes, and gives way to those that come while it fetches. `plan-backfill` shows beforehand
    what it takes.

    Args:
        since: First day of publication that is searched for; empty: no bound.
        until: Last day of publication that is searched for; empty: no bound.
        names: Only these sources, by the names of their files; empty: all.
        urls: Only these URLs; empty: all that are known.
        max_requests: End after so many requests; another run goes on. Empty: no bound.
        fetch: Search for what is missing and fetch it, politely; otherwise no request is sent.
        later: After a change of the rules add new rows only, and leave the others to `rebuild`.
        folders: Folders to work on, worker processes or a Dask scheduler.
    """
    asked: dict[str, Any] = {"since": since, "until": until, "names": names, "urls": urls}
    missing = partial(runs.fetch_missing, folders, **asked, max_requests=max_requests, fetch=fetch)
    build = partial(runs.build_and_cover, folders, **asked, fetch=fetch, later=later)
    return states.ran(folders, build, missing)


@flow(flow_run_name=states.run_name)
def plan_backfill(
    since: date | None = None,
    until: date | None = None,
    names: tuple[str, ...] = (),
    urls: tuple[str, ...] = (),
    folders: Folders = HERE,
) -> State[Any]:
    """Show by source and day of publication what is at hand, known and expected, and what it costs; do nothing.

    Args:
        since: First day of publication; empty: the first there is.
        until: Last day of publication; empty: the last there is.
        names: Only these sources, by the names of their files; empty: all.
        urls: Only these URLs; empty: all that are known.
        folders: Folders to look at.
    """
    plan = partial(runs.plan_backfill, folders, since=since, until=until, names=names, urls=urls)
    return states.told(plan, report.markdown_plan, report.plan_words)
