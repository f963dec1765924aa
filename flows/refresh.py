"""Refresh: fetch what is due, then build and publish. What the schedule runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from prefect import flow, task
from prefect.client.schemas.objects import State

from flows import outcome
from flows.outcome import HERE
from pipeline import runs
from pipeline.runs import Places, RunReport


# one task for all sources: the archive has one writer, and the crawl paces its hosts side by side by itself
@task(persist_result=False)
def crawl(places: Places, names: tuple[str, ...], everything: bool) -> RunReport:
    """Fetch into the archive."""
    return RunReport(visits=runs.crawl(places, names, everything=everything, progress=outcome.progress()))


@task(persist_result=False)
def build(places: Places, confirm: bool, crawled: RunReport) -> RunReport:
    """Build the next version from the archive."""
    return replace(crawled, build=runs.build(places, confirm=confirm, progress=outcome.progress()))


@flow
def refresh(
    places: Places = HERE,
    names: tuple[str, ...] = (),
    everything: bool = False,
    confirm: bool = False,
) -> State[Any]:
    """Fetch what is due, then build and publish.

    Args:
        places: Folders to work on, worker processes or a Dask scheduler.
        names: Only these sources; empty: all.
        everything: Visit everything, due or not.
        confirm: Publish although a check says no.
    """
    crawled = crawl(places, names, everything)
    built = build(places, confirm, crawled, return_state=True)
    return outcome.close("refresh", built, places, otherwise=crawled)
