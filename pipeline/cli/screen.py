"""What a person sees: progress and tables on stderr, nothing of it where no one watches.

Every command imports this: what it draws with is imported when something is drawn (tests/cli/test_start.py).
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pipeline.markdown import to_markdown
from pipeline.records import Span

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.archive.imports import ImportReport
    from pipeline.corpus.job import Progress as Told
    from pipeline.runs import RunReport

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""C0 and C1 signs but for tab and line end, and those that turn the direction of writing."""


def console() -> Console:
    """The console for words: stderr, so that stdout stays for machines."""
    from rich.console import Console

    width = None if sys.stderr.isatty() else 120
    return Console(stderr=True, highlight=False, soft_wrap=True, width=width)


@contextmanager
def watching() -> Iterator[Told]:
    """Progress bars with an estimate while a run goes on; silent when stderr is no terminal."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

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


def plain(text: str) -> str:
    """The text with control signs written out: an address of a foreign archive must not steer the terminal."""
    return CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)


def say(text: str) -> None:
    """A line of words on stderr."""
    sys.stderr.write(plain(text) + "\n")


def put(row: Any) -> None:
    """A JSON line on stdout, for machines."""
    sys.stdout.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")


FORMATS = ("json", "text", "markdown")
"""How articles are written to stdout: an object a line, or the texts with a form feed between them."""


def put_text(form: str, number: int, title: str | None, text: str, structure: Sequence[Span]) -> None:
    """An article on stdout, as text (the title its first line) or Markdown; the first has the number 0."""
    plain = "\n".join(part for part in (title, text) if part) + "\n"
    written = plain if form == "text" else to_markdown(text, structure, title)
    sys.stdout.write(("\f" if number else "") + written)


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """A table on stderr; numbers to the right."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=title, title_justify="left", header_style="bold")
    for n, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[n], int | float) for row in rows)
        table.add_column(column, justify="right" if numeric else "left", no_wrap=numeric or n == 0)
    for row in rows:
        table.add_row(*("" if value is None else escape(plain(str(value))) for value in row))
    console().print(table)


def show_run(run: RunReport) -> None:
    """The funnel per source, and what became of the version."""
    from pipeline import report

    rows = report.funnel_rows(run)
    if rows:
        show("From the web to the corpus", ("source", *report.FUNNEL), rows)
    if waiting := report.waiting_rows(run):
        show("Nothing was asked of", report.WAITING, waiting)
        say(report.ASK_NOW)
    for line in (*report.refusals(run), *report.crawl_notes(run), *report.build_words(run)):
        say(line)
    told = {each.source for each in run.changed if each.is_worse}
    for line in report.health_words([each for each in run.health if each.source not in told]):
        say(line)


def show_import(done: ImportReport) -> None:
    """What became of each file of an import, a line a file, and of all."""
    for file in done.files:
        told = [f"{file.captures} new"] if file.captures or not file.problem else []
        told += [f"{file.known} known"] if file.known else []
        told += [f"{count} left out ({reason})" for reason, count in file.skipped]
        told += [file.problem] if file.problem else []
        say(f"{file.path}: {', '.join(told)}")
    say(f"{done.captures} new captures in the archive.")
