"""The rebuild flow over the refreshed corpus."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import State

from flows import tasks as flow_tasks
from flows.rebuild import rebuild
from flows.refresh import refresh
from pipeline.corpus.job import locked
from pipeline.corpus.read import list_versions
from pipeline.runs import Folders
from tests.flows.conftest import tasks


@pytest.mark.parametrize("preview", [True, False])
def test_the_same_rules_give_no_new_version(refreshed: State[Any], folders: Folders, preview: bool) -> None:
    before = list_versions(folders.clean)
    state = rebuild(preview=preview, folders=folders, return_state=True)
    said = (
        "nothing published, only shown: nothing would change"
        if preview
        else "nothing new, version 2.1.0 stands"
    )
    assert (state.name, state.message) == ("Completed", said)
    assert list_versions(folders.clean) == before


def test_waits_for_another_writer(
    refreshed: State[Any],
    folders: Folders,
    client: SyncPrefectClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(flow_tasks, "PAUSE", 0.2)
    begun, tried = threading.Event(), threading.Event()

    def hold() -> None:
        with locked(folders.job(())):
            begun.set()
            tried.wait(2)

    other = threading.Thread(target=hold)
    other.start()
    begun.wait()
    state = rebuild(preview=True, folders=folders, return_state=True)
    other.join()
    assert state.is_completed()
    assert "wait while another process writes" in tasks(client, state)


@pytest.mark.parametrize("flow", [rebuild, refresh])
def test_a_source_that_is_let_through_must_be_one(
    refreshed: State[Any], folders: Folders, flow: Callable[..., State[Any]]
) -> None:
    state = flow(accept=("nobody",), folders=folders, return_state=True)
    assert state.is_failed()
    assert "no source named nobody" in str(state.message)


def test_does_not_wait_for_what_will_not_mend_itself(server: None, folders: Folders, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("name = 1", "utf-8")
    state = rebuild(folders=replace(folders, sources=tmp_path), return_state=True)
    assert state.name == "Failed"
    assert "bad.toml" in str(state.message)
