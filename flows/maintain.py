"""Maintain: verify archive and corpus, join half-empty files, let old versions go."""

from __future__ import annotations

from prefect import flow, task

from flows import states
from flows.states import HERE, TRIES, WAIT
from pipeline import report, upkeep
from pipeline.runs import Folders
from pipeline.upkeep import Maintenance


@task(persist_result=False, retries=TRIES, retry_delay_seconds=WAIT, retry_condition_fn=states.busy)
def verify_compact_collect(folders: Folders, verify_only: bool) -> Maintenance:
    """Check every file, then join and remove what may be."""
    return upkeep.maintain(folders, verify_only=verify_only)


@flow
def maintain(folders: Folders = HERE, verify_only: bool = False) -> None:
    """Verify the archive and the latest version; if all is whole, join half-empty files, let old versions go.

    Args:
        folders: Folders to work on.
        verify_only: Change nothing.
    """
    states.leave("maintain", report.markdown_maintenance(verify_compact_collect(folders, verify_only)))
