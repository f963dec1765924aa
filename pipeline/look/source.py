"""*Source*: how one source stands and stood, week by week, where it went wrong, and what its file says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from markupsafe import Markup

from pipeline.archive import index, utcnow
from pipeline.archive.cdxj import Ref
from pipeline.archive.withdrawn import standing_refs
from pipeline.corpus.expectations import FIT, NO_DOCUMENT
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.queries import selected
from pipeline.corpus.read import hidden, list_versions, version_folder
from pipeline.corpus.yields import DayYield, daily_yields
from pipeline.crawl.daily import DayCounts
from pipeline.crawl.ledger import Ledger
from pipeline.crawl.lookup import looked_up
from pipeline.errors import UsageError
from pipeline.folders import Folders, load_sources
from pipeline.health.acks import read_acks
from pipeline.health.status import SPAN, WEEK, SourceStatus, last_day, read_status
from pipeline.look import pictures, rows
from pipeline.look.asked import Asked
from pipeline.look.pictures import Bar
from pipeline.records import USABLE, Kind, Source

BACK = 14
"""So many days with captures are looked through for a good and a bad one."""


FILES, MOST_FILES = 24, 240
"""Files of a version that are read at a time, and at all, for a text of the source."""

NO_ANSWER = frozenset({Kind.DISCOVERY, Kind.REDIRECT, Kind.ROBOTS})
"""Kinds of captures that are no answer of a list or page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What a week came to; shares are of the documents fit to publish, None where there are none."""

    first: date
    """Its first day (UTC)."""
    visits: int
    """Of lists and pages."""
    usable: int
    """Of these, those that brought something."""
    new: int
    """Pages that came for the first time."""
    documents: int
    kept: int
    """Documents fit to publish."""
    titled: float | None
    dated: float | None
    authored: float | None
    agreement: float | None
    """The median of its days."""
    han: float | None
    """Characters, the median of its days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A document, good or bad."""

    id: str
    title: str | None
    url: str
    day: date
    reason: str | None
    method: str | None
    han: int
    agreement: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePage:
    """What the page shows."""

    name: str
    status: SourceStatus | None
    """None: no file declares it, its rows were imported or its file is gone."""
    weeks: tuple[Week, ...]
    """Oldest first."""
    new: Markup
    """New pages a week, as a picture."""
    shares: tuple[tuple[str, str, Markup], ...]
    """(what, its last value in words, picture)."""
    good: Ref | None
    """The last capture of a page that brought something."""
    bad: Ref | None
    """The first after it that brought nothing; where there is none the last of all."""
    bad_since: bool
    """Whether the bad one came after the good one."""
    fit: Row | None
    """The last document fit to publish before the trouble, or of all."""
    unfit: Row | None
    """The first since then that is not, or the last of all."""
    reasons: tuple[tuple[str, int], ...]
    """(what became of it, rows of the newest version), the most first."""
    drawn: Markup
    declared: Source | None
    file: str
    """The source file as it stands; "": there is none."""


def read(asked: Asked) -> SourcePage:
    """*Source*; UsageError where no file declares it and no version has rows of it."""
    where, name = asked.folders, asked.path["name"]
    have = list_versions(where.clean)
    folder = version_folder(where.clean) if have else None
    counts = read_manifest(folder).counts.get(name, {}) if folder is not None else {}
    known = load_sources(where.sources) if where.sources.is_dir() else ()
    declared = next((each for each in known if each.name == name), None)
    if declared is None and not counts:
        raise UsageError(f"{name}: no source of this name is declared, and no version has rows of it")
    last, visits, yields = _past(where.raw, folder, name)
    status = _status(where, declared, yields) if declared is not None and where.raw.is_dir() else None
    weeks = _weeks(last, visits, yields)
    good, bad = _captures(where.raw, name)
    since = status.since if status is not None else None
    fit, unfit = _documents(folder, name, since) if folder is not None else (None, None)
    reasons = tuple(sorted(counts.items(), key=lambda one: (-one[1], one[0])))
    path = where.sources / f"{name}.toml"
    return SourcePage(
        name=name,
        status=status,
        weeks=weeks,
        new=pictures.columns(
            [Bar(label=f"{week.first:%m-%d}", value=week.new, told=f"{week.new:,}") for week in weeks],
            f"New pages of {name}, a week",
        ),
        shares=tuple(_shares(name, weeks)),
        good=good,
        bad=bad,
        bad_since=good is not None and bad is not None and bad.fetched_at > good.fetched_at,
        fit=fit,
        unfit=unfit,
        reasons=reasons,
        drawn=pictures.bars(
            [Bar(label=_word(reason), value=n, told=f"{n:,}", tone=_tone(reason)) for reason, n in reasons],
            f"Rows of {name} by what became of them",
        ),
        declared=declared,
        file=path.read_text(encoding="utf-8") if declared is not None and path.is_file() else "",
    )


def _status(where: Folders, source: Source, yields: Sequence[DayYield]) -> SourceStatus:
    acks = read_acks(where.sources)
    return read_status([source], where.raw, where.clean, acks, utcnow(), yields=yields)[0]


def _past(raw: Path, folder: Path | None, name: str) -> tuple[date | None, list[DayCounts], list[DayYield]]:
    """The last day on which it was asked, and the visits and documents of the days by which it is judged and shown."""
    if not raw.is_dir():
        return None, [], []

    def asked(ledger: Ledger) -> tuple[date | None, list[DayCounts], date]:
        last = ledger.daily.last(name)
        judged = last_day(ledger.daily.asked_on(), utcnow())  # another day where a clock ran ahead
        return last, ledger.daily.of(last - SPAN, name) if last is not None else [], judged

    last, visits, judged = looked_up(raw, asked)
    if folder is None or last is None:
        return last, visits, []
    return last, visits, daily_yields(folder, min(last, judged) - SPAN, name)


def _weeks(last: date | None, visits: Sequence[DayCounts], yields: Sequence[DayYield]) -> tuple[Week, ...]:
    """The weeks before the last day on which it was asked, as far back as it is judged by; none where it never was."""
    weeks = []
    begin = last - SPAN + timedelta(days=1) if last is not None else date.max
    while last is not None and begin <= last:
        end = begin + WEEK
        weeks.append(
            _week(
                begin,
                [each for each in visits if begin <= each.day < end],
                [each for each in yields if begin <= each.day < end],
            )
        )
        begin = end
    return tuple(weeks)


def _week(first: date, visits: Sequence[DayCounts], yields: Sequence[DayYield]) -> Week:
    kept = sum(each.kept for each in yields)
    outcomes = [pair for each in visits for told in (each.lists, each.pages) for pair in told.items()]

    def share(having: Iterable[int]) -> float | None:
        return sum(having) / kept if kept else None

    return Week(
        first=first,
        visits=sum(n for _, n in outcomes),
        usable=sum(n for outcome, n in outcomes if outcome in USABLE),
        new=sum(each.new for each in visits),
        documents=sum(each.documents for each in yields),
        kept=kept,
        titled=share(each.titled for each in yields),
        dated=share(each.dated for each in yields),
        authored=share(each.authored for each in yields),
        agreement=_middle(each.agreement for each in yields),
        han=_middle(each.han for each in yields),
    )


def _middle(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _shares(name: str, weeks: Sequence[Week]) -> Iterable[tuple[str, str, Markup]]:
    """The shares of a source over its weeks, each as a sparkline beside its last value."""
    for word, column in (
        ("with a title", "titled"),
        ("with a date", "dated"),
        ("with an author", "authored"),
        ("agreement of readers", "agreement"),
    ):
        values: list[float | None] = [getattr(week, column) for week in weeks]
        last = next((value for value in reversed(values) if value is not None), None)
        per_cent = [None if value is None else round(100 * value) for value in values]
        told = "–" if last is None else f"{last:.0%}"
        yield (
            word,
            told,
            pictures.sparkline(per_cent, f"{word}, per cent a week, {name}", width=150, height=30),
        )


def _captures(raw: Path, name: str) -> tuple[Ref | None, Ref | None]:
    """The last capture of a page that brought something, and the first bad one after it, else the last bad one."""
    good: Ref | None = None
    bad: Ref | None = None
    captured = {day for days in index.days(raw).values() for day in days} if raw.is_dir() else set()
    for day in sorted(captured, reverse=True)[:BACK]:
        found = standing_refs(raw, index.find(raw, day, day, sources=[name]))
        for ref in sorted(found, key=lambda ref: ref.fetched_at, reverse=True):
            if ref.outcome in USABLE and ref.kind == Kind.PAGE:
                good = good or ref
            elif ref.outcome not in USABLE and ref.kind not in NO_ANSWER and (good is None or bad is None):
                bad = ref
        if good is not None and bad is not None:
            break
    return good, bad


def _documents(folder: Path, name: str, since: date | None) -> tuple[Row | None, Row | None]:
    """The last fit document before a day and the first from it on that is not; without a day the last of both."""
    files = sorted(rows.files(folder), key=lambda path: Path(path).name, reverse=True)
    day = since.isoformat() if since is not None else None
    before = [path for path in files if day is None or Path(path).name[:10] < day]
    after = files if day is None else [path for path in reversed(files) if Path(path).name[:10] >= day]
    fit = "(reason is null or list_contains($fit, reason))"
    unfit = "not list_contains($none, reason) and not list_contains($fit, reason)"
    values = {"name": name, "away": sorted(hidden(folder.parent)), "fit": sorted(FIT)}
    return (
        _first(before, fit, "desc", values),
        _first(after, unfit, "desc" if day is None else "asc", {**values, "none": sorted(NO_DOCUMENT)}),
    )


_TOLD = ("id", "title", "url", "reason", "method", "han", "agreement")


def _first(files: Sequence[str], condition: str, order: str, values: dict[str, Any]) -> Row | None:
    """The first row of some files that fulfils a condition; a few files are read at a time, and not all of many."""
    for start in range(0, min(len(files), MOST_FILES), FILES):
        found = rows.ask(
            f"select first_seen::date as day, {selected(files, _TOLD)}"
            " from read_parquet($files, union_by_name = true)"
            f" where source = $name and not list_contains($away, id) and {condition}"
            f" order by first_seen {order}, id limit 1",
            {**values, "files": files[start : start + FILES]},
        )
        if found:
            return Row(**dict(zip(("day", *_TOLD), found[0], strict=True)))
    return None


def _word(reason: str) -> str:
    return "published" if reason == "articles" else reason


def _tone(reason: str) -> str:
    return "good" if reason == "articles" else "bar"
