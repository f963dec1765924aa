"""prefect.yaml and prefect.toml are taken by the real command, and the schedules really give runs."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect import Flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.responses import DeploymentResponse
from prefect.flows import load_flow_from_entrypoint
from prefect.server.services.scheduler import schedule_deployments
from prefect.settings import PREFECT_API_URL
from prefect.settings.models.root import Settings

from flows.automations import TAG
from flows.serve import POOL

ROOT = Path(__file__).resolve().parent.parent.parent
DECLARED = yaml.safe_load((ROOT / "prefect.yaml").read_text("utf-8"))["deployments"]

Deployments = dict[str, DeploymentResponse]


@pytest.fixture(scope="module")
def deployed(server: None) -> Deployments:
    """What `prefect deploy --all` made, by entrypoint."""
    with get_client(sync_client=True) as client:
        client.create_work_pool(WorkPoolCreate(name=POOL, type="process"))
        done = subprocess.run(
            [sys.executable, "-m", "prefect", "deploy", "--all", "--no-prompt"],
            cwd=ROOT,
            env={**os.environ, "PREFECT_API_URL": str(PREFECT_API_URL.value())},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        answer = client.request("POST", "/deployments/filter", json={})
        found = [DeploymentResponse.model_validate(each) for each in answer.json()]
        return {str(each.entrypoint): each for each in found}


@pytest.mark.parametrize("declared", DECLARED, ids=lambda d: d["entrypoint"])
def test_the_entrypoint_loads_and_takes_the_parameters(
    declared: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    flow: Flow[..., Any] = load_flow_from_entrypoint(declared["entrypoint"])
    assert set(declared["parameters"]) == set(flow.parameters.properties)
    defaults = {name: about.get("default") for name, about in flow.parameters.properties.items()}
    assert flow.validate_parameters(declared["parameters"]) == flow.validate_parameters(defaults)


@pytest.mark.parametrize("declared", DECLARED, ids=lambda d: d["entrypoint"])
def test_the_form_asks_what_a_run_is_about_first_and_says_what_each_answer_does(
    declared: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    flow: Flow[..., Any] = load_flow_from_entrypoint(declared["entrypoint"])
    asked = sorted(flow.parameters.properties.values(), key=lambda about: about["position"])
    assert [about["title"] for about in asked] == list(declared["parameters"])
    assert asked[-1]["title"] == "folders"
    assert ("since" in declared["parameters"]) == (asked[0]["title"] == "since")
    assert all(about["description"] for about in asked)


def test_no_two_deployments_have_one_name() -> None:
    names = [each["name"] for each in DECLARED]
    assert sorted(names) == sorted(set(names))
    assert all(each["tags"] == [TAG] for each in DECLARED)


def test_every_declared_deployment_is_made(deployed: Deployments) -> None:
    assert set(deployed) == {each["entrypoint"] for each in DECLARED}


def test_a_run_works_in_the_checkout(deployed: Deployments) -> None:
    step = "prefect.deployments.steps.set_working_directory"
    assert all(each.pull_steps == [{step: {"directory": str(ROOT)}}] for each in deployed.values())


@pytest.mark.parametrize(
    ("entrypoint", "cron", "strategy"),
    [
        ("flows/refresh.py:refresh", "5 * * * *", "CANCEL_NEW"),
        ("flows/backfill.py:backfill", None, "ENQUEUE"),
        ("flows/maintain.py:maintain", "30 4 * * 1", "CANCEL_NEW"),
    ],
)
def test_schedule_and_limit(deployed: Deployments, entrypoint: str, cron: str | None, strategy: str) -> None:
    made = deployed[entrypoint]
    times = [
        (getattr(each.schedule, "cron", None), getattr(each.schedule, "timezone", None))
        for each in made.schedules
    ]
    assert times == ([(cron, "Asia/Shanghai")] if cron else [])
    assert made.global_concurrency_limit is not None
    assert made.global_concurrency_limit.limit == 1
    assert made.concurrency_options is not None
    assert made.concurrency_options.collision_strategy == strategy


def test_the_scheduler_makes_runs_of_the_cron(deployed: Deployments, client: SyncPrefectClient) -> None:
    """With sqlalchemy 2.1 it makes none and says nothing to the user: why that is pinned."""
    asyncio.run(schedule_deployments())
    runs = client.read_flow_runs(limit=200)
    scheduled = {run.deployment_id for run in runs if run.state_name == "Scheduled" and run.auto_scheduled}
    assert scheduled == {each.id for each in deployed.values() if each.schedules}


def test_a_limit_outlives_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """With leases in memory, a server stopped in mid-refresh left its slot taken for ever."""
    monkeypatch.chdir(ROOT)
    assert Settings().server.concurrency.lease_storage.endswith(".filesystem")


def test_no_telemetry_by_the_projects_own_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    for name in ("DO_NOT_TRACK", "PREFECT_SERVER_ANALYTICS_ENABLED"):
        monkeypatch.delenv(name, raising=False)
    assert Settings().server.analytics_enabled is False
