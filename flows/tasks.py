"""Each stage of a run as a task of its own, which begins and ends when the stage does; and waiting for a turn.

The work is not done in these tasks but in the flow, by `pipeline.runs`: the crawl goes through its sources side by
side and is one stream. A task follows its stage by what the stage tells (pipeline/stages.py).
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, cast
from uuid import UUID

from prefect import get_run_logger, task
from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.context import TaskRunContext
from prefect.futures import PrefectFuture
from prefect.states import Completed, Failed

from pipeline import report
from pipeline.stages import Told

SHOW_EVERY = 10.0
"""Seconds until a stage that lasts leaves a progress artifact, and between two changes of it."""

PAUSE = 60.0
"""Seconds between two tries of a run that waits for another writer."""

STAGES = ("stage", "source", "seconds", "what came of it")
"""Columns of the stages of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A stage that is over."""

    told: Told
    seconds: float
    """How long it took on the clock."""

    @property
    def row(self) -> tuple[str | float, ...]:
        """The stage in the order of STAGES."""
        return (str(self.told.name), self.told.source, round(self.seconds, 1), words(self.told))


class Following:
    """The stages of one run, each followed by a task from the moment it begins."""

    def __init__(self) -> None:
        self.ended: list[Ended] = []
        self._open: dict[tuple[str, str], tuple[SimpleQueue[Told], float]] = {}
        self._tasks: list[PrefectFuture[Any]] = []

    def __call__(self, told: Told) -> None:
        """Pass on what a stage says to its task; the first word makes the task."""
        key = (told.name, told.source)
        if key not in self._open:
            self._open[key] = (SimpleQueue(), time.monotonic())
            name = f"{told.name} {told.source}".rstrip()
            followed = follow.with_options(name=str(told.name), task_run_name=name)
            self._tasks.append(followed.submit(self._open[key][0]))
        queue, began = self._open[key]
        queue.put(told)
        if told.ended:
            self.ended.append(Ended(told=told, seconds=time.monotonic() - began))
            del self._open[key]

    def wait(self) -> None:
        """Until the tasks have said what they have to say."""
        for each in self._tasks:
            each.wait()


@task(persist_result=False, cache_policy=NO_CACHE)
def follow(telling: SimpleQueue[Told]) -> State[Any]:
    """Follow a stage to its end: counts in the log, a progress artifact if it lasts, and how it ended as the state."""
    began = shown = time.monotonic()
    artifact: UUID | None = None
    while not (told := telling.get()).ended:
        if told.total and time.monotonic() - shown >= SHOW_EVERY:
            shown = time.monotonic()
            artifact = _show(artifact, told)
    if artifact is not None and not told.wrong:
        update_progress_artifact(artifact, 100.0, words(told))
    get_run_logger().info("%s, in %.1f s", words(told), time.monotonic() - began)
    here = TaskRunContext.get()
    if here is not None:  # goes to the server with the final state: the lists of the UI show no messages
        here.task_run.name += f": {words(told)}"
    if told.wrong:
        return Failed(message=words(told))
    return Completed(name="Skipped" if told.idle else "Completed", message=words(told))


def _show(artifact: UUID | None, told: Told) -> UUID:
    """Create or change the progress artifact of a stage."""
    share = min(100.0, 100 * told.done / told.total)
    line = f"{told.name} {told.source}".rstrip() + f": {told.done:,} of {told.total:,}"
    get_run_logger().info("%s", line)
    if artifact is None:
        return cast(UUID, create_progress_artifact(share, description=line))
    update_progress_artifact(artifact, share, line)
    return artifact


def markdown(ended: Sequence[Ended]) -> str:
    """The stages of a run as a table; those of sources that had nothing to do in a line for each reason."""
    rows, idle = [], defaultdict(list)
    for each in ended:
        if each.told.source and each.told.idle and not each.told.wrong:
            idle[f"{each.told.name}, {each.told.idle}"].append(each.told.source)
        else:
            rows.append(each.row)
    lines = "\n".join(f"- {why}: {', '.join(names)}" for why, names in idle.items())
    return "\n\n".join(part for part in (report.markdown_table(STAGES, rows), lines) if part)


def words(told: Told) -> str:
    """What came of a stage, in a line: what went wrong, or why it did nothing, and its counts."""
    counts = ", ".join(f"{word} {n:,}" for word, n in told.counts.items())
    wrong = told.wrong.partition("\n")[0]  # the whole of a refusal is said once, by the run
    return "; ".join(part for part in (wrong, told.idle or counts) if part)


@task(persist_result=False, cache_policy=NO_CACHE, task_run_name="wait while {writer} writes")
def wait(writer: str) -> None:
    """Wait a while for another writer; what was fetched is kept meanwhile."""
    get_run_logger().info("%s is writing; trying again in %.0f s", writer, PAUSE)
    time.sleep(PAUSE)
