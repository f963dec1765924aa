"""What a person sees: progress, words and tables on stderr, as wide as the terminal; JSON on stdout for machines.

Every command imports this: what it draws with is imported when something is drawn (tests/cli/test_start.py).
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pipeline.cli import table
from pipeline.markdown import to_markdown
from pipeline.printable import in_json, plain
from pipeline.records import Span

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.archive.imports import ImportReport
    from pipeline.corpus.job import Progress as Told
    from pipeline.runs import RunReport

UNWATCHED = 120
"""Columns of a table where no terminal says how many it has."""

NARROWEST = 40
"""Columns below which nothing is made narrower: a terminal that says so tells nonsense."""


def width() -> int | None:
    """Columns there are: those of COLUMNS, else of the terminal; None where nobody watches."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said):
        return max(NARROWEST, int(said))
    try:
        return max(NARROWEST, os.get_terminal_size(sys.stderr.fileno()).columns or UNWATCHED)
    except (OSError, ValueError):  # no terminal, or no file
        return None


def console() -> Console:
    """The console for words: stderr, so that stdout stays for machines."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True, width=width() or UNWATCHED)


@contextmanager
def watching() -> Iterator[Told]:
    """Progress bars with an estimate while a run goes on; silent when stderr is no terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    bars = Progress(
        TextColumn("{task.description:<12}"),
        BarColumn(bar_width=None),
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


def say(text: str, hang: int = 0) -> None:
    """Words on stderr, a terminal's lines cut after words; see `table.wrapped` for `hang`."""
    columns = width()
    for line in plain(text).split("\n"):
        for part in table.wrapped(line, columns, hang) if columns else [line]:
            sys.stderr.write(part + "\n")


def verbatim(text: str) -> None:
    """Words on stderr that are to be copied: no line is cut."""
    sys.stderr.write(plain(text).rstrip("\n") + "\n")


def put(row: Any) -> None:
    """A JSON line on stdout, for machines."""
    sys.stdout.write(in_json(json.dumps(row, ensure_ascii=False, default=str)) + "\n")


def out(text: str) -> None:
    """Text on stdout, as it is for a file or a pipe; on a terminal with control signs written out."""
    sys.stdout.write(plain(text) if sys.stdout.isatty() else text)


FORMATS = ("json", "text", "markdown")
"""How articles are written to stdout: an object a line, or the texts with a form feed between them."""


def put_text(form: str, number: int, title: str | None, text: str, structure: Sequence[Span]) -> None:
    """An article on stdout, as text (the title its first line) or Markdown; the first has the number 0."""
    as_text = "\n".join(part for part in (title, text) if part) + "\n"
    sys.stdout.write("\f" if number else "")
    out(as_text if form == "text" else to_markdown(text, structure, title))


def show(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    *,
    means: Mapping[str, str] | None = None,
    spare: Sequence[str] = (),
) -> None:
    """A table on stderr that is never wider than the terminal, with what its columns mean below it.

    Where it is too wide the columns of `spare` are left out, in that order, and named; where it still is, each row
    is written as lines of its own. A number is never cut.
    """
    names = [name for name in columns if name]
    drawn = table.draw(
        title,
        columns,
        [["" if value is None else plain(str(value)) for value in row] for row in rows],
        table.numbers(len(columns), rows),
        spare=spare,
        columns=width() or UNWATCHED,
    )
    sys.stderr.write("\n".join(["", *drawn.lines, ""]))
    told = [
        f"{name}: {(means or {})[name]}" for name in names if name in (means or {}) and name not in drawn.left
    ]
    if told and rows:
        say("; ".join(told) + ".", hang=2)
    if drawn.left:
        say(f"Left out, for want of room: {', '.join(drawn.left)}.", hang=2)


def show_run(run: RunReport) -> None:
    """The funnel per source, and what became of the version."""
    from pipeline import report

    rows = report.funnel_rows(run)
    if rows:
        columns = ("source", *report.FUNNEL)
        show("From the web to the corpus", columns, rows, means=report.MEANS, spare=report.FUNNEL_SPARE)
    if run.coverage:
        table_of = report.plan_rows(run.coverage)
        show("Coverage", report.PLAN, table_of, means=report.PLAN_MEANS, spare=report.PLAN_SPARE)
        say(report.coverage_words(run.coverage), hang=2)
    if waiting := report.waiting_rows(run):
        show("Nothing was asked of", report.WAITING, waiting)
        say(report.ASK_NOW, hang=2)
    for line in (*report.refusals(run), *report.crawl_notes(run), *report.build_words(run)):
        say(line, hang=2)
    told = {each.source for each in run.changed if each.is_worse}
    for line in report.health_words([each for each in run.health if each.source not in told]):
        say(line, hang=2)


def show_import(done: ImportReport) -> None:
    """What became of each file of an import, a line a file, and of all."""
    for file in done.files:
        told = [f"{file.captures} new"] if file.captures or not file.problem else []
        told += [f"{file.known} known"] if file.known else []
        told += [f"{count} left out ({reason})" for reason, count in file.skipped]
        told += [file.problem] if file.problem else []
        say(f"{file.path}: {', '.join(told)}", hang=2)
    say(f"{done.captures} new captures in the archive.")
