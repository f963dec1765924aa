"""Whether deduplication remembers of each document what its current row says."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipeline.corpus.assemble import CANONICAL
from pipeline.dedupe.records import DUPLICATE
from pipeline.errors import CorpusError

SHOWN = 20
"""So many documents on which rows and index disagree are named; the rest is counted."""

_REMEMBERED = ("cluster", "relation", "reason", "title", "size")
"""What both deduplication and the row say of a document; no reason: it is published."""


def disagreements(
    db: duckdb.DuckDBPyConnection, clusters: Path, members: Iterable[pa.Table], current: str, *, is_all: bool
) -> list[str]:
    """Where what deduplication remembers of a document is not what its current row says, in words.

    `members` as `members_in` gives them of the folder `clusters`; `current` is a query for the current rows: id,
    _REMEMBERED, is_new. `is_all`: either side must know all documents of the other; else the index the new ones.
    """
    db.execute(
        "create table said (id varchar, cluster varchar, relation varchar, reason varchar, title varchar,"
        " size bigint, cut boolean)"
    )
    try:
        for each in members:
            db.register("members", each)
            db.execute(
                "insert into said select id, cluster,"
                f" case when published and relation = '{DUPLICATE}' then '{CANONICAL}' else relation end,"
                " case when not published then coalesce(reason, relation) end,"
                " title, size, len(spans) > 0 or reason = 'glued' from members"
            )
    except CorpusError as error:
        return [str(error)]
    join = "said full join rows using (id)" if is_all else "said right join rows using (id)"
    found = db.execute(
        f"with rows as (select * replace (coalesce(title, '') as title) from ({current}))"
        " select said.id, rows.id,"
        f" {', '.join(f'said.{name}, rows.{name}' for name in _REMEMBERED)}, said.cut, count(*) over ()"
        f" from {join}"
        f" where (said.id is not null or {is_all} or is_new) and"
        f" ({' or '.join(f'said.{name} is distinct from rows.{name}' for name in _REMEMBERED[:-1])}"
        # what stands elsewhere was cut out of a glued page, and the index remembers the whole
        " or case when cut then said.size < rows.size else said.size is distinct from rows.size end)"
        f" order by coalesce(said.id, rows.id) limit {SHOWN}"
    ).fetchall()
    problems = [f"{clusters}: {_disagreement(row)}" for row in found]
    if found and (total := found[0][-1]) > len(found):
        problems.append(f"{clusters}: {total} documents in all disagree with their rows")
    return problems


def _disagreement(row: tuple[Any, ...]) -> str:
    said, there = row[:2]
    if said is None:
        return f"document {there} has a row, and the index does not know it"
    if there is None:
        return f"the index knows document {said}, and it has no row"
    pairs = zip(_REMEMBERED, row[2:-2:2], row[3:-2:2], strict=True)
    differing = [f"{name} {a!r}, the row says {b!r}" for name, a, b in pairs if a != b]
    return f"document {said}: the index says {'; '.join(differing)}"


def number(db: duckdb.DuckDBPyConnection, query: str) -> int:
    """The one number that a query gives."""
    row = db.execute(query).fetchone()
    return int(row[0]) if row else 0
