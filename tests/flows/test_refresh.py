"""The refresh flow against the sample site."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import State

from flows.refresh import refresh
from pipeline.archive.writer import Writer
from pipeline.corpus.read import latest
from pipeline.report import FUNNEL
from pipeline.runs import Folders
from tests.flows.conftest import NAMES, artifact, cells, write_greedy_source


def test_publishes_a_version_and_says_which(refreshed: State[Any], folders: Folders) -> None:
    assert (refreshed.name, refreshed.message) == ("Completed", "version 2.1.0")
    assert str(latest(folders.clean)) == "2.1.0"


def test_leaves_the_funnel_of_every_source_and_the_way_to_the_version(
    refreshed: State[Any], folders: Folders, client: SyncPrefectClient
) -> None:
    text = artifact(client, refreshed)
    assert cells(text, "source") == ["source", *FUNNEL]
    for name in NAMES:
        row = dict(zip(("source", *FUNNEL), cells(text, name), strict=True))
        assert int(row["fetched"]) == int(row["extracted"]) > 0
        assert 0 < int(row["new"]) <= int(row["kept"])
    assert f"The version: 2.1.0, in `{folders.clean}`" in text


def test_what_the_rooms_log_stands_in_the_log_of_the_run(
    refreshed: State[Any], client: SyncPrefectClient
) -> None:
    wanted = {"logs": {"flow_run_id": {"any_": [str(refreshed.state_details.flow_run_id)]}}}
    for _ in range(50):  # the handler sends in batches, from a thread of its own
        logs = client.request("POST", "/logs/filter", json=wanted).raise_for_status().json()
        if any("published 2.1.0" in log["message"] for log in logs):
            break
        time.sleep(0.2)
    assert {"pipeline.crawl", "pipeline.archive", "pipeline.corpus"} <= {log["name"] for log in logs}


def test_nothing_new_is_no_new_version(
    refreshed: State[Any], folders: Folders, client: SyncPrefectClient
) -> None:
    again = refresh(folders, names=NAMES, everything=True, return_state=True)
    assert (again.name, again.message) == ("Completed", "version 2.1.0")
    for name in NAMES:
        row = dict(zip(("source", *FUNNEL), cells(artifact(client, again), name), strict=True))
        assert int(row["fetched"]) == 0 < int(row["unchanged"])


def test_another_writer_fails_the_run_and_is_named(server: None, folders: Folders, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    with Writer(raw, "another"):
        state = refresh(replace(folders, raw=raw, clean=tmp_path / "clean"), names=NAMES, return_state=True)
    assert state.name == "Failed"
    assert "BusyError" in str(state.message)


def test_a_refused_source_fails_the_run_and_the_artifact_stands(
    server: None, folders: Folders, tmp_path: Path, client: SyncPrefectClient
) -> None:
    shutil.copytree(folders.sources, tmp_path / "sources")
    write_greedy_source(tmp_path / "sources")
    own = Folders(sources=tmp_path / "sources", raw=tmp_path / "raw", clean=tmp_path / "clean", workers=1)
    state = refresh(own, names=NAMES, return_state=True)
    assert state.name == "Failed"
    assert "expected at least 1000" in str(state.message)
    assert NAMES[0] in str(state.message)
    assert NAMES[1] not in str(state.message)
    assert cells(artifact(client, state), NAMES[1])
