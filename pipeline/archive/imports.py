"""Pages that others saved, into the archive: WARC and ARC files, HTML and text files, folders of them."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path

from pipeline.archive import blocklist, foreign, index, saved, wacz, warc
from pipeline.archive.cdxj import earlier_of, ref_of
from pipeline.archive.foreign import Foreign, ForeignResponse
from pipeline.archive.reader import read_one
from pipeline.archive.withdrawn import standing_refs
from pipeline.archive.writer import Writer, utcnow
from pipeline.errors import UsageError
from pipeline.records import Capture, Outcome, Reason, header_of
from pipeline.rules.plain_text import is_plain, no_text
from pipeline.web.blocks import judge_page
from pipeline.web.media import is_html
from pipeline.web.urls import fetch_form, url_key

REVISIT = "revisit"
"""Kind of a record that has no body of its own, and why none is brought in by itself."""
CAP = 8 << 20
"""Largest page, bytes; the crawl's own cap (`fetched.Limits`)."""
_PAGE_NAME = re.compile(r"\.(?:[xs]?html?|mht|mhtml|php|aspx?|jsp)\b", re.IGNORECASE)
_TEXT_NAME = re.compile(r"\.(?:txt|text|md|markdown)$", re.IGNORECASE)
_ARCHIVE_NAME = re.compile(r"\.(?:w?arc(?:\.(?:gz|zst|lz4))?|wacz)$", re.IGNORECASE)


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
    """Records left out, by reason: takedown (blocked for ever), withdrawn (there, but of a run that was taken back),
    not_html, redirect, http_error, unreadable, revisit, empty, too_large, …; of plain text also what it is instead
    (rules/plain_text.py): table, …"""
    problem: str | None = None
    """Why the file could not be read (to its end); None: it could."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What an import did, file by file in the order read."""

    files: tuple[ImportedFile, ...]
    """Every file looked at, and every path that holds none."""
    odd: tuple[str, ...] = ()
    """Lines of an index that name no capture: which and why."""

    @property
    def captures(self) -> int:
        """New captures in all."""
        return sum(each.captures for each in self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A capture to write, or why there is none."""

    capture: Capture | None = None
    resource: bool = False
    reason: str = ""
    repeats: tuple[str, datetime] | None = None
    """URL key and time of the response of another URL whose body it has; its own is empty then."""


def import_paths(
    paths: Sequence[Path],
    raw: Path,
    source: str,
    url_map: Path | None = None,
    clock: Callable[[], datetime] = utcnow,
    *,
    base: str | None = None,
    on_progress: Callable[[int, int, int], None] | None = None,
) -> ImportReport:
    """Brings saved pages into the archive as captures of kind page under the name `source`.

    WARC and ARC files in any compression, and the WACZ files of them, keep each page's URL, time and headers. HTML,
    MHTML and text files get the address that `url_map` gives (lines of path, tab, URL; paths relative to the map),
    else the one their saver wrote into them, the one of their path below `base`, or the page's own; one that nothing
    tells has a name made of its bytes, never a path of this machine (`saved.py`). Their time is the one the saver
    noted, else the file's. `on_progress` gets files done, files in all, and records of the present one. Block pages are
    judged anew. Ids follow from source, URL, time and body, so a second import adds nothing. What cannot be read is a
    reason in the report, never an exception;
    raises BusyError while another run writes, MapError for an unusable map, OSError when the disk is full.
    """
    mapped = _read_map(url_map) if url_map else {}
    report = []
    with Writer(raw, f"import-{source}-{clock():%Y%m%dT%H%M%S%f}", clock) as writer:
        intake = Intake(writer, source)
        for path in paths:
            others: Counter[str] = Counter()
            files = list(_files(path, others))
            naming = Naming(mapped=mapped, base=base, folder=path)
            for number, (file, problem) in enumerate(files):
                if problem:
                    report.append(ImportedFile(path=str(file), problem=problem))
                else:
                    told = partial(_tell, on_progress, number, len(files))
                    report.append(_import_file(file, intake, naming, told))
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
    listed = wacz.members(path) if path.suffix == ".json" and stat.S_ISREG(mode) else None
    for name in listed or ():
        there = path.parent / name
        inside = there.resolve().is_relative_to(path.parent.resolve()) and "://" not in name
        yield (
            there,
            None if inside and there.is_file() else "not beside the list that names it: fetch it first",
        )
    if listed is not None:
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


class Intake:
    """What one import writes under the name of one source: each capture once, and nothing that was taken down."""

    def __init__(self, writer: Writer, source: str) -> None:
        there = index.find(writer.raw, sources=(source,))
        standing = standing_refs(writer.raw, there)
        self.source = source
        self._writer = writer
        self._known = dict.fromkeys((ref.id for ref in there), "withdrawn")
        self._known |= dict.fromkeys((ref.id for ref in standing), "known")
        self._bodies = {(ref.url_key, ref.fetched_at): ref for ref in standing if ref.outcome == Outcome.OK}
        self._blocked = blocklist.read(writer.raw)

    def take(self, found: Candidate) -> str:
        """Write a candidate if it is new; what became of it: new, known, withdrawn, takedown, or why it is no page."""
        capture, earlier = found.capture, None
        if capture is None:
            return found.reason
        if self.is_blocked(capture.url_key):
            return Reason.TAKEDOWN
        if found.repeats is not None:
            ref = self._bodies.get(found.repeats)
            if ref is None:
                return REVISIT
            whole = read_one(self._writer.raw, ref.place)
            got = ForeignResponse(
                status=capture.status or whole.status,
                headers=capture.headers or whole.headers,
                body=whole.body,
                problem=None,
            )
            capture = _capture(self.source, capture.url, capture.fetched_at, got, capture.notes)
            earlier = earlier_of(ref) if ref.status and not ref.refers_to else None
        if capture.id in self._known:
            return self._known[capture.id]
        kept = self._writer.write(capture, resource=not capture.status or found.resource, earlier=earlier)
        self._known[kept.id] = "known"
        if kept.outcome == Outcome.OK:
            self._bodies[kept.url_key, kept.fetched_at] = ref_of(kept)
        return "new"

    def is_blocked(self, key: str) -> bool:
        """Whether a page was taken down."""
        return self._blocked.has_url(key)


def visits(raw: Path, source: str) -> set[tuple[str, datetime]]:
    """(URL key, time) of every capture of a source, of withdrawn runs too: it need not be brought again."""
    return {(ref.url_key, ref.fetched_at) for ref in index.find(raw, sources=(source,))}


def _import_file(file: Path, intake: Intake, naming: Naming, progress: Callable[[int], None]) -> ImportedFile:
    counts: Counter[str] = Counter()
    problem = None
    try:
        for number, found in enumerate(_pages(file, intake.source, naming), 1):
            counts[intake.take(found)] += 1
            progress(number)
    except warc.Damaged as error:
        problem = str(error)
    new, old = counts.pop("new", 0), counts.pop("known", 0)
    skipped = tuple(sorted(counts.items()))
    return ImportedFile(path=str(file), captures=new, known=old, skipped=skipped, problem=problem)


def _tell(on_progress: Callable[[int, int, int], None] | None, done: int, total: int, records: int) -> None:
    if on_progress is not None:
        on_progress(done, total, records)


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """Where the addresses of saved pages come from, besides the pages."""

    mapped: Mapping[str, str]
    """Absolute path → URL."""
    base: str | None
    """The address of `folder`, as wget mirrors it; `https://`: its first folders are hosts."""
    folder: Path
    """The path that was given."""

    def of(self, file: Path, body: bytes) -> tuple[str, datetime | None]:
        """Address and time of a saved page, as far as anything tells; the address is never that of a file."""
        marks = saved.marks(body)
        mirrored = saved.mirrored(self.base, self.folder, file) if self.base else None
        url = self.mapped.get(str(file.absolute())) or marks.url or mirrored or saved.declared(body)
        return url or saved.nameless(body), marks.at


def _pages(file: Path, source: str, naming: Naming) -> Iterator[Candidate]:
    """Raises Damaged where the file cannot be read (further)."""
    try:
        changed = datetime.fromtimestamp(file.stat().st_mtime, UTC)
        if wacz.is_wacz(file):
            yield from _packed(file, source, changed)
            return
        if foreign.is_archive(file):
            body = None
        else:
            with file.open("rb") as stream:
                body = stream.read(CAP + 1)
    except (OSError, ValueError, OverflowError) as error:
        if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):  # for what is unpacked on the way
            raise
        raise warc.Damaged(getattr(error, "strerror", None) or str(error)) from error
    if body is None:
        for record in foreign.records(file, CAP):
            found = from_record(record, file.name, source, changed)
            if found:
                yield found
        return
    if len(body) > CAP:
        raise warc.Damaged(f"larger than {CAP >> 20} MiB")
    yield _saved_page(file, body, source, naming, changed)


def _saved_page(file: Path, body: bytes, source: str, naming: Naming, changed: datetime) -> Candidate:
    """A page or text that a browser, a program or a person saved as a file."""
    notes: tuple[str, ...] = (f"imported from {file.name}",)
    mhtml = saved.from_mhtml(body)
    if mhtml is not None:
        url = naming.mapped.get(str(file.absolute())) or mhtml.url or saved.nameless(mhtml.body)
        at, body, kind = mhtml.at, mhtml.body, mhtml.content_type
    else:
        kind = _type_of(file, body)
        url, at = naming.of(file, body)
    if not at:
        notes += ("its date is the file's",)
    page = ForeignResponse(status=0, headers=(("Content-Type", kind),), body=body, problem=None)
    return Candidate(capture=_capture(source, url, at or changed, page, notes), resource=True)


def _packed(file: Path, source: str, changed: datetime) -> Iterator[Candidate]:
    """The pages of a WACZ file: those of its page list where it has one; of what no record brings, the list's text."""
    with wacz.opened(file) as package:
        brought: set[str] = set()
        listed = {url_key(each.url) for each in package.pages}
        for name, path in package.archives():
            for record in foreign.records(path, CAP):
                found = from_record(record, f"{file.name}/{name}", source, changed)
                if found is None:
                    continue
                capture = found.capture
                if capture is not None and listed and capture.url_key not in listed:
                    found = Candidate(reason="not_listed")
                elif capture is not None:
                    brought.add(capture.url_key)
                yield found
        for each in package.pages:
            if each.text and url_key(each.url) not in brought:
                page = ForeignResponse(
                    status=0,
                    headers=(("Content-Type", "text/plain; charset=utf-8"),),
                    body=each.text.encode(),
                    problem=None,
                )
                notes = (f"imported from {file.name}", "the text of its page list: no record has the page")
                capture = _capture(source, each.url, each.at or changed, page, notes)
                reason = no_text(page.body)
                yield Candidate(reason=reason) if reason else Candidate(capture=capture, resource=True)


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


def from_record(record: Foreign, name: str, source: str, changed: datetime) -> Candidate | None:
    """None for records that are no visit of a page (requests, metadata, warcinfo, …)."""
    if record.kind == REVISIT:
        return _repeating(record, name, source)
    if record.kind == foreign.DAMAGED:
        return Candidate(reason=Outcome.DAMAGED)
    if record.kind not in {"response", "resource"}:
        return None
    if record.block is None:
        return Candidate(reason=Outcome.TOO_LARGE)
    is_file = record.url.startswith("file:")
    if fetch_form(record.url) is None and not is_file:
        return Candidate(reason="not_http")
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
        return Candidate(reason=reason)
    url = saved.marks(got.body).url or saved.declared(got.body) or saved.nameless(got.body)
    capture = _capture(source, url if is_file else record.url, at, got, tuple(notes))
    return Candidate(capture=capture, resource=got.status == 0)


def _repeating(record: Foreign, name: str, source: str) -> Candidate:
    """A revisit: a page of its own if it has the body of another URL's response, else a later visit of a known one."""
    at, then = warc.moment(record.date), warc.moment(record.repeats[1]) if record.repeats else None
    key = url_key(record.repeats[0]) if record.repeats else ""
    if at is None or then is None or fetch_form(record.url) is None or key == url_key(record.url):
        return Candidate(reason=REVISIT)
    got = ForeignResponse(status=0, headers=(), body=b"", problem=None)
    if record.block is not None and record.block.startswith(b"HTTP/"):
        got = replace(foreign.response_in(record.block, CAP), body=b"")
        if got.status != HTTPStatus.OK:
            return Candidate(reason=REVISIT)
    notes = (f"imported from {name}", *([f"imported record {record.id}"] if record.id else []))
    return Candidate(capture=_capture(source, record.url, at, got, notes), repeats=(key, then))


def from_response(got: ForeignResponse, url: str, at: datetime, source: str, name: str) -> Candidate:
    """A page that somebody else's archive gives as an answer of its own."""
    reason = _unusable(got, "response")
    if reason:
        return Candidate(reason=reason)
    return Candidate(capture=_capture(source, url, at, got, (f"imported from {name}",)))


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
