"""What a person sees: progress and tables on stderr, nothing of it where no one watches."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from pipeline.corpus.job import Progress as Told
from pipeline.runs import RunReport

FUNNEL = ("found", "fetched", "unchanged", "blocked", "failed", "extracted", "kept", "new", "changed")
"""Columns of the funnel, in the order a page passes them."""


def console() -> Console:
    """The console for words: stderr, so that stdout stays for machines."""
    width = None if sys.stderr.isatty() else 120
    return Console(stderr=True, highlight=False, soft_wrap=True, width=width)


@contextmanager
def watching() -> Iterator[Told]:
    """Progress bars with an estimate while a run goes on; silent when stderr is no terminal."""
    bars = Progress(
        TextColumn("{task.description:<12}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console(),
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    tasks: dict[str, Any] = {}

    def tell(what: str, done: int, total: int) -> None:
        if what not in tasks:
            tasks[what] = bars.add_task(what, total=total)
        bars.update(tasks[what], completed=done, total=total)

    with bars:
        yield tell


def say(text: str) -> None:
    """A line of words on stderr."""
    console().print(text, markup=False)


def put(row: Any) -> None:
    """A JSON line on stdout, for machines."""
    sys.stdout.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table on stderr; numbers to the right."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for n, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[n], int | float) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", no_wrap=numeric or n == 0)
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row))
    console().print(table)


def show_run(report: RunReport) -> None:
    """The funnel per source, and what became of the version."""
    funnel = report.funnel()
    if funnel:
        show(
            "From the web to the corpus",
            ("source", *FUNNEL),
            [(s, *(c[w] for w in FUNNEL)) for s, c in funnel.items()],
        )
    for visit in report.visits:
        if visit.refused:
            say(f"{visit.source}: {visit.refused}")
    for line in build_words(report):
        say(line)


def build_words(report: RunReport) -> list[str]:
    """What a build did, in plain sentences."""
    build = report.build
    if build is None:
        return []
    lines = []
    if build.full:
        lines.append(f"Everything was built anew: {build.full}.")
    lines.append(
        f"{build.files} new archive files; {build.extracted} captures extracted"
        f" and {build.normalized} normalized in this run."
    )
    lines += [f"Held back, {name}: {why}." for name, why in build.held.items()]
    lines += [f"Look at this: {a.kind} {a.subject}: {a.detail}." for a in build.alarms]
    lines += [f"Quarantined {capture}" for capture in build.lost]
    if build.changes:
        told = ", ".join(f"{n} {key.replace(':', ' by ')}" for key, n in build.changes.items())
        lines.append(f"Documents: {told}.")
    if build.published:
        lines.append(f"Published version {build.version}.")
    elif build.version:
        lines.append(f"Nothing new to publish; version {build.version} stands.")
    else:
        lines.append("Nothing to publish yet.")
    return lines


def markdown_run(report: RunReport, link: str | None) -> str:
    """The same as Markdown, for the artifact of a flow run."""
    lines = ["| source | " + " | ".join(FUNNEL) + " |", "|---|" + "--:|" * len(FUNNEL)]
    lines += [f"| {s} | " + " | ".join(str(c[w]) for w in FUNNEL) + " |" for s, c in report.funnel().items()]
    lines += ["", *(f"- {line}" for line in build_words(report))]
    if link:
        lines += ["", f"[The version]({link})"]
    return "\n".join(lines)
