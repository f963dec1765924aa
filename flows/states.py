"""What a flow run is called and leaves behind: artifacts, lines in its log, its final state with the cause."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from prefect import get_run_logger, runtime
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowFilter, FlowRunFilter
from prefect.client.schemas.objects import State, StateType
from prefect.exceptions import FailedRun
from prefect.states import Completed, Failed

from flows import tasks
from flows.tasks import Following
from pipeline import report
from pipeline.errors import BusyError, CorpusError, RefusedError
from pipeline.folders import Folders, declared
from pipeline.runs import RunReport
from pipeline.stages import watched

T = TypeVar("T")

HERE = Folders()
"""The folders of the checkout the run works in."""

NOTHING = RunReport()
"""The report of a run that came to nothing."""

TRIES = 60
"""How often a run that somebody asked for tries when another one is writing, `tasks.PAUSE` apart."""

ZONE = ZoneInfo("Asia/Shanghai")
"""Where the schedules are at home (prefect.yaml)."""

WRITERS = ("refresh", "backfill", "rebuild", "maintain")
"""The flows that write."""

NAMED = 3
"""Sources named in the name of a run; more are counted."""

LOOK = "CORPUS_LOOK"
"""Environment variable with the address of `corpus look`, for links to its pages; without it there are none."""


def _says_more(record: logging.LogRecord) -> bool:
    """False for the traceback that Prefect makes of a state that a run gave itself: its message has the reason."""
    return not (record.exc_info and isinstance(record.exc_info[1], FailedRun))


for logger in ("prefect.flow_runs", "prefect.task_runs", "prefect.engine"):
    logging.getLogger(logger).addFilter(_says_more)


def run_name() -> str:
    """The name of a run: flow, time (Asia/Shanghai), days and sources if they were chosen."""
    asked: Mapping[str, Any] = runtime.flow_run.parameters or {}
    began = runtime.flow_run.scheduled_start_time or datetime.now(ZONE)
    parts = [f"{runtime.flow_run.flow_name} {began.astimezone(ZONE):%Y-%m-%d %H:%M}"]
    since, until = asked.get("since"), asked.get("until")
    parts += [f"{since or '…'} to {until or '…'}"] if since or until else []
    names, urls = list(asked.get("names") or ()), list(asked.get("urls") or ())
    more = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
    parts += [", ".join([*map(str, names[:NAMED]), *more])] if names else []
    parts += [f"{len(urls)} URLs"] if urls else []
    parts += [word for word in ("preview", "fetch", "everything") if asked.get(word) is True]
    return " · ".join(parts)


def ran(
    folders: Folders,
    build: Callable[[], RunReport],
    fetch: Callable[[], Sequence[Any]] = tuple,
    *,
    waits: bool = True,
) -> State[Any]:
    """Fetch, then build, each stage as a task; leave what came of it as artifacts, and say it in the final state.

    A run that `waits` tries for an hour while another one writes; one that does not is over at once, as done: what
    it left is due next time too. An error of ours has its traceback in the log; what was refused has its reason.
    """
    stages = Following()
    done, state = NOTHING, None
    try:
        with watched(stages):
            done = RunReport(crawled=tuple(_in_turn(fetch, waits)))
            done = replace(_in_turn(build, waits), crawled=done.crawled)
    except BusyError as error:
        state = Failed(message=str(error)) if waits else _skipped(done)
    except RefusedError as error:
        state = Failed(name="Refused", message=str(error))
    except CorpusError as error:
        state = Failed(message=str(error))
    except Exception as error:
        state = Failed(message=f"{type(error).__name__}: {error}")
        raise
    finally:
        stages.wait()
        _leave_run(done, folders, state, stages)
    _leave_sources(done, folders)
    return state or _final(done)


def told(step: Callable[[], T], markdown: Callable[[T], str], line: Callable[[T], str]) -> State[Any]:
    """Do one thing when its turn comes, leave it as markdown and say it in a line, as the state's message."""
    stages = Following()
    try:
        with watched(stages):
            done = _in_turn(step, waits=True)
    except CorpusError as error:
        return Failed(name="Refused" if isinstance(error, RefusedError) else "Failed", message=str(error))
    finally:
        stages.wait()
    name = str(runtime.flow_run.flow_name)
    leave(name, markdown(done), f"{line(done)} ({runtime.flow_run.name})")
    get_run_logger().info("%s", line(done))
    return Completed(message=line(done))


def _in_turn(step: Callable[[], T], waits: bool) -> T:
    for _ in range(TRIES if waits else 0):
        try:
            return step()
        except BusyError:
            tasks.wait(_writing())
    return step()


def _skipped(done: RunReport) -> State[Any]:
    """The state of a run that found another one writing."""
    before = f"{sum(v.fetched for v in done.crawled)} pages fetched; the build " if done.crawled else ""
    return Completed(name="Skipped", message=f"{before}skipped: {_writing()} is writing")


def _writing() -> str:
    """Which of our flows run beside this one, by name."""
    with get_client(sync_client=True) as client:
        flows = {flow.id: flow.name for flow in client.read_flows(flow_filter=_named(WRITERS))}
        running = FlowRunFilter.model_validate({"state": {"type": {"any_": [StateType.RUNNING]}}})
        beside = client.read_flow_runs(flow_filter=_named(WRITERS), flow_run_filter=running)
    here = str(runtime.flow_run.id)
    names = sorted({flows[run.flow_id] for run in beside if str(run.id) != here and run.flow_id in flows})
    return " or ".join(names) or "another process"


def _named(names: Sequence[str]) -> FlowFilter:
    return FlowFilter.model_validate({"name": {"any_": list(names)}})


def _final(done: RunReport) -> State[Any]:
    """Completed with what came of the run, or why it is not to be taken as done.

    Unwell: sources got unwell, which `notify.toml` was told; Refused: a check held something back.
    """
    wrong = report.refusals(done)
    line = report.headline(done)
    get_run_logger().info("%s", line)
    if not wrong:
        return Completed(message=line)
    unwell = [each.words for each in done.changed if each.is_worse]
    name = "Unwell" if set(wrong) <= set(unwell) else "Refused"
    if any(visit.failed_with for visit in done.crawled):
        name = "Failed"
    return Failed(name=name, message="; ".join([*wrong, line]))


def _leave_run(done: RunReport, folders: Folders, state: State[Any] | None, stages: Following) -> None:
    """Leave what the run did as markdown, and the funnel of its sources as a table; nothing where it did nothing."""
    if not stages.ended:
        return
    flow = str(runtime.flow_run.flow_name)
    text = report.markdown_run(done, folders.clean, os.environ.get(LOOK, ""))
    said = [f"**{state.message}**"] if state is not None else []
    leave(
        flow,
        "\n\n".join([*said, text, tasks.markdown(stages.ended)]),
        f"{state.message if state is not None else report.headline(done)} ({runtime.flow_run.name})",
    )
    if rows := report.funnel_table(done):
        create_table_artifact(
            rows, key=f"{flow}-sources", description=f"Counts source by source ({runtime.flow_run.name})"
        )


def _leave_sources(done: RunReport, folders: Folders) -> None:
    """Leave an artifact a source that was asked for something, under a key of its own: its history."""
    asked = {v.source for v in done.crawled if v.outcomes or v.refused or v.failed_with}
    asked |= {each.source for each in done.changed}
    for source in declared(folders):
        if source.name in asked:
            text = report.markdown_source(done, source.name, source.home)
            counts = report.source_words(done, source.name)
            leave(f"source-{source.name}", text, f"{counts} ({runtime.flow_run.name})")


def leave(key: str, markdown: str, description: str) -> None:
    """Leave a markdown artifact on the run."""
    create_markdown_artifact(key=key, markdown=markdown, description=description)
