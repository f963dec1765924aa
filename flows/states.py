"""What a flow run leaves behind: its artifact, its final state with the cause, lines in its log."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

from prefect import get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from pipeline import report
from pipeline.errors import BusyError
from pipeline.runs import Folders, RunReport

HERE = Folders()
"""The folders of the checkout the run works in."""

LOOK = "CORPUS_LOOK"
"""Variable with the address of `corpus look`, where `make serve` started it: what runs leave behind links to it."""

NOTHING = RunReport()
"""The report of a run that came to nothing."""

TRIES, WAIT = 60, 60.0
"""How long a run somebody asked for waits for another writer: so many tries, so many seconds apart."""

LOG_EVERY = 30.0
"""Seconds between two progress lines in the log of a run."""


def busy(_task: Any, _run: Any, state: State[Any]) -> bool:
    """Whether a task failed only because another run is writing; what was fetched is kept, so repeating is safe."""
    return isinstance(state.result(raise_on_failure=False), BusyError)


def progress() -> Callable[[str, int, int], None]:
    """A progress callback that writes to the log of the run, at most every LOG_EVERY seconds."""
    logger = get_run_logger()
    told = time.monotonic()

    def tell(what: str, done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told >= LOG_EVERY:
            told = time.monotonic()
            logger.info("%s %d of %d", what, done, total)

    return tell


def leave(key: str, markdown: str) -> None:
    """Leave a markdown artifact on the run."""
    create_markdown_artifact(key=key, markdown=markdown)


def close(key: str, ran: State[RunReport], folders: Folders, otherwise: RunReport = NOTHING) -> State[Any]:
    """Leave the funnel of a run as an artifact and name the flow's final state.

    Failed when the run failed (`otherwise` tells what was done until then), or when a source was refused or
    held back; the artifact stands either way.
    """
    done: RunReport = ran.result() if ran.is_completed() else otherwise
    failure = [] if ran.is_completed() else [ran.message or "the run failed"]
    text = report.markdown_run(done, folders.clean, os.environ.get(LOOK))
    leave(key, "\n\n".join([*(f"**{line}**" for line in failure), text]))
    if wrong := [*failure, *report.refusals(done)]:
        return Failed(message="; ".join(wrong))
    version = done.build.version if done.build is not None else None
    return Completed(message=f"version {version}" if version else "nothing to publish yet")
