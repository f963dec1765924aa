"""The refresh flow against the sample site."""

from __future__ import annotations

import json
import logging
import re
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import State
from prefect.exceptions import FailedRun
from prefect.flow_engine import run_flow

from flows.refresh import refresh
from pipeline.archive.writer import Writer
from pipeline.corpus.job import locked
from pipeline.corpus.read import latest
from pipeline.report import FUNNEL
from pipeline.runs import Folders
from tests.flows.conftest import NAMES, artifact, artifacts, cells, flow_run, tasks, write_greedy_source


def logged(client: SyncPrefectClient, state: State[Any], until: str) -> list[tuple[str, str]]:
    """The log of a run: who said what; waits for a line."""
    wanted = {"logs": {"flow_run_id": {"any_": [str(state.state_details.flow_run_id)]}}}
    for _ in range(50):  # the handler sends in batches, from a thread of its own
        logs = client.request("POST", "/logs/filter", json=wanted).raise_for_status().json()
        if any(until in log["message"] for log in logs):
            return [(log["name"], log["message"]) for log in logs]
        time.sleep(0.2)
    raise AssertionError(f"{until!r} stands nowhere in {len(logs)} lines")


def test_publishes_a_version_and_says_which(refreshed: State[Any], folders: Folders) -> None:
    assert refreshed.name == "Completed"
    assert str(refreshed.message).startswith("version 2.1.0: ")
    assert str(latest(folders.clean)) == "2.1.0"


def test_leaves_the_funnel_of_every_source_and_the_way_to_the_version(
    first: tuple[State[Any], Path], client: SyncPrefectClient
) -> None:
    state, folder = first
    text = artifact(client, state)
    assert cells(text, "source") == ["source", *FUNNEL]
    for name in NAMES:
        row = dict(zip(("source", *FUNNEL), cells(text, name), strict=True))
        assert int(row["fetched"]) == int(row["extracted"]) > 0
        assert 0 < int(row["new"]) <= int(row["kept"])
    assert f"The version: `{folder / 'clean' / '2.1.0'}`" in text
    assert "file://" not in text
    table = artifacts(client, state)["refresh-sources"]
    assert table["type"] == "table"
    assert table["description"]
    assert [row["source"] for row in json.loads(table["data"])] == list(NAMES)


def test_leaves_an_artifact_of_each_source_for_its_history(
    refreshed: State[Any], client: SyncPrefectClient
) -> None:
    found = artifacts(client, refreshed)
    assert {key for key in found if key.startswith("source-")} == {f"source-{name}" for name in NAMES}
    blog = found[f"source-{NAMES[0]}"]
    assert blog["data"].count(f"| {NAMES[0]} |") == 2, "its counts, and how it stands"
    assert f"Source {NAMES[0]}: <http://127.0.0.1" in blog["data"]
    assert NAMES[1] not in blog["data"]


def test_every_stage_is_a_task_with_its_counts(refreshed: State[Any], client: SyncPrefectClient) -> None:
    found = tasks(client, refreshed)
    assert sorted(found) == sorted(
        [f"{stage} {name}" for stage in ("discover", "fetch") for name in NAMES]
        + ["archive", "extract", "normalize", "deduplicate", "publish"]
    )
    assert {state for state, _ in found.values()} == {"Completed"}
    assert all(any(sign.isdigit() for sign in message) for _, message in found.values())
    assert " new" in found[f"discover {NAMES[0]}"][1]
    assert "| publish |" in artifact(client, refreshed)


def test_a_run_is_named_by_its_time_and_sources(refreshed: State[Any], client: SyncPrefectClient) -> None:
    name = flow_run(client, refreshed).name
    assert re.fullmatch(rf"refresh \d{{4}}-\d\d-\d\d \d\d:\d\d · {', '.join(NAMES)}", name)


def test_what_the_rooms_log_stands_in_the_log_of_the_run(
    refreshed: State[Any], client: SyncPrefectClient
) -> None:
    logs = logged(client, refreshed, "published 2.1.0")
    assert {"pipeline.crawl", "pipeline.archive", "pipeline.corpus"} <= {name for name, _ in logs}
    assert any(re.search(r"fetched [1-9].*, in \d", line) for _, line in logs)


def test_nothing_new_is_no_new_version(
    refreshed: State[Any], folders: Folders, client: SyncPrefectClient
) -> None:
    again = refresh(names=NAMES, everything=True, folders=folders, return_state=True)
    assert (again.name, again.message) == ("Completed", "nothing new, version 2.1.0 stands")
    for name in NAMES:
        row = dict(zip(("source", *FUNNEL), cells(artifact(client, again), name), strict=True))
        assert int(row["fetched"]) == 0 < int(row["unchanged"])
    assert tasks(client, again)["publish"] == ("Skipped", "there is nothing new to publish")


def test_beside_another_writer_it_is_skipped_and_says_who_writes(
    refreshed: State[Any], folders: Folders, client: SyncPrefectClient
) -> None:
    """While a backfill fetches, and while it builds."""
    locks = {"fetches": Writer(folders.raw, "another"), "builds": locked(folders.job(()))}

    ended: list[State[Any]] = []

    @flow(name="backfill")
    def beside(it: str) -> None:
        with locks[it]:
            ended.append(refresh(names=NAMES, folders=folders, return_state=True))

    for it, said in (("fetches", ""), ("builds", "the build ")):
        beside(it)
        state = ended.pop()
        assert state.name == "Skipped"
        assert state.is_completed()
        assert str(state.message).endswith(f"{said}skipped: backfill is writing")


def test_a_refused_source_is_no_traceback_and_the_artifact_stands(
    server: None,
    folders: Folders,
    tmp_path: Path,
    client: SyncPrefectClient,
    caplog: pytest.LogCaptureFixture,
) -> None:
    shutil.copytree(folders.sources, tmp_path / "sources")
    write_greedy_source(tmp_path / "sources")
    own = Folders(sources=tmp_path / "sources", raw=tmp_path / "raw", clean=tmp_path / "clean", workers=1)
    state = refresh(names=NAMES, folders=own, return_state=True)
    assert (state.name, state.is_failed()) == ("Refused", True)
    assert "expected at least 1000" in str(state.message)
    assert f"{NAMES[0]} refused" in str(state.message)
    assert f"{NAMES[1]} refused" not in str(state.message)
    assert cells(artifact(client, state), NAMES[1])
    found = tasks(client, state)
    assert found[f"discover {NAMES[0]}"][0] == "Failed"
    assert found[f"discover {NAMES[1]}"][0] == "Completed"
    logger = logging.getLogger("prefect.flow_runs")
    anew = replace(own, raw=tmp_path / "again/raw", clean=tmp_path / "again/clean")
    with pytest.raises(FailedRun):  # as a worker runs it
        run_flow(refresh, parameters={"names": NAMES, "folders": anew}, error_logger=logger)
    assert not [record for record in caplog.records if any(record.exc_info or ())]


def test_after_a_rule_change_the_rest_waits_for_a_rebuild(
    refreshed: State[Any], folders: Folders, tmp_path: Path, client: SyncPrefectClient
) -> None:
    for name in ("sources", "raw", "clean"):
        shutil.copytree(getattr(folders, name), tmp_path / name, symlinks=True)
    path = tmp_path / f"sources/{NAMES[1]}.toml"
    path.write_text(f'extractor = "container"\n{path.read_text("utf-8")}', "utf-8")
    own = replace(folders, sources=tmp_path / "sources", raw=tmp_path / "raw", clean=tmp_path / "clean")
    own = replace(own, work=tmp_path / "work")
    state = refresh(names=NAMES, folders=own, return_state=True)
    assert state.name == "Completed"
    assert "rules changed: rebuild waits for you (preview: `corpus rebuild --preview`)" in str(state.message)
    assert str(latest(own.clean)) == "2.1.0"
    state = refresh(names=NAMES, auto_rebuild=True, folders=own, return_state=True)
    assert str(latest(own.clean)) == "2.2.0"
    assert "waits for you" not in str(state.message)
