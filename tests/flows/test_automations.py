"""The automations on a real server: made again, they are the same; a run that fails is told as `notify.toml` says."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from prefect import tags
from prefect.client.orchestration import SyncPrefectClient
from prefect.events.actions import SendNotification

from flows import automations
from flows.automations import BLOCK, TAG, TOLD, apply, main
from flows.rebuild import rebuild
from pipeline.runs import Folders
from tests.flows.conftest import flow_run

GONE = "crashed-without-a-word"


@pytest.fixture
def posts() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """An address of apprise on loopback, and what was posted there."""
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"json://127.0.0.1:{server.server_port}/", got
    server.shutdown()
    server.server_close()


def made(client: SyncPrefectClient) -> tuple[list[str], list[str]]:
    """The names of the automations and of the blocks there are."""
    blocks = client.read_block_documents_by_type("slack-webhook")
    return sorted(a.name for a in client.read_automations()), sorted(str(b.name) for b in blocks)


def test_made_again_they_are_the_same_and_go_when_nobody_is_to_be_told(client: SyncPrefectClient) -> None:
    names = sorted([GONE, *(told.name for told in TOLD)])
    apply(["json://127.0.0.1:9/a", "json://127.0.0.1:9/b"])
    before = {each.name: each.id for each in client.read_automations()}
    assert made(client) == (names, [f"{BLOCK}1", f"{BLOCK}2"])
    apply(["json://127.0.0.1:9/c"])
    assert made(client) == (names, [f"{BLOCK}1"])
    assert {each.name: each.id for each in client.read_automations()} == before
    [late] = client.read_automations_by_name("corpus-late")
    assert [isinstance(action, SendNotification) for action in late.actions] == [True]
    apply([])
    assert made(client) == ([GONE], [])


def test_a_failed_run_is_told_once_with_its_reason_and_a_link(
    client: SyncPrefectClient, tmp_path: Path, posts: tuple[str, list[dict[str, Any]]]
) -> None:
    address, got = posts
    apply([address])
    time.sleep(2)  # the server takes up new automations when it hears of them
    with tags(TAG):
        states = [rebuild(folders=Folders(raw=tmp_path / "none"), return_state=True) for _ in range(2)]
    for _ in range(100):
        if got:
            break
        time.sleep(0.2)
    time.sleep(1)
    apply([])
    [told] = got
    run = flow_run(client, states[0])
    assert told["title"] == "corpus: rebuild failed"
    assert f"{run.name} failed: {tmp_path}/none: no such archive folder" in told["message"]
    assert f"/runs/flow-run/{run.id}" in told["message"]


def test_a_mistake_in_the_file_is_told_and_nothing_changed(
    client: SyncPrefectClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    apply([])
    monkeypatch.setattr(automations, "SOURCES", tmp_path / "sources")
    (tmp_path / "notify.toml").write_text('[notify]\nurls = ["nonsense"]', "utf-8")
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert "notify.toml" in capsys.readouterr().err
    assert made(client) == ([GONE], [])
    (tmp_path / "notify.toml").write_text('[notify]\nurls = ["json://127.0.0.1:9/a"]', "utf-8")
    main()
    assert "Addresses of notify.toml that they tell: 1" in capsys.readouterr().out
