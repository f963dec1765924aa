"""The commands that look at one version of a corpus: read, report.

What only one of them needs is imported by it: `read` starts with pyarrow alone (tests/cli/test_start.py).
"""

from __future__ import annotations

import argparse
import difflib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli import screen
from pipeline.cli.options import Commands, json_option, local, machine, must_exist
from pipeline.corpus.identity import document_id, part_ids
from pipeline.corpus.read import documents, hidden, version_folder
from pipeline.corpus.schema import TABLES, from_table, read_parquet
from pipeline.errors import UsageError
from pipeline.records import WITHHELD, Document, Manifest, Outcome, Reason

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT_HELP = (
    "json: all columns, an object a line (default); text, markdown: title and text, a form feed between two"
)

UNFIT = "unfit"

HELD: dict[str, tuple[str, Collection[str]]] = {
    "published": ("articles of this version", ("articles",)),
    "duplicates": ("copies, excerpts and digests of what is published", WITHHELD),
    "held": ("wait, for their source did not yield what it must", (Reason.HELD,)),
    "reserved": ("the page or its site reserves them against text mining", ("reserved",)),
    UNFIT: ("no article was found, or a rule of quality says no", ()),
    "visits": (
        "rows of visits that brought no new text: unchanged, gone, blocked, earlier texts, further parts",
        frozenset({*Outcome, Reason.SUPERSEDED, Reason.LESS, Reason.PART_OF}),
    ),
}
"""Column of `corpus report` → what it means, and the reasons of its rows; `unfit` has all others."""

REPORTED = ("published", "duplicates", UNFIT, "visits")
"""Columns that are shown also where they hold nothing."""

WEEKS = 26
"""Weeks that a sparkline shows."""

WEEKS_MEAN = {
    f"last {WEEKS} weeks": "a bar a week, its height against the source's own best week, · for none",
    "last": "in the newest seven days",
    "most": "in its best week",
    "in all": "also copies and what is held back",
    "weeks": "since the first",
}
WEEK_MEANS = {
    "week of": "its Monday",
    "fit": "documents fit to publish, also copies",
    "documents": "pages with a document first seen then",
    "share": "fit of documents",
}


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    read = commands.add_parser("read")
    corpus_to_read(read)
    read.add_argument("--version", help="2.37.0, 2.37 (its newest revision) or latest (default)")
    read.add_argument("--table", choices=TABLES, default="articles", help="published rows, or all others")
    read.add_argument("--format", choices=screen.FORMATS, default="json", help=FORMAT_HELP)
    read.set_defaults(run=run_read)

    report = commands.add_parser(
        "report",
        description="The rows of a version by source and what became of them, each source's new articles week by week,"
        " and the reasons of what is not published. With NAME one source's life, a line a week.",
    )
    report.add_argument("name", nargs="?", metavar="NAME", help="of this source only, week by week")
    in_corpus(report)
    report.add_argument("--raw", type=local, default=Path("raw"), help="the archive (default: raw)")
    report.add_argument("--version", help="which version (default: latest)")
    report.set_defaults(run=run_report)


def in_corpus(command: argparse.ArgumentParser) -> None:
    """Give a command the options of what looks at a corpus of this machine: which one, and JSON."""
    command.add_argument("--clean", type=local, default=Path("clean"), help="the corpus (default: clean)")
    json_option(command)


def corpus_to_read(command: argparse.ArgumentParser) -> None:
    """Give a command that only reads the option that says which corpus: it may be elsewhere."""
    command.add_argument(
        "--clean",
        default="clean",
        help="the corpus: a folder, or a URL as https://… or s3://… (default: clean)",
    )


def run_read(arguments: argparse.Namespace) -> int:
    """corpus read"""
    rows = documents(arguments.clean, version=arguments.version, table=arguments.table)
    for number, row in enumerate(rows):
        if arguments.format == "json":
            screen.put(asdict(row))
        else:
            screen.put_text(arguments.format, number, row.title, row.text, row.structure)
    return 0


def run_report(arguments: argparse.Namespace) -> int:
    """corpus report"""
    from pipeline import repairs
    from pipeline.corpus.publish import read_manifest
    from pipeline.corpus.yields import gone_in, masked_in
    from pipeline.report import sparkline

    must_exist(arguments, "clean", "raw")
    folder = version_folder(arguments.clean, arguments.version)
    manifest = read_manifest(folder)
    if arguments.name is not None:
        return _one_source(arguments, manifest, folder)
    columns = [
        each for each in HELD if each in REPORTED or any(count(each, c) for c in manifest.counts.values())
    ]
    rows = [(source, *(count(each, c) for each in columns)) for source, c in manifest.counts.items()]
    title = f"Version {manifest.version}: rows by what became of them"
    screen.show(title, ("source", *columns), rows, means={name: says for name, (says, _) in HELD.items()})
    weeks = _weeks(folder)
    wide = min(WEEKS, max(map(len, weeks.values()), default=0))
    shown = [
        (name, sparkline(each[-WEEKS:], max(each)).rjust(wide), each[-1], max(each), sum(each), len(each))
        for name, each in sorted(weeks.items())
    ]
    screen.show(
        "New documents fit to publish, a week",
        ("source", f"last {WEEKS} weeks", "last", "most", "in all", "weeks"),
        shown,
        means=WEEKS_MEAN,
        spare=("weeks", "most"),
    )
    _why_not(manifest.counts.values())
    masked = masked_in(folder)
    for name, number in masked.items():
        screen.say(f"Personal data masked, {name}: in {number} articles.")
    gone = gone_in(folder)
    for name, number in gone.items():
        screen.say(f"Pages gone, {name}: of {number} articles, which stay.")
    for name, reason in manifest.held.items():
        screen.say(f"Held back, {name}: {reason}", hang=2)
    for run, pages in manifest.withdrawn.items():
        screen.say(f"Withdrawn, {run}: its {pages} pages stay in the archive and count for nothing.", hang=2)
    losses = repairs.open_losses(arguments.raw, arguments.clean)
    for told in losses:
        screen.say(f"Lost, and not acknowledged with `corpus repair --ack`: {told}", hang=2)
    if machine(arguments):
        said = {
            "counts": manifest.counts,
            "held": manifest.held,
            "withdrawn": manifest.withdrawn,
            "masked": masked,
            "gone": gone,
            "losses": losses,
        }
        screen.put({"version": manifest.version, **said})
    return 0


def count(column: str, counts: Mapping[str, int]) -> int:
    """The rows of one source that stand in a column of HELD, of its counts by reason."""
    return sum(number for reason, number in counts.items() if column_of(reason) == column)


def column_of(reason: str) -> str:
    """The column of HELD that a reason's rows stand in; `articles` are published."""
    return next((name for name, (_, reasons) in HELD.items() if reason in reasons), UNFIT)


def _why_not(counts: Iterable[Mapping[str, int]]) -> None:
    """The reasons of the rows that are not published, each with its meaning."""
    from pipeline.explain import meaning_of

    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    del total["articles"]
    rows = [(reason, number, meaning_of(reason, brief=True)[0]) for reason, number in total.most_common()]
    if rows:
        screen.show("Why rows are not published", ("reason", "rows", "meaning"), rows)


def _weeks(folder: Path) -> dict[str, list[int]]:
    """Fit documents by the week they were first seen, from a source's first week to the last of all."""
    from pipeline.corpus.yields import daily_yields

    days: dict[str, Counter[date]] = {}
    for each in daily_yields(folder, date.min):
        days.setdefault(each.source, Counter())[each.day] += each.kept
    last = max((day for counts in days.values() for day in counts), default=date.min)
    found = {}
    for source, counts in days.items():
        weeks = [0] * ((last - min(counts)).days // 7 + 1)
        for day, number in counts.items():
            weeks[-1 - (last - day).days // 7] += number
        found[source] = weeks
    return found


def _one_source(arguments: argparse.Namespace, manifest: Manifest, folder: Path) -> int:
    """The life of one source, a row a week, the newest first."""
    from pipeline.corpus.yields import daily_yields
    from pipeline.report import sparkline

    name = arguments.name
    if name not in manifest.counts:
        near = difflib.get_close_matches(name, list(manifest.counts), 1, 0.5)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise UsageError(f"version {manifest.version} has no row of a source {name}{hint}")
    days = [each for each in daily_yields(folder, date.min) if each.source == name]
    weeks: dict[date, list[int]] = {}
    for each in days:
        week = weeks.setdefault(each.day - timedelta(days=each.day.weekday()), [0, 0])
        week[0] += each.documents
        week[1] += each.kept
    most = max((kept for _, kept in weeks.values()), default=0)
    rows = [
        (
            f"{monday}",
            sparkline([kept], most),
            kept,
            documents,
            f"{kept / documents:.0%}" if documents else None,
        )
        for monday, (documents, kept) in sorted(weeks.items(), reverse=True)
    ]
    columns = ("week of", "", "fit", "documents", "share")
    screen.show(f"{name}: what each week brought", columns, rows, means=WEEK_MEANS)
    _why_not([manifest.counts[name]])
    if machine(arguments):
        for monday, (documents, kept) in sorted(weeks.items(), reverse=True):
            screen.put({"source": name, "week": monday, "documents": documents, "fit": kept})
    return 0


def find_rows(folder: Path, what: str) -> list[Document]:
    """The rows of a version about one document id or URL, published ones first."""
    from pipeline.web.urls import url_key

    return page_rows(folder, url_key(what)) if "://" in what else rows_of(folder, [what])


def page_rows(folder: Path, url_key: str) -> list[Document]:
    """The rows of a version about the articles of a page, published ones first."""
    return rows_of(folder, part_ids(url_key))


def rows_of(folder: Path, ids: Collection[str]) -> list[Document]:
    """The rows of a version about some documents, published ones first."""
    away = hidden(folder.parent)
    return [row for table in _tables(folder, ids) for row in from_table(table) if row.id not in away]


def reasons_of(folder: Path, url_keys: Collection[str]) -> dict[str | None, int]:
    """How many of some pages stand in a version under each reason (None: published), each page once; reads no text."""
    ids = {document_id(key, 1) for key in url_keys}
    found: dict[str, str | None] = {}
    for table in _tables(folder, ids, ["id", "reason"]):
        for row in table.to_pylist():
            if found.get(row["id"], Outcome.UNCHANGED) in (
                Outcome.UNCHANGED,
                Reason.SUPERSEDED,
                Reason.LESS,
            ):
                found[row["id"]] = row["reason"]
    return dict(Counter(found.values()))


def _tables(folder: Path, ids: Collection[str], columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """The rows of some documents, a table for each file that has any."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from pipeline.corpus.id_index import IdIndex

    for file, wanted in IdIndex(folder).files(ids).items() if ids else ():
        if not (folder / file).is_file():
            continue
        there = pc.is_in(read_parquet([folder / file], ["id"])["id"], pa.array(wanted, pa.string()))
        if pc.any(there).as_py():
            yield read_parquet([folder / file], columns).filter(there)
