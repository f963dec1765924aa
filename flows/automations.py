"""What the Prefect server does by itself: mark runs whose process is gone, and tell whom `notify.toml` names.

    python -m flows.automations      # from the project folder, for the server of PREFECT_API_URL

Late, crashed and failed runs are told by the server, not by a run: nothing runs where a run is late. What was made
before is made again under its name, and what is no longer wanted goes, so that it may be called at any time.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from uuid import UUID

from prefect.automations import Automation
from prefect.blocks.notifications import SlackWebhook
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ActionTypes, ChangeFlowRunState, SendNotification
from prefect.events.schemas.automations import EventTrigger, Posture
from pydantic import SecretStr

from pipeline import notify
from pipeline.errors import CorpusError
from pipeline.folders import SOURCES

TAG = "corpus"
"""Tag of our deployments (prefect.yaml): only their runs are looked at."""

BLOCK = "corpus-notify-"
"""How the names of the blocks begin that hold the addresses; a number follows."""

SILENCE = timedelta(seconds=90)
"""Three heartbeats (prefect.toml) without which a run is taken to be gone."""

AGAIN = timedelta(days=1)
"""So long the same is not told again of a deployment: a schedule that fails every hour is one message a day."""


RUN = "{{ flow.name }}/{{ deployment.name }}: {{ flow_run.name }}"
"""What a run is called in a message: one that has not begun has no name of its own yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A kind of run that somebody is told of."""

    name: str
    """Name of the automation."""
    states: tuple[str, ...]
    """Names of the states that are told. Unwell is not among them: the run itself has told of its sources."""
    what: str
    """What is wrong with the run, after its name."""


TOLD = (
    Told(name="corpus-late", states=("Late",), what="was to begin and has not: is a worker running?"),
    Told(name="corpus-crashed", states=("Crashed",), what="crashed: {{ flow_run.state.message }}"),
    Told(
        name="corpus-failed",
        states=("Failed", "Refused", "TimedOut"),
        what="{{ flow_run.state.name|lower }}: {{ flow_run.state.message }}",
    ),
)


def apply(urls: Sequence[str]) -> list[str]:
    """Make the automations anew on the server, to tell these addresses of apprise; their names."""
    blocks = [_block(number, url) for number, url in enumerate(urls, 1)]
    wanted = [_gone(), *(_telling(each, blocks) for each in TOLD if blocks)]
    with get_client(sync_client=True) as client:
        for automation in wanted:
            _make(client, automation)
        for each in TOLD if not blocks else ():
            for old in client.read_automations_by_name(each.name):
                client.delete_automation(old.id)
        for document in client.read_block_documents_by_type(SlackWebhook.get_block_type_slug()):
            if (document.name or "").startswith(BLOCK) and document.id not in blocks:
                client.delete_block_document(document.id)
    return [each.name for each in wanted]


def _block(number: int, url: str) -> UUID:
    """Save an address on the server, encrypted; of Prefect's blocks Slack's hands any address to apprise as it is."""
    block = SlackWebhook(url=SecretStr(url), notify_type="warning")
    return cast(UUID, block.save(f"{BLOCK}{number}", overwrite=True))


def _make(client: SyncPrefectClient, automation: Automation) -> None:
    """Create an automation, or bring the one of its name up to date; a second one of that name goes."""
    known = client.read_automations_by_name(automation.name)
    for each in known[1:]:
        client.delete_automation(each.id)
    if known:
        automation.id = known[0].id
        automation.update()
    else:
        automation.create()


def _runs(posture: Posture, **more: object) -> EventTrigger:
    """A trigger on events of runs of ours."""
    return EventTrigger.model_validate(
        {
            "posture": posture,
            "match": {"prefect.resource.id": "prefect.flow-run.*"},
            "match_related": {"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{TAG}"},
            "threshold": 1,
            **more,
        }
    )


def _gone() -> Automation:
    """Marks a run as crashed whose process was killed with its worker: it would be shown as running for ever."""
    heard = "prefect.flow-run.heartbeat"
    ends = ("Completed", "Skipped", "Failed", "Refused", "Unwell", "Cancelled", "Crashed")
    return Automation(
        name="crashed-without-a-word",
        description="Marks runs as crashed whose process is gone.",
        trigger=_runs(
            Posture.Proactive,
            after=[heard],
            expect=[heard, *(f"prefect.flow-run.{each}" for each in ends)],
            for_each=["prefect.resource.id"],
            within=SILENCE,
        ),
        actions=[
            ChangeFlowRunState(
                name="Crashed",
                state=StateType.CRASHED,
                force=False,
                message=f"No heartbeat for {SILENCE.seconds} seconds; its process was killed.",
            )
        ],
    )


def _telling(told: Told, blocks: Sequence[UUID]) -> Automation:
    """Sends a message to each address when a run gets into one of some states."""
    actions: list[ActionTypes] = [
        SendNotification(
            block_document_id=block,
            subject=f"corpus: {{{{ flow.name }}}} {told.name.removeprefix('corpus-')}",
            body=f"{RUN} {told.what}\n{{{{ flow_run|ui_url }}}}",
        )
        for block in blocks
    ]
    return Automation(
        name=told.name,
        description=f"Tells whom notify.toml names, once a day at most of each deployment: {', '.join(told.states)}.",
        trigger=_runs(
            Posture.Reactive,
            expect=[f"prefect.flow-run.{each}" for each in told.states],
            for_each=["related:deployment:prefect.resource.id"],
            within=AGAIN,
        ),
        actions=actions,
    )


def main() -> None:
    """Make them anew for the addresses in `notify.toml`; what is wrong in that file is said and nothing changed."""
    try:
        urls = notify.addresses(SOURCES.absolute().parent)
    except CorpusError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    names = apply(urls)
    print(f"Automations: {', '.join(names)}. Addresses of {notify.FILE} that they tell: {len(urls)}")


if __name__ == "__main__":
    main()
