"""The commands that look at one version of a corpus: read, explain, report.

What only one of them needs is imported by it: `read` starts with pyarrow alone (tests/cli/test_start.py).
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.cli import screen
from pipeline.corpus.read import documents, hidden, version_folder
from pipeline.corpus.schema import TABLES, from_table, present
from pipeline.errors import UsageError
from pipeline.records import Document, Flag, Reason

if TYPE_CHECKING:
    from pipeline.archive import cdxj
    from pipeline.cli import jobs
    from pipeline.corrections import Correction

FORMAT_HELP = (
    "json: all columns, an object a line (default); text, markdown: title and text, a form feed between two"
)


def add(commands: jobs.Commands) -> None:
    """Add these commands to the parser."""
    read = commands.add_parser("read", help="rows of a version, as JSON Lines, text or Markdown")
    corpus_to_read(read)
    read.add_argument("--version", help="2.37.0, 2.37 (its newest revision) or latest (default)")
    read.add_argument("--table", choices=TABLES, default="articles", help="published rows, or all others")
    read.add_argument("--format", choices=screen.FORMATS, default="json", help=FORMAT_HELP)
    read.set_defaults(run=run_read)

    explain = commands.add_parser("explain", help="where one document came from and why it reads as it does")
    explain.add_argument("what", metavar="ID|URL")
    in_corpus(explain)
    explain.add_argument("--raw", type=Path, default=Path("raw"), help="the archive (default: raw)")
    explain.add_argument(
        "--sources", type=Path, default=Path("sources"), help="source files (default: sources)"
    )
    explain.add_argument(
        "--corrections",
        type=Path,
        default=Path("corrections"),
        help="corrections (default: corrections, if there)",
    )
    explain.add_argument("--version", help="of which version (default: latest)")
    explain.set_defaults(run=run_explain)

    report = commands.add_parser("report", help="what a version holds, by source and reason")
    in_corpus(report)
    report.add_argument("--raw", type=Path, default=Path("raw"), help="the archive (default: raw)")
    report.add_argument("--version", help="which version (default: latest)")
    report.set_defaults(run=run_report)


def in_corpus(command: argparse.ArgumentParser) -> None:
    """Give a command the option that says which corpus."""
    command.add_argument("--clean", type=Path, default=Path("clean"), help="the corpus (default: clean)")


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
    from pipeline.corpus import versions
    from pipeline.corpus.publish import read_manifest

    manifest = read_manifest(version_folder(arguments.clean, arguments.version))
    reasons: Counter[str] = versions.totals(manifest)
    screen.show(
        f"Version {manifest.version}",
        ("source", "published", "dropped"),
        [
            (s, c.get("articles", 0), sum(c.values()) - c.get("articles", 0))
            for s, c in manifest.counts.items()
        ],
    )
    del reasons["articles"]
    screen.show("Why rows were dropped", ("reason", "rows"), reasons.most_common())
    for name, why in manifest.held.items():
        screen.say(f"Held back, {name}: {why}")
    for run, pages in manifest.withdrawn.items():
        screen.say(f"Withdrawn, {run}: its {pages} pages stay in the archive and count for nothing.")
    losses = repairs.open_losses(arguments.raw, arguments.clean)
    for told in losses:
        screen.say(f"Lost, and not acknowledged with `corpus repair --ack`: {told}")
    said = {
        "counts": manifest.counts,
        "held": manifest.held,
        "withdrawn": manifest.withdrawn,
        "losses": losses,
    }
    screen.put({"version": manifest.version, **said})
    return 0


def find_rows(folder: Path, what: str) -> list[Document]:
    """The rows of a version about one document id or URL, published ones first."""
    from pipeline.web.urls import url_key

    return rows_of(folder, "url_key", [url_key(what)]) if "://" in what else rows_of(folder, "id", [what])


def rows_of(folder: Path, column: str, values: list[str]) -> list[Document]:
    """The rows of a version whose column has one of some values, published ones first."""
    import pyarrow.parquet as pq

    rows: list[Document] = []
    for table in TABLES:
        for path in sorted((folder / table).glob("*.parquet")) if values else ():
            rows += from_table(present(pq.read_table(path, filters=[(column, "in", values)])))
    away = hidden(folder.parent)
    return [row for row in rows if row.id not in away]


def run_explain(arguments: argparse.Namespace) -> int:
    """corpus explain"""
    from pipeline.archive.withdrawn import run_of, withdrawn

    folder = version_folder(arguments.clean, arguments.version)
    rows = find_rows(folder, arguments.what)
    refs = _captures(arguments.raw, rows, arguments.what)
    if not rows and (buried := _tombstone(folder, arguments.what)):
        screen.say(f"{arguments.what}: {buried}")
        return 0
    if not rows and not refs:
        raise UsageError(f"{arguments.what}: neither in version {folder.name} nor in the archive")
    said = _corrections(arguments.corrections, rows)
    gone = withdrawn(arguments.raw)
    for ref in refs:
        screen.say(
            f"captured   {ref.fetched_at:%Y-%m-%d %H:%M:%S} UTC  {ref.status} {ref.outcome}"
            f"  {ref.file} at {ref.offset}  via {ref.via or 'the source file'}"
            f"{'  withdrawn: ' + gone[run_of(ref.file)] if run_of(ref.file) in gone else ''}"
        )
    for document in rows:
        for line in explain_lines(document):
            screen.say(line)
        for line in _by_whom(said.get(document.id, ()), document):
            screen.say(line)
        for line in _differing(arguments, document, refs):
            screen.say(line)
        screen.put(asdict(document))
    if not rows and all(run_of(ref.file) in gone for ref in refs):
        screen.say("It is in the archive, in withdrawn runs alone: they count for no version.")
    elif not rows:
        screen.say("It is in the archive but not in this version yet; run `corpus build`.")
    return 0


def _tombstone(folder: Path, what: str) -> str:
    """What a version says of a document that was taken down, in words; "" if it says nothing."""
    from pipeline.corpus import tombstones
    from pipeline.corpus.identity import document_id
    from pipeline.web.urls import url_key

    ident = document_id(url_key(what), 1) if "://" in what else what
    for row in tombstones.read(folder).to_pylist():
        if row["id"] == ident:
            return f"taken down on {row['taken_down_on']}, ticket {row['ticket']}"
    return "a takedown is at work on it" if ident in hidden(folder.parent) else ""


def _captures(raw: Path, rows: list[Document], what: str) -> list[cdxj.Ref]:
    from pipeline.archive import index
    from pipeline.web.urls import url_key

    keys = {d.url_key for d in rows} | ({url_key(what)} if "://" in what else set())
    return index.find(raw, url_keys=sorted(keys)) if raw.is_dir() and keys else []


def _differing(arguments: argparse.Namespace, document: Document, refs: list[cdxj.Ref]) -> list[str]:
    """The lines of the page on which its two readers differ, read anew from the archive, each with its rule."""
    ref = next((ref for ref in refs if ref.id == document.capture), None)
    if ref is None or document.agreement in (None, 1.0):
        return []
    from pipeline import extract, runs
    from pipeline.archive.reader import read_one

    capture = read_one(arguments.raw, ref.place)
    declared = runs.load_sources(arguments.sources) if arguments.sources.is_dir() else ()
    lines = extract.line_report(
        capture.body,
        url=capture.final_url,
        content_type=capture.header("content-type"),
        captured_on=capture.fetched_at.date(),
        source=next((s for s in declared if s.name == capture.source), None),
    )
    differ = [line for line in lines if line[1] in extract.DECIDED]
    told = [f"  {'kept' if kept else 'removed':<8} {rule:<20} {text}"[:200] for kept, rule, text in differ]
    return ["readers    differ on" if told else "readers    differ on no line that a rule decided", *told]


def _corrections(folder: Path, rows: Sequence[Document]) -> Mapping[str, Sequence[Correction]]:
    """The corrections by document, read where one of some rows is corrected."""
    if not any(row.corrected for row in rows):
        return {}
    from pipeline.corrections import by_document
    from pipeline.runs import load_corrections

    return by_document(load_corrections(folder) or ())


def _by_whom(said: Sequence[Correction], document: Document) -> list[str]:
    """The correction behind a corrected row, as far as the files still have it."""
    if not document.corrected:
        return []
    from pipeline.corpus.correcting import uncorrected_hash

    by_text = [each for each in said if each.text == uncorrected_hash(document)]
    behind = next(iter(by_text or said), None)
    if behind is None:
        return ["  by a correction that is no more in the files; the next build takes it back"]
    return [
        f"  by {behind.place} ({', '.join(filter(None, (behind.by, str(behind.on or ''))))}): {behind.why}"
    ]


def _on_the_page(document: Document, flag: Flag) -> str:
    """What the page said where a flag points, if that is something else."""
    from pipeline.origin import original

    if flag.start is None or flag.end is None or flag.end > len(document.text):
        return ""
    start, end = original(document, flag.start, flag.end)
    said = document.extracted[start:end]
    return "" if said == document.text[flag.start : flag.end] else f", on the page {said!r}"


def explain_lines(document: Document) -> list[str]:
    """The life of one row in words: decoded, extracted, normalized, judged, compared, published."""
    from pipeline import normalize
    from pipeline.corpus import quality
    from pipeline.spans import verbatim

    lines = [
        "",
        f"{document.title or document.title_raw or '(no title)'}  [{document.id}]",
        f"address    {document.url}",
        f"decoded    {document.encoding or '-'}, chosen by {document.encoding_from or '-'},"
        f" {document.replacements} characters lost",
        f"body       by {document.method or '-'}, {len(document.extracted)} characters as on the page,"
        f" {'one reader' if document.agreement is None else f'two readers agree {document.agreement:.2f}'}",
        f"structure  {_counted(document)}",
        f"titled     by {document.title_from or '-'}",
        f"published  {document.published_on or '-'} from {document.published_raw!r} ({document.published_from or '-'})",
        f"author     {document.author or '-'} ({document.author_from or '-'})",
        f"origin     {document.origin_name or '-'} ({document.origin_from or '-'}) {document.origin_url or ''}",
        f"script     {document.script or '-'}",
    ]
    if document.extracted:
        for change in normalize.explain(document.extracted, verbatim=verbatim(document.structure_raw)):
            lines.append(f"  {change.fix:<24} {change.before!r} → {change.after!r}"[:200])
    lines += [f"  flag {f.name} at {f.start}: {f.text!r}{_on_the_page(document, f)}" for f in document.flags]
    lines += [f"rights     {r.name} in {r.place}: {r.said!r}"[:200] for r in document.rights]
    if document.license_url:
        lines.append(f"licence    {document.license_url}")
    if document.reason == Reason.RESERVED and document.rule:
        lines.append(
            f"reserved   by {document.rule.replace(':', ' in ', 1)}; the archive has its text, no version"
        )
    lines.append(f"measured   {quality.words(document.quality) if document.quality else '-'}")
    verdict = next((r for r in quality.RULES if r.reason == document.reason), None)
    if verdict is not None:
        lines.append(f"judged     {verdict.reason}: {verdict.source}")
    if document.relation:
        partners = ", ".join(document.related_to) or "-"
        lines.append(
            f"compared   {document.relation} of {partners} by rule {document.rule}, score {document.score},"
            f" cluster {document.cluster}"
        )
    lines += [f"corrected  {said}" for said in _corrected(document)]
    lines.append(
        "stands     in articles" if document.reason is None else f"stands     in dropped: {document.reason}"
    )
    return lines


def _corrected(document: Document) -> list[str]:
    """What a person corrected: the column, what stood there, what stands there now."""
    told = []
    for each in document.corrected:
        value = getattr(document, each.column)
        now = f"{len(value)} characters" if each.column == "extracted" else repr(str(value))
        was = f"what has the hash {each.was}" if each.column == "extracted" else repr(each.was)
        told.append(f"{each.column}: {was} → {now}")
    return told


def _counted(document: Document) -> str:
    """How many parts of each kind a text has, in words."""
    kinds = Counter(span.kind for span in document.structure)
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "paragraphs alone"
