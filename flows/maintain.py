"""Maintain: verify archive and corpus, join half-empty files, let old versions go."""

from __future__ import annotations

from functools import partial
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows import states
from flows.states import HERE
from pipeline import report, upkeep
from pipeline.folders import Folders


@flow(flow_run_name=states.run_name)
def maintain(verify_only: bool = False, folders: Folders = HERE) -> State[Any]:
    """Verify the archive and the latest version; if all is whole, join half-empty files, let old versions go.

    Args:
        verify_only: Change nothing.
        folders: Folders to work on.
    """
    done = partial(upkeep.maintain, folders, verify_only=verify_only)
    return states.told(done, report.markdown_maintenance, report.maintenance_words)
