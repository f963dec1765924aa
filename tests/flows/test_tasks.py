"""What the tasks of the stages say, and what a run says of them."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient

from flows import tasks as flow_tasks
from flows.tasks import Ended, Following, markdown
from pipeline.stages import StageName, Told, stage, watched
from tests.flows.conftest import tasks


def test_a_stage_that_lasts_shows_how_far_it_is(
    client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow_tasks, "SHOW_EVERY", 0.1)

    @flow(name="lasting")
    def lasting() -> None:
        following = Following()
        with watched(following), stage(StageName.EXTRACT) as told:
            for done in (10, 30):
                time.sleep(0.3)
                told.at(done, 40)
            told.counts = {"captures": 40}
        following.wait()

    state = lasting(return_state=True)
    assert tasks(client, state) == {"extract": ("Completed", "captures 40")}
    run = str(state.state_details.flow_run_id)
    wanted = {"artifacts": {"flow_run_id": {"any_": [run]}}}
    [shown] = client.request("POST", "/artifacts/filter", json=wanted).raise_for_status().json()
    assert (shown["type"], shown["description"]) == ("progress", "captures 40")
    assert float(json.loads(str(shown["data"]))) == 100


def test_sources_with_nothing_to_do_are_one_line_for_each_reason() -> None:
    def ended(source: str, **said: Any) -> Ended:
        return Ended(told=Told(name=StageName.FETCH, source=source, ended=True, **said), seconds=1.25)

    text = markdown(
        [
            ended("a", idle="no page is due"),
            ended("b", counts={"due": 2, "fetched": 1}),
            ended("c", idle="no page is due"),
            ended("d", idle="no list is due", wrong="refused\n  and why, at length"),
        ]
    )
    assert text.splitlines() == [
        "| stage | source | seconds | what came of it |",
        "| --- | --- | --- | --- |",
        "| fetch | b | 1.2 | due 2, fetched 1 |",
        "| fetch | d | 1.2 | refused; no list is due |",
        "",
        "- fetch, no page is due: a, c",
    ]
