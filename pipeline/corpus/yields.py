"""What the documents of a source were like, day by day: read from a version's rows, for those who judge sources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pipeline.corpus import life
from pipeline.corpus.expectations import FIT, NO_DOCUMENT
from pipeline.corpus.queries import connected, selected
from pipeline.corpus.schema import ARTICLES, TABLES
from pipeline.records import MASKED


@dataclass(frozen=True, slots=True, kw_only=True)
class DayYield:
    """The documents of one source first seen on one day (UTC)."""

    source: str
    day: date
    documents: int
    kept: int
    """Those fit to publish: also copies, excerpts, and what is held back."""
    titled: int
    """Of these, those with a title; so below."""
    dated: int
    authored: int
    han: float | None
    """Median length in Han characters of those kept; None: there are none."""
    agreement: float | None
    """Median agreement of the two readers of those kept that had two."""
    methods: Mapping[str, int] = field(default_factory=dict)
    """How the body was found → documents kept."""
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Why not → documents not kept."""


_ASKED = ("source", "first_seen", "title", "author", "published_on", "han", "agreement", "method", "reason")


def daily_yields(version: Path, since: date, only: str | None = None) -> list[DayYield]:
    """The yield of every source (or `only` of one) and day from a day on, by source and day; reads no text.

    `version` is a version's folder, whose files bear the day of what is in them. Memory is bounded (queries.MEMORY).
    """
    files = [
        str(path)
        for table in TABLES
        for path in sorted((version / table).glob("*.parquet"))
        if path.name[:10] >= since.isoformat()
    ]
    if not files:
        return []
    with connected() as db:
        db.execute("set timezone = 'UTC'")
        db.execute(
            "create table row as select source, cast(first_seen as date) as day, title is not null as titled,"
            " author is not null as authored, published_on is not null as dated, han, agreement, method, reason,"
            " reason is null or list_contains($fit, reason) as kept"
            f" from (select {selected(files, _ASKED)} from read_parquet($files))"
            " where first_seen >= cast($since as timestamptz) and ($only is null or source = $only)"
            " and (reason is null or not list_contains($no_document, reason))",
            {
                "files": files,
                "since": since,
                "only": only,
                "fit": sorted(FIT),
                "no_document": sorted(NO_DOCUMENT),
            },
        )
        totals = db.execute(
            "select source, day, count(*), count(*) filter (kept), count(*) filter (kept and titled),"
            " count(*) filter (kept and dated), count(*) filter (kept and authored), median(han) filter (kept),"
            " median(agreement) filter (kept) from row group by all order by all"
        ).fetchall()
        words = db.execute(
            "select source, day, kept, coalesce(case when kept then method else reason end, ''), count(*) from row"
            " group by all order by all"
        ).fetchall()
    told: dict[tuple[str, date, bool], dict[str, int]] = defaultdict(dict)
    for source, day, kept, word, number in words:
        told[source, day, kept][word] = number
    return [
        DayYield(
            source=source,
            day=day,
            documents=documents,
            kept=kept,
            titled=titled,
            dated=dated,
            authored=authored,
            han=han,
            agreement=agreement,
            methods=told[source, day, True],
            reasons=told[source, day, False],
        )
        for source, day, documents, kept, titled, dated, authored, han, agreement in totals
    ]


def gone_in(version: Path) -> dict[str, int]:
    """Source → its published articles whose page is gone; reads no text."""
    files = [str(path) for path in sorted((version / ARTICLES).glob("*.parquet"))]
    lives = [str(path) for path in life.files(version)]
    if not files or not lives:
        return {}
    with connected() as db:
        return dict(
            db.execute(
                "with told as (select id, arg_max(gone_since is not null, filename) as is_gone"
                " from read_parquet($lives, filename = true) group by id)"
                " select source, count(*) from read_parquet($files)"
                " where id in (select id from told where is_gone) group by all order by all",
                {"files": files, "lives": lives},
            ).fetchall()
        )


def masked_in(version: Path) -> dict[str, int]:
    """Source → its published articles in which personal data was masked; reads no text."""
    files = [str(path) for path in sorted((version / ARTICLES).glob("*.parquet"))]
    if not files:
        return {}
    with connected() as db:
        return dict(
            db.execute(
                "select source, count(*) from read_parquet($files)"
                " where list_contains(list_transform(flags, lambda flag: flag.name), $masked)"
                " group by all order by all",
                {"files": files, "masked": MASKED},
            ).fetchall()
        )
