"""The backfill flows over an archive that a refresh has filled."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import State

from flows.backfill import backfill, plan_backfill
from pipeline.report import PLAN
from pipeline.runs import Folders
from tests.flows.conftest import NAMES, artifact, cells


def test_cleans_the_archive_into_an_empty_corpus_without_a_request(
    refreshed: State[Any], folders: Folders, tmp_path: Path, client: SyncPrefectClient
) -> None:
    own = replace(folders, clean=tmp_path / "clean", work=tmp_path / "work")
    state = backfill(own, names=NAMES, return_state=True)
    assert (state.name, state.message) == ("Completed", "version 2.1.0")
    found, fetched, *_, new, _changed = cells(artifact(client, state), NAMES[0])[1:]
    assert (found, fetched) == ("0", "0")
    assert int(new) > 0


def test_the_plan_counts_captures_and_days_and_changes_nothing(
    refreshed: State[Any], folders: Folders, client: SyncPrefectClient
) -> None:
    before = sorted(folders.raw.rglob("*"))
    state = plan_backfill(
        folders, since=date(2020, 1, 1), until=date(2020, 1, 3), names=NAMES, return_state=True
    )
    assert state.is_completed()
    row = dict(zip(PLAN, cells(artifact(client, state), NAMES[0]), strict=True))
    assert (row["captures"], row["days without"]) == ("0", "3")
    assert sorted(folders.raw.rglob("*")) == before
