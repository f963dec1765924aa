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
from tests.flows.conftest import NAMES, artifact, cells, flow_run, tasks


def test_cleans_the_archive_into_an_empty_corpus_without_a_request(
    refreshed: State[Any], folders: Folders, tmp_path: Path, client: SyncPrefectClient
) -> None:
    own = replace(folders, clean=tmp_path / "clean", work=tmp_path / "work")
    state = backfill(names=NAMES, folders=own, return_state=True)
    assert state.name == "Completed"
    assert str(state.message).startswith("version 2.1.0: ")
    assert tasks(client, state).keys() == {"extract", "normalize", "deduplicate", "publish"}
    found, fetched, *_, new, _changed = cells(artifact(client, state), NAMES[0])[1:]
    assert (found, fetched) == ("0", "0")
    assert int(new) > 0


def test_the_plan_counts_captures_and_days_and_changes_nothing(
    refreshed: State[Any], folders: Folders, client: SyncPrefectClient
) -> None:
    before = sorted(folders.raw.rglob("*"))
    state = plan_backfill(
        since=date(2020, 1, 1), until=date(2020, 1, 3), names=NAMES, folders=folders, return_state=True
    )
    assert state.is_completed()
    assert "requests in all" in str(state.message)
    name = flow_run(client, state).name
    assert name.startswith("plan-backfill 20")
    assert name.endswith(f" · 2020-01-01 to 2020-01-03 · {', '.join(NAMES)}")
    for day in ("2020-01-01", "2020-01-02", "2020-01-03"):
        row = dict(zip(PLAN, cells(artifact(client, state), f"{NAMES[0]} | {day}"), strict=True))
        assert (row["published"], row["at hand"]) == (day, "0")
    assert sorted(folders.raw.rglob("*")) == before


def test_a_span_upside_down_is_told_in_a_line(server: None, folders: Folders) -> None:
    state = backfill(since=date(2020, 1, 3), until=date(2020, 1, 1), folders=folders, return_state=True)
    assert (state.name, state.message) == ("Failed", "--from 2020-01-03 is after --to 2020-01-01")
