"""The maintain flow over the refreshed corpus."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import State

from flows.maintain import maintain
from pipeline.runs import Folders
from tests.flows.conftest import artifact, cells


def test_a_whole_corpus_is_verified_and_keeps_its_latest(
    refreshed: State[Any], folders: Folders, client: SyncPrefectClient
) -> None:
    state = maintain(folders=folders, return_state=True)
    assert state.is_completed()
    assert cells(artifact(client, state), "2.1.0")


def test_a_damaged_version_is_restored_from_its_inputs(
    refreshed: State[Any], folders: Folders, tmp_path: Path
) -> None:
    shutil.copytree(folders.clean, tmp_path / "clean", symlinks=True)
    [part, *_] = (tmp_path / "clean" / "2.1.0" / "articles").iterdir()
    whole = part.read_bytes()
    part.write_bytes(b"\0" + whole[1:])
    state = maintain(
        folders=replace(folders, clean=tmp_path / "clean", work=tmp_path / "work"), return_state=True
    )
    assert state.name == "Completed"
    assert part.read_bytes() == whole


def test_what_cannot_be_mended_without_a_loss_fails_the_run_and_is_named(
    refreshed: State[Any], folders: Folders, tmp_path: Path
) -> None:
    shutil.copytree(folders.raw, tmp_path / "raw")
    [warc, *_] = (tmp_path / "raw").rglob("*.warc.gz")
    warc.write_bytes(warc.read_bytes()[:-100])
    state = maintain(
        folders=replace(folders, raw=tmp_path / "raw", work=tmp_path / "work"), return_state=True
    )
    assert state.name == "Refused"
    assert warc.name in str(state.message)
