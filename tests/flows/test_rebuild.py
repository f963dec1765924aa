"""The rebuild flow over the refreshed corpus."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import State

from flows import rebuild as module
from flows.rebuild import build_anew, rebuild
from pipeline.corpus.job import locked
from pipeline.corpus.read import list_versions
from pipeline.runs import Folders


@pytest.mark.parametrize("preview", [True, False])
def test_the_same_rules_give_no_new_version(refreshed: State[Any], folders: Folders, preview: bool) -> None:
    before = list_versions(folders.clean)
    state = rebuild(folders, preview=preview, return_state=True)
    assert (state.name, state.message) == ("Completed", "version 2.1.0")
    assert list_versions(folders.clean) == before


def test_waits_for_another_writer(
    refreshed: State[Any], folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "build_anew", build_anew.with_options(retries=100, retry_delay_seconds=0.1))
    begun, tried = threading.Event(), threading.Event()

    def hold() -> None:
        with locked(folders.job(())):
            begun.set()
            tried.wait(2)

    other = threading.Thread(target=hold)
    other.start()
    begun.wait()
    state = rebuild(folders, preview=True, return_state=True)
    other.join()
    assert state.is_completed()


def test_does_not_wait_for_what_will_not_mend_itself(server: None, folders: Folders, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("name = 1", "utf-8")
    state = rebuild(replace(folders, sources=tmp_path), return_state=True)
    assert state.name == "Failed"
    assert "SourceError" in str(state.message)
