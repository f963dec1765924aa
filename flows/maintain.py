"""Maintain: verify archive and corpus, join half-empty files, let old versions go."""

from __future__ import annotations

from prefect import flow, task

from flows import outcome
from flows.outcome import HERE, TRIES, WAIT
from pipeline import report, runs
from pipeline.runs import Maintenance, Places


@task(persist_result=False, retries=TRIES, retry_delay_seconds=WAIT, retry_condition_fn=outcome.busy)
def verify_compact_collect(places: Places, verify_only: bool) -> Maintenance:
    """Check every file, then join and remove what may be."""
    return runs.maintain(places, verify_only=verify_only)


@flow
def maintain(places: Places = HERE, verify_only: bool = False) -> None:
    """Verify the archive and the latest version; if all is whole, join half-empty files, let old versions go.

    Args:
        places: Folders to work on.
        verify_only: Change nothing.
    """
    outcome.leave("maintain", report.markdown_maintenance(verify_compact_collect(places, verify_only)))
