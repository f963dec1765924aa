"""Pages that others saved, into the archive: WARC and ARC files, HTML and text files, folders of them."""

from __future__ import annotations

import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipeline.archive import foreign, index, warc
from pipeline.archive.foreign import Foreign, ForeignResponse
from pipeline.archive.withdrawn import standing_refs
from pipeline.archive.writer import Writer, utcnow
from pipeline.errors import UsageError
from pipeline.records import Capture, Outcome, header_of
from pipeline.rules.plain_text import is_plain, no_text
from pipeline.web.blocks import judge_page
from pipeline.web.media import is_html
from pipeline.web.urls import fetch_form, url_key

CAP = 8 << 20
"""Largest page, bytes; the crawl's own cap (`fetched.Limits`)."""
_PAGE_NAME = re.compile(r"\.(?:[xs]?html?|php|aspx?|jsp)\b", re.IGNORECASE)
_TEXT_NAME = re.compile(r"\.(?:txt|text|md|markdown)$", re.IGNORECASE)
_ARCHIVE_NAME = re.compile(r"\.w?arc(?:\.(?:gz|zst|lz4))?$", re.IGNORECASE)


class MapError(UsageError):
    """A URL map that cannot be used; the message names file and line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedFile:
    """What became of one file or path."""

    path: str
    """As given, or found in a folder."""
    captures: int = 0
    """New captures in the archive."""
    known: int = 0
    """Captures that were already there from an earlier import."""
    skipped: tuple[tuple[str, int], ...] = ()
    """Records left out, by reason: withdrawn (there, but of a run that was taken back), not_html, redirect, http_error,
    unreadable, revisit, empty, too_large, …; of plain text also what it is instead (rules/plain_text.py): table, …"""
    problem: str | None = None
    """Why the file could not be read (to its end); None: it could."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did, file by file in the order read."""

    files: tuple[ImportedFile, ...]
    """Every file looked at, and every path that holds none."""

    @property
    def captures(self) -> int:
        """New captures in all."""
        return sum(each.captures for each in self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A capture to write, or why there is none."""

    capture: Capture | None = None
    resource: bool = False
    reason: str = ""


def import_paths(
    paths: Sequence[Path],
    raw: Path,
    source: str,
    url_map: Path | None = None,
    clock: Callable[[], datetime] = utcnow,
) -> ImportReport:
    """Brings saved pages into the archive as captures of kind page under the name `source`.

    WARC and ARC files in any compression keep each page's URL, time and headers; HTML and text files get
    their file: URL, or the one `url_map` gives (lines of path, tab, URL; paths relative to the map), and
    their modification time. Block pages are judged anew. Ids follow from source, URL, time and body, so a
    second import adds nothing. What cannot be read is a reason in the report, never an exception;
    raises BusyError while another run writes, MapError for an unusable map, OSError when the disk is full.
    """
    mapped = _read_map(url_map) if url_map else {}
    report = []
    with Writer(raw, f"import-{source}-{clock():%Y%m%dT%H%M%S%f}", clock) as writer:
        there = index.find(raw, sources=(source,))
        known = dict.fromkeys((ref.id for ref in there), "withdrawn")
        known |= dict.fromkeys((ref.id for ref in standing_refs(raw, there)), "known")
        for path in paths:
            others: Counter[str] = Counter()
            files = list(_files(path, others))
            for file, problem in files:
                if problem:
                    report.append(ImportedFile(path=str(file), problem=problem))
                else:
                    report.append(_import_file(file, writer, source, mapped, known))
            if not files or others:
                problem = None if files else "no HTML page, text or WARC file in it"
                report.append(ImportedFile(path=str(path), skipped=tuple(others.items()), problem=problem))
    unused = sorted(mapped.keys() - {str(Path(each.path).absolute()) for each in report})
    report += [ImportedFile(path=name, problem="in the URL map, but not among the paths") for name in unused]
    return ImportReport(files=tuple(report))


def _read_map(path: Path) -> dict[str, str]:
    """Absolute path → URL."""
    mapped = {}
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise MapError(f"{path}: {error}") from error
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, tab, url = line.partition("\t")
        target = fetch_form(url.strip())
        if not tab or target is None:
            raise MapError(f"{path}:{number}: wanted a path, a tab and an http(s) URL")
        mapped[str((path.parent / name.strip()).absolute())] = target
    return mapped


def _files(path: Path, others: Counter[str]) -> Iterator[tuple[Path, str | None]]:
    """The files to read at or below a path, in order, each with the reason it cannot be.

    Links are not followed; files whose names are not those of pages or archives are counted in `others`.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        yield path, getattr(error, "strerror", None) or str(error)
        return
    if not stat.S_ISDIR(mode):
        yield path, None if stat.S_ISREG(mode) else "not a regular file"
        return
    problems: list[OSError] = []
    for folder, names, files in os.walk(path, onerror=problems.append, followlinks=False):
        names.sort()
        for name in sorted([*files, *(name for name in names if Path(folder, name).is_symlink())]):
            file = Path(folder, name)
            if file.is_symlink():
                yield file, "a symbolic link"
            elif not any(p.search(name) for p in (_ARCHIVE_NAME, _PAGE_NAME, _TEXT_NAME)) and "." in name:
                others["other_files"] += 1
            else:
                yield file, None if file.is_file() else "not a regular file"
    for each in problems:
        yield Path(str(each.filename)), each.strerror or str(each)


def _import_file(
    file: Path, writer: Writer, source: str, mapped: Mapping[str, str], known: dict[str, str]
) -> ImportedFile:
    counts: Counter[str] = Counter()
    problem = None
    try:
        for found in _pages(file, source, mapped):
            if found.capture is None:
                counts[found.reason] += 1
            elif found.capture.id in known:
                counts[known[found.capture.id]] += 1
            else:
                writer.write(found.capture, resource=found.resource)
                known[found.capture.id] = "known"
                counts["new"] += 1
    except warc.Damaged as error:
        problem = str(error)
    new, old = counts.pop("new", 0), counts.pop("known", 0)
    skipped = tuple(sorted(counts.items()))
    return ImportedFile(path=str(file), captures=new, known=old, skipped=skipped, problem=problem)


def _pages(file: Path, source: str, mapped: Mapping[str, str]) -> Iterator[_Found]:
    """Raises Damaged where the file cannot be read (further)."""
    try:
        changed = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        if foreign.is_archive(file):
            body = None
        else:
            with file.open("rb") as stream:
                body = stream.read(CAP + 1)
    except (OSError, ValueError, OverflowError) as error:
        raise warc.Damaged(getattr(error, "strerror", None) or str(error)) from error
    if body is None:
        for record in foreign.records(file, CAP):
            found = _from_record(record, file.name, source, changed)
            if found:
                yield found
        return
    if len(body) > CAP:
        raise warc.Damaged(f"larger than {CAP >> 20} MiB")
    url = mapped.get(str(file.absolute())) or file.absolute().as_uri()
    page = ForeignResponse(
        status=0, headers=(("Content-Type", _type_of(file, body)),), body=body, problem=None
    )
    yield _Found(capture=_capture(source, url, changed, page, (f"imported from {file.name}",)), resource=True)


def _type_of(file: Path, body: bytes) -> str:
    """text/html or text/plain; raises Damaged for a file that is neither, with what it is."""
    if not body.strip():
        raise warc.Damaged("empty")
    is_text = _TEXT_NAME.search(file.name) is not None and is_plain(body, "text/plain")
    if not is_text and is_html(body, "text/html" if _PAGE_NAME.search(file.name) else ""):
        return "text/html"
    reason = no_text(body)
    if is_text and reason is None:
        return "text/plain"
    if reason is None:
        raise warc.Damaged("a text, but its name does not end in .txt or .md")
    raise warc.Damaged(f"neither an HTML page, a text nor a WARC file: {reason}")


def _from_record(record: Foreign, name: str, source: str, changed: datetime) -> _Found | None:
    """None for records that are no visit of a page (requests, metadata, warcinfo, …)."""
    if record.kind == "revisit":
        return _Found(reason="revisit")
    if record.kind == foreign.DAMAGED:
        return _Found(reason=Outcome.DAMAGED)
    if record.kind not in {"response", "resource"}:
        return None
    if record.block is None:
        return _Found(reason=Outcome.TOO_LARGE)
    if fetch_form(record.url) is None and not record.url.startswith("file:"):
        return _Found(reason="not_http")
    notes = [f"imported from {name}"] + ([f"imported record {record.id}"] if record.id else [])
    at = warc.moment(record.date)
    if at is None:
        at = changed
        notes.append("its date is the file's")
    if record.kind == "resource" or not record.block.startswith(b"HTTP/"):
        headers = (("Content-Type", record.content_type),)
        got = ForeignResponse(status=0, headers=headers, body=record.block, problem=None)
    else:
        got = foreign.response_in(record.block, CAP)
    reason = _unusable(got, record.kind)
    if reason:
        return _Found(reason=reason)
    capture = _capture(source, record.url, at, got, tuple(notes))
    return _Found(capture=capture, resource=got.status == 0)


def _unusable(got: ForeignResponse, kind: str) -> str:
    """Why an answer is no page; "" if it may be one."""
    if kind == "response" and got.status != 200:
        return (
            Outcome.REDIRECT
            if 300 <= got.status < 400
            else Outcome.HTTP_ERROR
            if got.status
            else Outcome.UNREADABLE
        )
    if got.problem in {Outcome.TOO_LARGE, Outcome.BAD_ENCODING}:
        return got.problem
    if not got.body.strip():
        return Outcome.EMPTY
    kind = header_of(got.headers, "content-type")
    if is_plain(got.body, kind):
        return no_text(got.body) or ""
    return "" if is_html(got.body, kind) else Outcome.NOT_HTML


def _capture(source: str, url: str, at: datetime, got: ForeignResponse, notes: tuple[str, ...]) -> Capture:
    return Capture(
        id=warc.record_id("import", source, url, warc.iso(at), warc.sha1(got.body)),
        source=source,
        url=url,
        url_key=url_key(url),
        final_url=url,
        fetched_at=at,
        status=got.status,
        headers=got.headers,
        body=got.body,
        outcome=judge_page(got.status or 200, got.headers, got.body) or got.problem or Outcome.OK,
        notes=notes,
    )
