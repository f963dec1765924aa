"""Maintain: verify the archive and the corpus, then let old versions go."""

from __future__ import annotations

from prefect import flow, task

from flows import outcome
from flows.outcome import HERE, TRIES, WAIT
from pipeline import report, runs
from pipeline.runs import Maintenance, Places


@task(persist_result=False, retries=TRIES, retry_delay_seconds=WAIT, retry_condition_fn=outcome.busy)
def verify_and_collect(places: Places, collect: bool) -> Maintenance:
    """Check every file, then remove what need not be kept."""
    return runs.maintain(places, collect=collect)


@flow
def maintain(places: Places = HERE, collect: bool = True) -> None:
    """Verify the archive and the latest version; if all is whole, let old versions go.

    Args:
        places: Folders to work on.
        collect: Remove the versions that need not be kept; otherwise only verify.
    """
    outcome.leave("maintain", report.markdown_maintenance(verify_and_collect(places, collect)))
