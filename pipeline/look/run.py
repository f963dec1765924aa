"""*Runs* and *Run*: what a crawl or an import brought, and what became of it, as archive and version tell it.

The report of a run is not kept (under Prefect it is the run's artifact). What it counted is told anew: visits and their
outcomes by the archive's index, what became of them by the rows of a version, what was held back by its manifest. So
it can be told of every run there ever was; only what left no trace, as pages that were due and not asked for, cannot.
How long the stages of a build took is kept beside its shards (durations.py), for the last builds on this machine.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from pathlib import Path

from markupsafe import Markup

from pipeline import durations
from pipeline.archive import index, sealed, withdrawn
from pipeline.archive.withdrawn import Run, run_of
from pipeline.corpus.expectations import FIT
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import hidden, list_versions
from pipeline.errors import UsageError
from pipeline.look import pictures, rows
from pipeline.look.asked import Asked
from pipeline.look.pictures import Bar
from pipeline.look.render import span
from pipeline.records import Manifest
from pipeline.stages import StageName

PAGE = 40
"""Runs of one page of the list."""

CRAWLED = {
    str(StageName.DISCOVER): "from the first of its lists to the last, of all sources together",
    str(StageName.FETCH): "from the first of its pages to the last, of all sources together",
}
"""Stage of a crawl → what its duration is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runs:
    """A page of the list of runs."""

    runs: tuple[Run, ...]
    """The newest first."""
    next: str | None
    """The run after which the next page begins; None: this is the last."""


def read_list(asked: Asked) -> Runs:
    """*Runs*: the newest first, a page at a time."""
    raw = asked.folders.raw
    found = sorted(withdrawn.runs(raw), key=_newest, reverse=True) if raw.is_dir() else []
    after = asked.text("after")
    if after:
        place = next((n for n, run in enumerate(found) if run.run == after), None)
        if place is None:
            raise UsageError(f"after={after}: no run of this name is in {raw}")
        found = found[place + 1 :]
    shown = found[:PAGE]
    sources = withdrawn.sources_of(raw, [run.run for run in shown]) if shown else {}
    return Runs(
        runs=tuple(replace(run, sources=sources[run.run]) for run in shown),
        next=shown[-1].run if len(found) > PAGE else None,
    )


def _newest(run: Run) -> tuple[datetime, str]:
    return run.last, run.run


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """How far the pages of a run came, of one source or of all."""

    asked: int = 0
    """Visits of pages."""
    fetched: int = 0
    """Those with a new body."""
    unchanged: int = 0
    """Those that say what they said before."""
    articles: int = 0
    """Rows with a text that was read from them."""
    fit: int = 0
    """Of these, those fit to publish: copies too, and what is held back."""
    published: int = 0
    new: int = 0
    """Of these, those that were never seen before."""

    def __add__(self, other: Passed) -> Passed:
        return Passed(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """One source in a run."""

    source: str
    passed: Passed
    requests: int
    """Captures of any kind: lists, robots.txt and hops too."""
    lasted: timedelta
    """From its first capture to its last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What index and version tell of the captures of a run."""

    sources: tuple[SourceLine, ...] = ()
    outcomes: tuple[tuple[str, str, int], ...] = ()
    """(kind, outcome, captures), the most first."""
    reasons: tuple[tuple[str, int], ...] = ()
    """(reason, or published, and rows of its pages), the most first."""
    lasted: dict[str, timedelta] = field(default_factory=dict)
    """Stage of the crawl → from its first capture to its last, of all sources together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage and how long it took."""

    name: str
    lasted: timedelta
    told: str
    """What is measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """What the page of a run shows."""

    run: Run
    told: Told
    total: Passed
    funnel: Markup
    drawn: Markup
    """The reasons, as a picture."""
    version: str | None
    """The version whose rows are told of: the one asked for, or the newest."""
    taken_in: str | None
    """The oldest version there is that was made of it; None: none was yet."""
    held: dict[str, str]
    """source → why new rows were held back when it was taken in."""
    lasted: timedelta
    stages: tuple[Stage, ...]
    """Of the crawl, then of the build that took it in, in the order of a page's way."""
    timed: Markup
    """The same as a picture."""
    is_timed: bool
    """Whether the durations of that build were kept."""
    unindexed: int
    """Files of it that the daily index lost; their captures are not counted."""


def read(asked: Asked) -> RunPage:
    """*Run*; UsageError where the archive has none of this name."""
    where, name = asked.folders, asked.path["name"]
    found = withdrawn.runs(where.raw) if where.raw.is_dir() else []
    run = next((each for each in found if each.run == name), None)
    if run is None:
        raise UsageError(f"{where.raw}: no run of this name is in the archive: {name}")
    files = [file.file for file in sealed(where.raw) if run_of(file.file) == name]
    names = {index.parquet_name(file) for file in files}
    paths = [str(path) for path in (where.raw / "index").glob("date=*/*.parquet") if path.name in names]
    have = list_versions(where.clean)
    folder = asked.version if have else None
    took = _taken_in(where.clean, have, set(files), is_withdrawn=run.withdrawn is not None)
    told = _told(paths, folder)
    total = sum((line.passed for line in told.sources), Passed())
    built = durations.of(where.job(()).work, took.version) if took is not None else {}
    stages = tuple(_stages(told.lasted, built, took.version if took is not None else ""))
    return RunPage(
        run=run,
        told=told,
        total=total,
        funnel=pictures.funnel(
            [
                Bar(label=label, value=value, told=f"{value:,}", tone="last")
                for label, value in (
                    ("asked for", total.asked),
                    ("came anew", total.fetched),
                    ("read as articles", total.articles),
                    ("fit to publish", total.fit),
                    ("published", total.published),
                    ("new", total.new),
                )
            ],
            f"From the web to the corpus, {name}",
        ),
        drawn=pictures.bars(
            [Bar(label=reason, value=n, told=f"{n:,}") for reason, n in told.reasons],
            f"Rows of {name} by what became of them",
        ),
        version=folder.name if folder is not None else None,
        taken_in=took.version if took is not None else None,
        held=took.held if took is not None else {},
        lasted=run.last - run.first,
        stages=stages,
        timed=pictures.bars(
            [
                Bar(label=each.name, value=each.lasted.total_seconds(), told=span(each.lasted))
                for each in stages
            ],
            f"How long each stage of {name} took",
        ),
        is_timed=bool(built),
        unindexed=len(names - {Path(path).name for path in paths}),
    )


def _stages(crawled: dict[str, timedelta], built: dict[str, float], version: str) -> Iterator[Stage]:
    for name, told in CRAWLED.items():
        if name in crawled:
            yield Stage(name=name, lasted=crawled[name], told=told)
    for name, seconds in built.items():
        told = f"in the build of {version}, by the clock of this machine"
        yield Stage(name=name, lasted=timedelta(seconds=seconds), told=told)


def _taken_in(clean: Path, have: list[str], files: set[str], *, is_withdrawn: bool) -> Manifest | None:
    """The manifest of the oldest version that was made of some files; where one was rolled back, perhaps a later one.

    A version is made of what the one before it was made of, so that halving finds it: of a thousand ten are read.
    """

    def has(version: str) -> bool:
        return any(each.file in files for each in read_manifest(clean / version).inputs)

    # a run that was taken back is in none of the newest
    at = (
        next((n for n, v in enumerate(have) if has(v)), len(have))
        if is_withdrawn
        else bisect_left(have, True, key=has)
    )
    return read_manifest(clean / have[at]) if at < len(have) else None


def _told(paths: list[str], folder: Path | None) -> Told:
    """What some files of the index, and the rows of a version made of their captures, tell."""
    if not paths:
        return Told()
    files = rows.files(folder) if folder is not None else []
    away = sorted(hidden(folder.parent)) if folder is not None else []
    with rows.database() as db:
        db.execute(
            "create temp table capture as select id, source, kind, outcome, fetched_at from read_parquet($1)"
            " where kind <> 'discovery'",
            [paths],
        )
        db.execute("create temp table row (source text, reason text, is_fit bool, is_text bool, is_new bool)")
        if files:
            db.execute(
                "insert into row select source, reason, reason is null or list_contains($fit, reason),"
                " extracted_hash <> '', first_seen = captured_at"
                " from read_parquet($files, union_by_name = true)"
                " where capture in (select id from capture) and not list_contains($away, id)",
                {"files": files, "fit": sorted(FIT), "away": away},
            )
        visits = db.execute(
            "select source, count(*) filter (kind = 'page'), count(*) filter (kind = 'page' and outcome = 'ok'),"
            " count(*) filter (kind = 'page' and outcome = 'unchanged'), count(*),"
            " max(fetched_at) - min(fetched_at) from capture group by 1 order by 1"
        ).fetchall()
        came = {
            source: told
            for source, *told in db.execute(
                "select source, count(*) filter (is_text), count(*) filter (is_text and is_fit),"
                " count(*) filter (reason is null), count(*) filter (reason is null and is_new) from row group by 1"
            ).fetchall()
        }
        crawled = db.execute(
            "select if(kind = 'page', $1, $2), max(fetched_at) - min(fetched_at) from capture"
            " where kind in ('page', 'feed', 'sitemap', 'listing') group by 1",
            [StageName.FETCH, StageName.DISCOVER],
        ).fetchall()
        outcomes = db.execute(
            "select kind, outcome, count(*) from capture group by all order by 3 desc, 1, 2"
        ).fetchall()
        reasons = db.execute(
            "select coalesce(reason, 'published'), count(*) from row group by 1 order by 2 desc, 1"
        ).fetchall()
    sources = []
    for source, pages, fetched, unchanged, requests, lasted in visits:
        articles, fit, published, new = came.get(source, (0, 0, 0, 0))
        passed = Passed(
            asked=pages,
            fetched=fetched,
            unchanged=unchanged,
            articles=articles,
            fit=fit,
            published=published,
            new=new,
        )
        sources.append(SourceLine(source=source, passed=passed, requests=requests, lasted=lasted))
    return Told(
        sources=tuple(sources), outcomes=tuple(outcomes), reasons=tuple(reasons), lasted=dict(crawled)
    )
