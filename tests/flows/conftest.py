"""One Prefect server and one refreshed corpus for all flow tests: the server takes 15 seconds to start."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, State
from prefect.testing.utilities import prefect_test_harness

from flows.refresh import refresh
from pipeline.demo.server import SampleSite, write_sources
from pipeline.runs import Folders

NAMES = ("blog", "tech")
"""Two small sources of the sample site."""


@pytest.fixture(scope="session")
def server() -> Iterator[None]:
    with prefect_test_harness(server_startup_timeout=180):
        yield


@pytest.fixture
def client(server: None) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as opened:
        yield opened


@pytest.fixture(scope="session")
def site() -> Iterator[SampleSite]:
    with SampleSite() as opened:
        yield opened


@pytest.fixture(scope="session")
def first(
    server: None, site: SampleSite, tmp_path_factory: pytest.TempPathFactory
) -> tuple[State[Any], Path]:
    """The first refresh of NAMES: its final state, and the folder it worked in, which stays as it is."""
    folder = tmp_path_factory.mktemp("first")
    write_sources(folder / "sources", site)
    return refresh(names=NAMES, folders=folders_in(folder), return_state=True), folder


@pytest.fixture
def folders(site: SampleSite, tmp_path: Path) -> Folders:
    """The folders of one test, so that no test sees what another has done."""
    write_sources(tmp_path / "own" / "sources", site)
    return folders_in(tmp_path / "own")


@pytest.fixture
def refreshed(first: tuple[State[Any], Path], folders: Folders) -> State[Any]:
    """The final state of the first refresh of NAMES; afterwards `folders` holds version 2.1.0."""
    state, folder = first
    shutil.copytree(folder, folders.raw.parent, symlinks=True, dirs_exist_ok=True)
    return state


def folders_in(folder: Path) -> Folders:
    """The usual folders, all in one."""
    return Folders(
        sources=folder / "sources",
        raw=folder / "raw",
        clean=folder / "clean",
        work=folder / "work",
        workers=1,
    )


def artifacts(client: SyncPrefectClient, state: State[Any]) -> dict[str, dict[str, Any]]:
    """The artifacts a flow run left, by key."""
    run = str(state.state_details.flow_run_id)
    answer = client.request("POST", "/artifacts/filter", json={"artifacts": {"flow_run_id": {"any_": [run]}}})
    return {each["key"]: each for each in answer.raise_for_status().json()}


def flow_run(client: SyncPrefectClient, state: State[Any]) -> FlowRun:
    """The run that ended in a state."""
    assert state.state_details.flow_run_id is not None
    return client.read_flow_run(state.state_details.flow_run_id)


def artifact(client: SyncPrefectClient, state: State[Any]) -> str:
    """The text of the artifact a flow run left of itself."""
    run = flow_run(client, state)
    found = artifacts(client, state)[client.read_flow(run.flow_id).name]
    assert found["type"] == "markdown"
    assert run.name in found["description"]
    return str(found["data"])


def tasks(client: SyncPrefectClient, state: State[Any]) -> dict[str, tuple[str, str]]:
    """The tasks of a flow run: name → name of the final state, and its message."""
    of_it = FlowRunFilter.model_validate({"id": {"any_": [state.state_details.flow_run_id]}})
    for _ in range(50):  # the server hears of tasks by events, which may come late
        found = client.read_task_runs(flow_run_filter=of_it)
        if found and all(each.state is not None and each.state.is_final() for each in found):
            break
        time.sleep(0.2)
    states = [(each.name.partition(":")[0], each.state) for each in found if each.state is not None]
    assert [each.name for each in found if each.state and each.state.message] == [
        f"{name}: {ended.message}" for name, ended in states if ended.message
    ], "the lists of the UI show names, no messages"
    return {name: (str(ended.name), ended.message or "") for name, ended in states}


def cells(text: str, first: str) -> list[str]:
    """The cells of the table row that begins with `first`."""
    [row] = [line for line in text.splitlines() if line.startswith(f"| {first} |")]
    return [cell.strip() for cell in row.strip("|").split("|")]


def write_greedy_source(folder: Path) -> None:
    """Make the first source of NAMES expect more links than its site has."""
    path = folder / f"{NAMES[0]}.toml"
    path.write_text(path.read_text("utf-8").replace("expect_links = 1", "expect_links = 1000"), "utf-8")
