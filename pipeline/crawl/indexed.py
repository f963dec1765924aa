"""What an index of other people's archives names, into ours: chosen, planned, and read record by record.

    index (file or address) → rows of the source and the days → less what is here → each record's bytes → archive

An import that ends before its time goes on where it was: what is here is not read again.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urljoin, urlsplit

from pipeline.archive import cdx, foreign, imports
from pipeline.archive.cdx import Left, Row
from pipeline.archive.foreign import ForeignResponse
from pipeline.archive.imports import CAP, Candidate, ImportedFile, ImportReport, Intake
from pipeline.archive.warc import Damaged
from pipeline.archive.writer import Writer, utcnow
from pipeline.crawl.ranges import COMMON_CRAWL, Ranges, Refused, is_web, of_store
from pipeline.crawl.scope import scope_of, unwanted
from pipeline.errors import UsageError
from pipeline.records import Source
from pipeline.web.fetched import Fetched
from pipeline.web.urls import url_key

WAYBACK = "https://web.archive.org/web/"
"""Where the Wayback machine gives a capture as it was: below it `<14 digits>id_/<URL>`."""
_ORIGINAL = "x-archive-orig-"
"""What the Wayback machine puts before the names of headers as they were."""


TOLD = 20
"""Lines of an index that cannot be read, and are told one by one."""

AgentFor = Callable[[str], str]
"""Who asks an address; UsageError where nobody is named for one that is not of this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexWish:
    """What is to be brought in of an index."""

    index: str
    """A file, a folder of Parquet files, or an http(s) or object store address of a file."""
    base: str | None = None
    """Where the files that it names stand: a folder or an address; None: as the index tells."""
    source: str
    """Name that the pages are filed under."""
    declared: Source | None = None
    """The source of that name: its addresses and patterns choose; None: it is not declared, and all is chosen."""
    since: date | None = None
    until: date | None = None
    """Days of capture (UTC), both included."""
    delay: float = 1.0
    """Seconds between two requests to a server, at the least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexPlan:
    """What an import of an index would bring."""

    index: str
    base: str
    """Where the records would be read."""
    rows: int
    """Captures of pages that the index names in these days."""
    chosen: int
    """Of these, those to be read."""
    known: int
    """Already in the archive."""
    left_out: dict[str, int]
    """Why others are not: same (the same page with the same body), excluded, foreign, …"""
    months: dict[str, int]
    """Month of capture → captures to be read."""
    files: int
    """WARC files they stand in."""
    bytes: int
    """Bytes to read, as far as the index says."""
    requests: int
    """Requests to a server: one a record."""
    hours: float
    """Hours these take at the polite rate."""
    odd: tuple[str, ...] = ()
    """Lines of the index that name no capture: which and why, TOLD of them at most."""


def plan_indexed(wish: IndexWish, raw: Path, user_agent: AgentFor) -> IndexPlan:
    """What `import_indexed` would do; of an index that is elsewhere only the index is read. Errors as there."""
    with _local(wish, user_agent) as index:
        chosen, counts, odd = _choose(wish, index, _visits(raw, wish.source))
    base = _base(wish, chosen)
    away = "://" in base
    return IndexPlan(
        index=wish.index,
        base=base,
        rows=counts.pop("rows", 0),
        chosen=len(chosen),
        known=counts.pop("known", 0),
        left_out=dict(sorted(counts.items())),
        months=dict(sorted(Counter(f"{row.at:%Y-%m}" for row in chosen).items())),
        files=len({row.file for row in chosen}),
        bytes=sum(row.length for row in chosen),
        requests=len(chosen) * away,
        hours=len(chosen) * wish.delay / 3600 if away else 0.0,
        odd=odd,
    )


def import_indexed(
    wish: IndexWish,
    raw: Path,
    user_agent: AgentFor,
    *,
    clock: Callable[[], datetime] = utcnow,
    on_progress: Callable[[int, int], None] | None = None,
    stop: threading.Event | None = None,
) -> ImportReport:
    """Read the records that an index names, and nothing else of their files, into the archive; a row a WARC file.

    Raises UsageError for an index that is none, or a store without its library, BusyError while another run writes,
    OSError when the disk is full. What cannot be read is told in the report, never raised.
    """
    with _local(wish, user_agent) as index:
        chosen, _, odd = _choose(wish, index, _visits(raw, wish.source))
    agent = user_agent(_base(wish, chosen))
    with Writer(raw, f"import-{wish.source}-{clock():%Y%m%dT%H%M%S%f}", clock) as writer:
        intake = Intake(writer, wish.source)
        report = asyncio.run(
            _read(wish, chosen, intake, agent, on_progress or (lambda done, total: None), stop)
        )
    return replace(report, odd=odd)


async def _read(
    wish: IndexWish,
    chosen: Sequence[Row],
    intake: Intake,
    user_agent: str,
    on_progress: Callable[[int, int], None],
    stop: threading.Event | None,
) -> ImportReport:
    counts: dict[str, Counter[str]] = {}
    problems: dict[str, str] = {}
    private = wish.declared is not None and wish.declared.allow_private
    base = _base(wish, chosen)
    async with Ranges(base, delay=wish.delay, user_agent=user_agent, allow_private=private) as ranges:
        for number, row in enumerate(chosen):
            name = row.file or base
            counted = counts.setdefault(name, Counter())
            if stop is not None and stop.is_set():
                counted["left"] += len(chosen) - number
                problems[name] = "stopped: the same command goes on"
                break
            try:
                for found in await _candidates(row, ranges, wish.source):
                    counted[intake.take(found)] += 1
            except Damaged as error:
                counted["unreadable"] += 1
                problems.setdefault(name, str(error))
            except Refused as error:
                counted["left"] += len(chosen) - number
                problems[name] = f"{error}; later the same command goes on"
                break
            on_progress(number + 1, len(chosen))
    return ImportReport(
        files=tuple(
            ImportedFile(
                path=name,
                captures=counted.pop("new", 0),
                known=counted.pop("known", 0),
                skipped=tuple(sorted(counted.items())),
                problem=problems.get(name),
            )
            for name, counted in counts.items()
        )
    )


async def _candidates(row: Row, ranges: Ranges, source: str) -> list[Candidate]:
    """What the record of a row brings; a record of another page than the index says brings nothing."""
    if not row.file:
        fetched = await ranges.page(f"{ranges.base}{row.at:%Y%m%d%H%M%S}id_/{row.url}")
        return [imports.from_response(_as_it_was(fetched), row.url, row.at, source, ranges.base)]
    data = await ranges.read(row)
    with TemporaryDirectory() as folder:
        path = Path(folder) / Path(row.file).name
        path.write_bytes(data)
        found = []
        for record in foreign.records(path, CAP):
            candidate = imports.from_record(record, row.file, source, row.at)
            if candidate is not None:
                other = candidate.capture is not None and candidate.capture.url_key != url_key(row.url)
                found.append(Candidate(reason="other_page") if other else candidate)
            break  # a range without a length runs into the next record
        return found or [Candidate(reason="unreadable")]


def _as_it_was(fetched: Fetched) -> ForeignResponse:
    """The answer of a site as the Wayback machine keeps it, out of its own answer."""
    headers = tuple(
        (name[len(_ORIGINAL) :], value)
        for name, value in fetched.headers
        if name.lower().startswith(_ORIGINAL) and not name.lower().endswith(("-encoding", "-length"))
    )
    kind = [(n, v) for n, v in fetched.headers if n.lower() == "content-type"]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers += tuple(kind)
    return ForeignResponse(status=fetched.status, headers=headers, body=fetched.body, problem=None)


def _visits(raw: Path, source: str) -> set[tuple[str, datetime]]:
    return imports.visits(raw, source) if raw.is_dir() else set()


def _choose(
    wish: IndexWish, index: Path, visits: set[tuple[str, datetime]]
) -> tuple[list[Row], Counter[str], tuple[str, ...]]:
    """The rows to read, by file and offset; how many are not, and why; which lines cannot be read.

    UsageError when it is no index.
    """
    scope = scope_of(wish.declared) if wish.declared is not None else None
    domains = scope.domains if scope is not None and not scope.source.include else ()
    counts: Counter[str] = Counter()
    first: dict[tuple[str, str], Row] = {}
    here: set[tuple[str, str]] = set()
    odd: list[str] = []
    try:
        for row in cdx.rows(index, wish.since, wish.until, domains):
            if isinstance(row, Left):
                counts["unreadable" if row.where else row.why] += 1
                odd += [f"{row.where}: {row.why}"] if row.where and len(odd) < TOLD else []
                continue
            counts["rows"] += 1
            key = url_key(row.url)
            if scope is not None and (reason := unwanted(scope, row.url)) is not None:
                counts[reason] += 1
                continue
            same = (key, row.digest or f"{row.at:%Y%m%d%H%M%S}")
            counts["same"] += same in first
            if same not in first or row.at < first[same].at:
                first[same] = row
            if (key, row.at) in visits:
                here.add(same)
    except Damaged as error:
        raise UsageError(f"{wish.index}: {error}") from error
    counts["known"] = len(here)
    chosen = [row for same, row in first.items() if same not in here]
    return sorted(chosen, key=lambda row: (row.file, row.offset, row.url, row.at)), +counts, tuple(odd)


def _base(wish: IndexWish, chosen: Sequence[Row]) -> str:
    """Where the records stand: as said, else Common Crawl's or the Wayback machine's place, else beside the index."""
    if wish.base is not None:
        return wish.base
    if chosen and chosen[0].file.startswith("crawl-data/"):
        return COMMON_CRAWL
    if is_web(wish.index) and chosen and not chosen[0].file:
        return WAYBACK if urlsplit(wish.index).hostname == "web.archive.org" else urljoin(wish.index, "/web/")
    return urljoin(wish.index, ".") if "://" in wish.index else str(Path(wish.index).absolute().parent)


@contextmanager
def _local(wish: IndexWish, user_agent: AgentFor) -> Iterator[Path]:
    """The index as a file; UsageError when it cannot be had."""
    if "://" not in wish.index:
        path = Path(wish.index)
        if not path.exists():
            raise UsageError(f"{path}: no such index file or folder")
        yield path
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / "index"
        try:
            if is_web(wish.index):
                path.write_bytes(asyncio.run(_whole(wish, user_agent)))
            else:
                fs, name = of_store(wish.index)
                fs.get_file(name, str(path))
        except UsageError:
            raise
        except (Damaged, Refused, OSError) as error:
            raise UsageError(f"{wish.index}: {error}") from error
        yield path


async def _whole(wish: IndexWish, user_agent: AgentFor) -> bytes:
    private = wish.declared is not None and wish.declared.allow_private
    async with Ranges(
        urljoin(wish.index, "/"), delay=wish.delay, user_agent=user_agent(wish.index), allow_private=private
    ) as web:
        fetched = await web.page(wish.index)
    if fetched.status != 200 or fetched.truncated or not fetched.body:
        raise Damaged(
            f"{fetched.status or 'no answer'} {fetched.outcome}; a large index is to be downloaded first"
        )
    return fetched.body
