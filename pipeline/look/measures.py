"""How the texts of a version measure, with the thresholds of the quality rules: a picture and a table a measure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache, lru_cache
from math import expm1, log1p
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
from markupsafe import Markup

from pipeline.corpus.quality import RULES
from pipeline.corpus.schema import parts
from pipeline.look import pictures, rows
from pipeline.look.pictures import Line
from pipeline.records import Measures

BINS = 32
"""Steps of a histogram."""

COUNTS = frozenset({"han", "letters", "sentences"})
"""Measures that are counts and no shares: drawn by their logarithm, for texts differ by factors."""

SOUND = Measures(
    han=1_000,
    letters=1_000,
    han_share=1.0,
    kana_share=0.0,
    sentences=30,
    marks_share=0.1,
    long_share=1.0,
    repeated_lines=0.0,
    top_gram=0.0,
    broken=0.0,
    keywords=0.0,
)
"""A text that no rule refuses."""

DOUBTFUL = replace(SOUND, han=100, letters=100, sentences=0, marks_share=0.0, long_share=0.0, han_share=0.0)
"""A text of which the rules that ask for two things at once refuse one by the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Where a rule begins or ceases to refuse."""

    reason: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How one measure is spread over the rows of a version."""

    name: str
    measured: int
    """Rows that were measured."""
    low: float
    """The smallest value; so below."""
    tenth: float
    """A tenth of the values are smaller."""
    median: float
    ninetieth: float
    high: float
    limits: tuple[Limit, ...]
    picture: Markup


@cache
def limits() -> dict[str, tuple[Limit, ...]]:
    """Measure → where the rules of quality change their mind about it, found by asking them.

    Each rule is asked of a sound and of a doubtful text in which one measure goes from 0 up. A threshold that stands in
    the rule alone cannot be told otherwise without saying it twice.
    """
    found: dict[str, tuple[Limit, ...]] = {}
    for field in fields(Measures):
        told = {
            (rule.reason, at)
            for rule in RULES
            for base in (SOUND, DOUBTFUL)
            if (at := _turn(field.name, base, rule.fails)) is not None
        }
        found[field.name] = tuple(
            Limit(reason=reason, at=at) for reason, at in sorted(told, key=lambda one: one[::-1])
        )
    return found


def _turn(name: str, base: Measures, fails: Callable[[Measures], bool]) -> float | None:
    """The value of a measure at which a rule turns, with three digits; None: it does not, or at 0 alone."""
    steps: Sequence[float] = range(1, 2_000) if name in COUNTS else [n / 1_000 for n in range(1, 1_001)]

    def refuses(value: float) -> bool:
        return fails(replace(base, **{name: value}))  # type: ignore[arg-type]  # a count stays one

    first = refuses(steps[0])
    place = bisect_left(steps, True, key=lambda value: refuses(value) is not first)
    if place == len(steps):
        return None
    return steps[place] if first or name in COUNTS else steps[place - 1]


@lru_cache(maxsize=8)
def spreads(folder: Path, _digest: str) -> tuple[Spread, ...]:
    """The measures of all rows of a version that were measured; none where there are none.

    Those alone that its schema has: the first one had them as words. `_digest` is the version's, which never changes:
    what was worked out of 100,000 rows once is not worked out again.
    """
    files = rows.files(folder)
    measured = {each.name for each in parts(pq.read_schema(files[0]).field("quality").type)} if files else ()
    if not measured:
        return ()
    with rows.database() as db:
        db.execute(
            "create temp table row as select unnest(quality) from read_parquet($1) where quality is not null",
            [files],
        )
        found = [_spread(db, field.name) for field in fields(Measures) if field.name in measured]
    return tuple(spread for spread in found if spread is not None)


def _spread(db: duckdb.DuckDBPyConnection, name: str) -> Spread | None:
    (told,) = db.execute(
        f"select count({name}), min({name}), approx_quantile({name}, [.1, .5, .9]), max({name}) from row"
    ).fetchall()
    measured, low, quantiles, high = told
    if not measured:
        return None
    marks = limits()[name]
    is_count = name in COUNTS
    top = max([high, *(1.25 * mark.at for mark in marks)])
    end = (log1p(top) if is_count else top) or 1.0
    drawn = f"ln(1 + {name})" if is_count else name
    bins = dict(
        db.execute(
            f"select least(floor({drawn} / $1 * $2), $2 - 1)::int, count(*) from row group by 1", [end, BINS]
        ).fetchall()
    )
    return Spread(
        name=name,
        measured=measured,
        low=low,
        tenth=quantiles[0],
        median=quantiles[1],
        ninetieth=quantiles[2],
        high=high,
        limits=marks,
        picture=pictures.histogram(
            [bins.get(place, 0) for place in range(BINS)],
            (0, end),
            f"{name} of {measured} texts",
            [Line(at=log1p(mark.at) if is_count else mark.at, label=mark.reason) for mark in marks],
            written=_written_count if is_count else _written,
        ),
    )


def _written_count(at: float) -> str:
    return f"{expm1(at):,.0f}"


def _written(at: float) -> str:
    return f"{at:.3g}"
