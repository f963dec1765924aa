"""Refresh: fetch what is due, then build and publish. What the schedule runs."""

from __future__ import annotations

from typing import Any

from prefect import flow, task
from prefect.client.schemas.objects import State

from flows import states
from flows.states import HERE
from pipeline import runs
from pipeline.runs import Folders, RunReport


# one task for all sources: the archive has one writer, and the crawl paces its hosts side by side by itself
@task(persist_result=False)
def crawl(folders: Folders, names: tuple[str, ...], everything: bool) -> RunReport:
    """Fetch into the archive."""
    return RunReport(crawled=runs.crawl(folders, names, everything=everything, progress=states.progress()))


@task(persist_result=False)
def build(folders: Folders, confirm: bool, crawled: RunReport) -> RunReport:
    """Build the next version from the archive, then see how the sources stand."""
    return runs.build_and_look(folders, crawled, confirm=confirm, progress=states.progress())


@flow
def refresh(
    folders: Folders = HERE,
    names: tuple[str, ...] = (),
    everything: bool = False,
    confirm: bool = False,
) -> State[Any]:
    """Fetch what is due, then build and publish.

    Args:
        folders: Folders to work on, worker processes or a Dask scheduler.
        names: Only these sources; empty: all.
        everything: Visit everything, due or not.
        confirm: Publish although a check says no.
    """
    crawled = crawl(folders, names, everything)
    built = build(folders, confirm, crawled, return_state=True)
    return states.close("refresh", built, folders, otherwise=crawled)
