"""One Prefect server and one refreshed corpus for all flow tests: the server takes 15 seconds to start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import State
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
def folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Folders]:
    folder = tmp_path_factory.mktemp("flows")
    with SampleSite() as site:
        write_sources(folder / "sources", site)
        yield Folders(
            sources=folder / "sources",
            raw=folder / "raw",
            clean=folder / "clean",
            work=folder / "work",
            workers=1,
        )


@pytest.fixture(scope="session")
def refreshed(server: None, folders: Folders) -> State[Any]:
    """The final state of the first refresh of NAMES; afterwards `folders` holds version 2.1.0."""
    return refresh(folders, names=NAMES, return_state=True)


def artifact(client: SyncPrefectClient, state: State[Any]) -> str:
    """The text of the one artifact a flow run left."""
    run = str(state.state_details.flow_run_id)
    answer = client.request("POST", "/artifacts/filter", json={"artifacts": {"flow_run_id": {"any_": [run]}}})
    [found] = answer.raise_for_status().json()
    assert found["type"] == "markdown"
    return str(found["data"])


def cells(text: str, first: str) -> list[str]:
    """The cells of the table row that begins with `first`."""
    [row] = [line for line in text.splitlines() if line.startswith(f"| {first} |")]
    return [cell.strip() for cell in row.strip("|").split("|")]


def write_greedy_source(folder: Path) -> None:
    """Make the first source of NAMES expect more links than its site has."""
    path = folder / f"{NAMES[0]}.toml"
    path.write_text(path.read_text("utf-8").replace("expect_links = 1", "expect_links = 1000"), "utf-8")
