"""What a source must yield by its own file, and why its new rows are held back when it does not.

A site that silently broke (a redesign, a login wall, a list that came back empty) must not publish its ruins. Both
limits are judged by what stands in the archive and the newest version, never by what an earlier build said: a source
is let go by itself when its yield is back, when its file asks for less, and when the run that was bad is taken back.
What a person took as it is (`Manifest.accepted`) does not count again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from pipeline import archive
from pipeline.archive import cdxj
from pipeline.corpus.queries import connected
from pipeline.corpus.schema import TABLES
from pipeline.records import WITHHELD, Kind, Outcome, Reason, Source

LINKS, KEPT = "expect_links", "expect_kept"
"""What the reasons begin with."""

FEWEST = 5
"""Documents from which a share can be told: one short notice on a quiet day must not hold a source (ours)."""

LAST = 20
"""The share is told from so many last new documents of the source, or from all that are new to the build when they are
more: with five a day or one an hour a broken source is held after the same number of documents, and a good one with a
bad page never (ours)."""

NO_DOCUMENT = frozenset({Reason.SUPERSEDED, Reason.LESS, Reason.PART_OF, *Outcome})
"""Reasons of rows that are an earlier state, a part, or a visit without a page."""

FIT = frozenset({*WITHHELD, Reason.HELD, Reason.RESERVED})
"""Reasons of rows whose text is fit to publish, and stands elsewhere, waits, or is kept by its site from such use."""

_NO_EVIDENCE = sorted({*NO_DOCUMENT, Reason.TAKEDOWN, Reason.NOT_AN_ARTICLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the sources are judged by."""

    raw: Path
    """The archive."""
    files: Sequence[archive.SealedFile]
    """All of it, oldest first."""
    new: Sequence[archive.SealedFile]
    """Those that the newest version does not hold."""
    shards: Sequence[Path]
    """The rows that are new."""
    known: Sequence[Path]
    """The other rows: of the version that is added to, or of the other shards where everything is made anew."""
    came: Collection[str] | None
    """Sources of the rows that are new: of others there is no news; None: everything is judged anew."""
    before: Mapping[str, str]
    """The sources that the newest version holds back, with why."""
    accepted: Mapping[str, str]
    """`Manifest.accepted` of the newest version."""


def rows_of(version: Path | None) -> list[Path]:
    """The files of rows of a version; none for no version."""
    return [p for t in TABLES for p in sorted((version / t).glob("*.parquet"))] if version is not None else []


def failing(sources: Sequence[Source], evidence: Evidence) -> dict[str, str]:
    """The sources that do not yield what they must, each with why: `expect_links: …` or `expect_kept: …`."""
    failed = {}
    asked = {source.name: source for source in sources}
    for name, (have, of) in _kept(asked, evidence).items():
        if of >= FEWEST and have < asked[name].expect_kept * of:
            failed[name] = (
                f"{KEPT}: {have} of its last {of} new documents are fit to publish;"
                f" {KEPT} is {asked[name].expect_kept:g}"
            )
    for name, found in _links(asked, evidence).items():
        if found < asked[name].expect_links:
            failed[name] = f"{LINKS}: {found} links found; {LINKS} is {asked[name].expect_links}"
    return failed


def _links(asked: Mapping[str, Source], evidence: Evidence) -> dict[str, int]:
    """Links that the newest run of a source found that read a discovery page anew; looked for where there is news of
    one, or the source is held for it."""
    found: dict[str, int] = {}
    held = {name for name, why in evidence.before.items() if why.startswith(LINKS)}
    for files, wanted in ((evidence.new, asked.keys()), (evidence.files, held & asked.keys())):
        for file in reversed(files):
            if not wanted - found.keys():
                break
            for ref in _discoveries(evidence.raw, file, wanted - found.keys()):
                taken = ref.fetched_at <= _accepted(evidence, ref.source)
                found.setdefault(ref.source, asked[ref.source].expect_links if taken else ref.links or 0)
    return found


def _discoveries(raw: Path, file: archive.SealedFile, names: Collection[str]) -> Iterator[cdxj.Ref]:
    """What the runs of some sources in an archive file found, the newest first."""
    for ref in reversed(list(cdxj.refs(raw, file.file))):
        if ref.kind == Kind.DISCOVERY and ref.links is not None and ref.source in names:
            yield ref


def _accepted(evidence: Evidence, name: str) -> datetime:
    """Up to when a person took what the source yielded as it is."""
    return datetime.fromisoformat(evidence.accepted.get(name, "1970-01-01T00:00:00+00:00"))


def _kept(asked: Mapping[str, Source], evidence: Evidence) -> dict[str, tuple[int, int]]:
    """Documents fit to publish among the last new ones of each source that expects a share, and how many those are.

    A document is new once, when its page is first fit or, where it never is, first opened.
    """
    wanted = [name for name, source in asked.items() if source.expect_kept]
    if evidence.came is not None:
        wanted = [name for name in wanted if name in evidence.came or name in evidence.before]
    paths = [*evidence.known, *evidence.shards]
    if not wanted or not paths:
        return {}
    judged = pa.table(
        {
            "source": wanted,
            "since": pa.array([_accepted(evidence, n) for n in wanted], pa.timestamp("us", "UTC")),
        }
    )
    with connected() as db:
        db.execute("set timezone = 'UTC'")
        db.register("judged", judged)
        told = db.execute(
            _WINDOW,
            {
                "files": [str(path) for path in paths],
                "new": [str(path) for path in evidence.shards],
                "none": _NO_EVIDENCE,
                "fit": sorted(FIT),
                "last": LAST,
            },
        ).fetchall()
    return {source: (have, of) for source, have, of in told}


_WINDOW = """
with row as (
    select source, id, first_seen, reason is null or list_contains($fit, reason) as fit,
           list_contains($new, filename) as fresh
    from read_parquet($files, filename = true, union_by_name = true)
    where encoding <> '' and source in (select source from judged)
      and (reason is null or not list_contains($none, reason))),
document as (
    select source, id, bool_or(fit) as fit, bool_and(fresh) as fresh,
           coalesce(min(first_seen) filter (fit), min(first_seen)) as moment
    from row group by all),
placed as (
    select source, fit, row_number() over newest as place, count(*) filter (fresh) over (partition by source) as fresh
    from document join judged using (source) where moment > since
    window newest as (partition by source order by moment desc, id))
select source, count(*) filter (fit), count(*) from placed where place <= greatest($last, fresh)
group by source order by source
"""
