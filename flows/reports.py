"""What a flow run leaves behind: an artifact for people, a final state with its cause, lines in its log."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from prefect import get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from pipeline.cli.jobs import difference
from pipeline.cli.screen import markdown_run
from pipeline.corpus.build import Progress
from pipeline.errors import BusyError
from pipeline.runs import Gap, Maintenance, Places, RunReport

HERE = Places()
"""The folders of the checkout the run works in."""

NOTHING = RunReport()
"""The report of a run that came to nothing."""

TRIES, WAIT = 60, 60.0
"""How long a run somebody asked for waits for another writer: so many tries, so many seconds apart."""

LOG_EVERY = 30.0
"""Seconds between two progress lines in the log of a run."""


def busy(task: Any, run: Any, state: State[Any]) -> bool:
    """Whether a task failed only because another run is writing: nothing was done, so it is safe to repeat."""
    return isinstance(state.result(raise_on_failure=False), BusyError)


def progress() -> Progress:
    """A progress callback that writes to the log of the run, at most every LOG_EVERY seconds."""
    logger = get_run_logger()
    told = time.monotonic()

    def tell(what: str, done: int, total: int) -> None:
        nonlocal told
        if time.monotonic() - told >= LOG_EVERY:
            told = time.monotonic()
            logger.info("%s %d of %d", what, done, total)

    return tell


def close(key: str, ran: State[RunReport], places: Places, otherwise: RunReport = NOTHING) -> State[Any]:
    """Leave the funnel of a run as an artifact and name the flow's final state.

    Failed when the run failed (`otherwise` tells what was done until then), or when a source was refused or
    held back; the artifact stands either way.
    """
    report: RunReport = ran.result() if ran.is_completed() else otherwise
    wrong = [] if ran.is_completed() else [ran.message or "the run failed"]
    wrong += [f"{visit.source} refused: {visit.refused}" for visit in report.visits if visit.refused]
    build = report.build
    wrong += [f"{name} held back: {why}" for name, why in build.held.items()] if build else []
    version = build.version if build else None
    link = (places.clean.absolute() / version).as_uri() if version else None
    samples = markdown_samples(build.samples) if build else ""
    leave(key, "\n\n".join([*(f"**{line}**" for line in wrong), markdown_run(report, link), samples]))
    if wrong:
        return Failed(message="; ".join(wrong))
    return Completed(message=f"version {version}" if version else "nothing to publish yet")


def leave(key: str, markdown: str) -> None:
    """Leave a markdown artifact on the run."""
    create_markdown_artifact(key=key, markdown=markdown)


def leave_plan(gaps: Sequence[Gap]) -> None:
    """Leave what a backfill would find and need."""
    columns = ("source", "captures", "usable", "days without", "missing URLs", "requests", "hours")
    rows = [
        (g.source, g.captures, g.good, len(g.empty_days), len(g.missing), g.requests, round(g.hours, 2))
        for g in gaps
    ]
    leave("backfill-plan", _table(columns, rows))


def leave_maintenance(done: Maintenance) -> None:
    """Leave which versions stay, and why, and which went."""
    gone = f"Archive and corpus are whole; {len(done.collected)} old versions removed."
    leave("maintain", "\n\n".join([gone, _table(("version", "why it stays"), list(done.kept.items()))]))


def markdown_samples(samples: Sequence[dict[str, str | None]]) -> str:
    """A few changed documents of a preview, line against line.

    All of it comes from pages, so it stands indented, as code: nothing in it can act as Markdown.
    """
    lines = []
    for sample in samples:
        lines += ["", f"{sample['kind']} by {sample['cause']}: {sample['title']}  {sample['url']}"]
        lines += difference(sample["before"] or "", sample["after"] or "")
    return "\n".join("    " + line.replace("\n", " ") for line in lines)


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
