"""`corpus correct`: a correction of one document, opened with what stands now; what became of those there are."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pipeline import corrections, extract
from pipeline.archive import index, read_one
from pipeline.archive.store import write_whole
from pipeline.cli import drafts, look, page, screen
from pipeline.cli.options import Commands, Prose, json_option, local, machine, refuse_idle
from pipeline.corpus.correcting import made_for
from pipeline.corpus.read import list_versions, version_folder
from pipeline.corrections import Correction, CorrectionError
from pipeline.errors import UsageError
from pipeline.folders import CORRECTIONS
from pipeline.records import WITHHELD, Capture, Document, Reason

DESCRIPTION = """\
Opens a correction of one document in $EDITOR, with what stands now; take the # from what is wrong and write it right.
Saved, it is checked and put into corrections/SOURCE.toml, and the next build makes that page anew and no other. Where
there is no terminal or no editor it is printed instead; --set writes it at once:

  corpus correct ID --set title=… --set drop='how a paragraph begins' --why '…'
  corpus correct --list        which hold, and which fell away because the page says something else now
  corpus correct --check       are the files right?
"""


STATES = {
    "state": "holds; waits (for a build); fell away (the page says something else now); no such document",
    "corrects": "columns and cuts, as in the file",
}
"""What the columns of the corrections mean."""


def add(commands: Commands) -> None:
    """Add this command to the parser."""
    command = commands.add_parser(
        "correct",
        description=DESCRIPTION,
        formatter_class=Prose,
    )
    command.add_argument("document", nargs="?", metavar="ID|URL", help="the document")
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help=f"write it at once: {', '.join(drafts.KEYS)}",
    )
    command.add_argument("--why", default="", help="the reason, for whoever reviews it (with --set)")
    command.add_argument("--by", default=os.environ.get("USER", ""), help="who says so (default: $USER)")
    command.add_argument("--check", action="store_true", help="only check the files")
    command.add_argument("--list", action="store_true", help="what became of each correction")
    command.add_argument(
        "--to-case",
        type=local,
        metavar="FOLDER",
        help="write the corrected page as a golden page, FOLDER/SITE/PAGE",
    )
    command.add_argument(
        "--corrections", type=local, default=CORRECTIONS, help="where they stand (default: corrections)"
    )
    command.add_argument("--raw", type=local, default=Path("raw"), help="the archive (default: raw)")
    command.add_argument("--clean", type=local, default=Path("clean"), help="the corpus (default: clean)")
    json_option(command)
    command.set_defaults(run=run_correct)


def run_correct(arguments: argparse.Namespace) -> int:
    """corpus correct"""
    if arguments.check or arguments.list:
        which = "--list" if arguments.list else "--check"
        refuse_idle(arguments, f"beside {which}", "document", "set", "why", "to_case")
        said = corrections.load(arguments.corrections)
        if arguments.list:
            return _list(arguments, said)
        files = len({each.file for each in said})
        screen.say(f"{arguments.corrections}: {len(said)} corrections in {files} files, all as they must be.")
        return 0
    if not arguments.document:
        raise UsageError("say which document, by id or URL; or --list, --check")
    rows = _rows(arguments)
    row = _current(rows, arguments.document)
    if arguments.to_case is not None:
        return _to_case(arguments, rows, row)
    return _write(arguments, row)


def _rows(arguments: argparse.Namespace) -> list[Document]:
    folder = version_folder(arguments.clean)
    rows = look.find_rows(folder, arguments.document)
    if not rows:
        raise UsageError(
            f"{arguments.document}: not in version {folder.name}; is it an id or URL of this corpus?"
        )
    return look.page_rows(folder, rows[0].url_key)


def _current(rows: Sequence[Document], what: str) -> Document:
    """The row to correct: the one that counts, else the newest one with an article."""
    about = [row for row in rows if row.extracted and what in (row.id, row.url, row.url_key)]
    about = about or [row for row in rows if row.extracted]
    counting = [row for row in about if row.reason is None or row.reason in WITHHELD]
    ids = {row.id for row in counting or about}
    if len(ids) > 1:
        told = "\n".join(f"  {row.id}  {row.title or row.text[:40]}" for row in counting or about)
        raise UsageError(f"{what}: the page has {len(ids)} documents; say which one by its id:\n{told}")
    if not about:
        reasons = ", ".join(sorted({str(row.reason) for row in rows}))
        raise UsageError(f"{what}: there is no article to correct; its captures: {reasons}")
    return max(counting or about, key=lambda row: row.captured_at)


def _capture(raw: Path, row: Document) -> Capture | None:
    """The archived page of a row; None where the archive is not here."""
    ref = index.find_one(raw, row.capture, row.captured_at.astimezone(UTC).date()) if raw.is_dir() else None
    return read_one(raw, ref.place) if ref is not None else None


def _digest(raw: Path, row: Document) -> str | None:
    ref = index.find_one(raw, row.capture, row.captured_at.astimezone(UTC).date()) if raw.is_dir() else None
    return ref.digest or None if ref is not None else None


def _write(arguments: argparse.Namespace, row: Document) -> int:
    folder: Path = arguments.corrections
    there = corrections.load(folder) if folder.is_dir() else ()
    digest = _digest(arguments.raw, row)
    about = [each for each in there if each.id == row.id]
    if holding := next((each for each in about if made_for(each, row, lambda _: digest)), None):
        raise UsageError(f"{holding.place} corrects {row.id} already; edit it there")
    said: dict[str, Any] = dict(about[-1].does) if about else {}
    said |= drafts.settings(arguments.set)
    draft = drafts.Draft(
        row=row,
        page=digest,
        said=said,
        why=arguments.why or (about[-1].why if about else ""),
        by=arguments.by,
        on=datetime.now(UTC).date(),
    )
    if arguments.set:
        return _add(arguments, drafts.entry(draft), row)
    text = drafts.template(draft, _lines(arguments.raw, row))
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if not editor or not (sys.stdin.isatty() and sys.stdout.isatty()):
        screen.out(text)
        screen.say(
            f"Write it to {folder / row.source}.toml; `corpus correct --check` says whether it is right."
        )
        return 0
    with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8", delete=False) as file:
        file.write(text)
    path = Path(file.name)
    subprocess.run([*shlex.split(editor), str(path)], check=True)
    edited = path.read_text(encoding="utf-8")
    if edited == text:
        path.unlink()
        screen.say("Nothing was written: the draft is as it was.")
        return 0
    try:
        done = _add(arguments, drafts.without_help(edited), row)
    except CorrectionError:
        screen.say(f"Nothing was written. The draft is kept in {path}")
        raise
    path.unlink()
    return done


def _add(arguments: argparse.Namespace, entry: str, row: Document) -> int:
    """Check an entry and put it at the end of its source's file, whole or not at all."""
    folder: Path = arguments.corrections
    path = folder / f"{row.source}.toml"
    with tempfile.TemporaryDirectory() as draft:
        beside = Path(draft) / path.name
        beside.write_text(entry, encoding="utf-8")
        corrections.load(Path(draft))
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    write_whole(path, (before + "\n" * bool(before) + entry).encode())
    (added,) = [each for each in corrections.load(folder) if each.file == str(path)][-1:]
    if machine(arguments):
        screen.put({"file": str(path), "line": added.line, "id": added.id, "corrects": sorted(added.does)})
    screen.say(f"Written to {added.place}. The next `corpus build` makes {row.url} anew.")
    return 0


def _lines(raw: Path, row: Document) -> list[tuple[bool, str, str]]:
    """The lines of the page, kept and cut, each with its rule; none where the archive is not here."""
    capture = _capture(raw, row)
    if capture is None:
        return [(True, row.method, line) for line in row.extracted.split("\n")]
    return extract.line_report(
        capture.page[0],
        url=capture.final_url,
        content_type=capture.page[1],
        captured_at=capture.fetched_at,
    )


def _list(arguments: argparse.Namespace, said: Sequence[Correction]) -> int:
    """What became of each correction, a line each."""
    found: dict[str, list[Document]] = {each.id: [] for each in said}
    if list_versions(arguments.clean):
        for row in look.rows_of(version_folder(arguments.clean), list(found)):
            found[row.id].append(row)
    told = [(each, _state(arguments.raw, each, found[each.id])) for each in said]
    if machine(arguments):
        for each, state in told:
            corrects = sorted(each.does)
            where = {"file": each.file, "line": each.line, "id": each.id}
            screen.put({**where, "state": state, "corrects": corrects})
    shown = [(each.place, state, ", ".join(sorted(each.does)), each.id) for each, state in told]
    screen.show("Corrections", ("where", "state", "corrects", "document"), shown, means=STATES)
    return 0


def _state(raw: Path, said: Correction, rows: Sequence[Document]) -> str:
    """holds, waits (for a build), fell away, or no such document; an older text that holds is one that fell away."""
    rows = [row for row in rows if row.extracted]
    if not rows:
        return "no such document"
    newest = max(rows, key=lambda row: row.captured_at)
    if not made_for(said, newest, lambda row: _digest(raw, row)):
        return "fell away"
    return "holds" if newest.corrected else "waits"


def _to_case(arguments: argparse.Namespace, rows: Sequence[Document], row: Document) -> int:
    """A golden page of a corrected one: the bytes as they came, and what the corrected rows say."""
    if not row.corrected:
        raise UsageError(f"{row.id}: nothing of it is corrected in this version; correct it and build first")
    capture = _capture(arguments.raw, row)
    if capture is None or not capture.body:
        raise UsageError(f"{arguments.raw}: the page of {row.id} is not in this archive")
    saved = page.Saved(body=capture.page[0], url=capture.final_url, content_type=capture.page[1])
    read = extract.extract_page(saved.body, url=saved.url, content_type=saved.content_type)
    printed = [each for each in rows if each.capture == row.capture and each.extracted]
    articles = sorted(
        (each for each in printed if each.reason not in (Reason.NOT_AN_ARTICLE, Reason.PART_OF)),
        key=lambda each: each.part,
    )
    wanted = page.expected(saved, read)
    if articles:
        wanted["articles"] = [_expected(each) for each in articles]
    else:
        wanted["articles"] = page.nothing()
    kept = {line for each in articles for line in each.extracted.split("\n")}
    cut = [line for article in read.articles for line in article.extracted.split("\n") if line not in kept]
    wanted["absent"] = list(dict.fromkeys(cut))
    folder = page.write_golden(arguments.to_case, saved, wanted)
    if machine(arguments):
        corrected = [each.column for each in row.corrected]
        screen.put({"folder": str(folder), "url": saved.url, "id": row.id, "corrected": corrected})
    screen.say(
        f"Written to {folder}: extraction must read the page so; `pytest tests/extract/test_pages.py` says."
    )
    return 0


def _expected(row: Document) -> dict[str, Any]:
    by_hand = {each.column for each in row.corrected}
    day: date | None = row.published_on
    return {
        "title": row.title if "title" in by_hand else row.title_raw,
        "author": row.author,
        "published_on": day.isoformat() if day else None,
        "origin_name": row.origin_name,
        "body": row.extracted.split("\n"),
        "captions": list(row.captions),
    }
