"""What differs between two versions, document by document, with the cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import duckdb
import pyarrow as pa

from pipeline.corpus.quality import RULES
from pipeline.corpus.schema import ARTICLES, DROPPED
from pipeline.records import WITHHELD

CHANGES = pa.schema(
    [
        ("id", pa.string()),
        ("kind", pa.string()),
        ("cause", pa.string()),
        ("source", pa.string()),
        ("url", pa.string()),
        ("title", pa.string()),
        ("old_text_hash", pa.string()),
        ("new_text_hash", pa.string()),
        ("old_row_hash", pa.string()),
        ("new_row_hash", pa.string()),
        ("old_file", pa.string()),
        ("new_file", pa.string()),
    ]
)
"""Columns of `changes.parquet`: kind is added, changed or removed; cause says which movement did it; a row's hash is
of all that makes a change when it differs."""

_COLUMNS = (
    "id, capture, source, url, title, author, published_on, origin_name,"
    " relation, cluster, text_hash, extracted_hash"
)
_COMPARED = (
    "text_hash",
    "extracted_hash",
    "title",
    "author",
    "published_on",
    "origin_name",
    "relation",
    "cluster",
)
"""Columns that make a change where they differ."""

_QUALITY = tuple(rule.reason for rule in RULES)


def compare(old: Path | None, new: Path, damaged: Collection[str] = ()) -> pa.Table:
    """The changes of the published rows from one version folder to another, sorted by id.

    `damaged` files of the old one are left out. Only files that are not hard links to each other are read: the cost
    follows what changed. Causes: capture (the page said something new), extract, normalize, metadata (the rules did),
    relation (its cluster or relation moved), quality, dedupe, or withdrawn (the row left for another reason).
    """
    before, after = _differing(old, new, damaged)
    with duckdb.connect() as db:
        _load(db, "a", before[ARTICLES], _COLUMNS)
        _load(db, "b", after[ARTICLES], _COLUMNS)
        _load(db, "a_out", before[DROPPED], "id, reason")
        _load(db, "b_out", after[DROPPED], "id, reason")
        table: pa.Table = db.sql(_QUERY, params=[list(WITHHELD), list(_QUALITY)]).to_arrow_table()
    return table.cast(CHANGES)


def _row_hash(side: str) -> str:
    """SQL: the first 32 hex digits of the SHA-256 of a row's compared columns; null where there is no row."""
    said = ", ".join(f"coalesce({side}.{column}::varchar, chr(0))" for column in _COMPARED)
    return f"case when {side}.id is not null then left(sha256(concat_ws(chr(31), {said})), 32) end"


_QUERY = f"""
with withheld as (select id, any_value(reason) reason from a_out where reason in (select unnest($1)) group by id),
     poor as (select id, any_value(reason) reason from a_out where reason in (select unnest($2)) group by id),
     withheld_now as (select distinct id from b_out where reason in (select unnest($1))),
     poor_now as (select distinct id from b_out where reason in (select unnest($2)))
select coalesce(b.id, a.id) as id,
       case when a.id is null then 'added' when b.id is null then 'removed' else 'changed' end as kind,
       case when a.id is null then
                 case when w.id is not null then 'dedupe' when p.id is not null then 'quality' else 'capture' end
            when b.id is null then
                 case when wn.id is not null then 'dedupe' when pn.id is not null then 'quality'
                      else 'withdrawn' end
            when a.capture <> b.capture and a.extracted_hash <> b.extracted_hash then 'capture'
            when a.extracted_hash <> b.extracted_hash then 'extract'
            when a.text_hash <> b.text_hash then 'normalize'
            when a.title is distinct from b.title or a.author is distinct from b.author
                 or a.published_on is distinct from b.published_on
                 or a.origin_name is distinct from b.origin_name then 'metadata'
            else 'relation' end as cause,
       coalesce(b.source, a.source) as source,
       coalesce(b.url, a.url) as url,
       coalesce(b.title, a.title) as title,
       a.text_hash as old_text_hash,
       b.text_hash as new_text_hash,
       {_row_hash("a")} as old_row_hash,
       {_row_hash("b")} as new_row_hash,
       a.file as old_file,
       b.file as new_file
from a full join b on a.id = b.id
     left join withheld w on w.id = b.id left join poor p on p.id = b.id
     left join withheld_now wn on wn.id = a.id left join poor_now pn on pn.id = a.id
where a.id is null or b.id is null or {" or ".join(f"a.{c} is distinct from b.{c}" for c in _COMPARED)}
order by 1
"""


def _differing(
    old: Path | None, new: Path, damaged: Collection[str]
) -> tuple[dict[str, list[Path]], dict[str, list[Path]]]:
    """The files of both versions that are not one and the same file."""
    before: dict[str, list[Path]] = {}
    after: dict[str, list[Path]] = {}
    for table in (ARTICLES, DROPPED):
        olds = {p.name: p for p in (old / table).glob("*.parquet")} if old is not None else {}
        news = {p.name: p for p in (new / table).glob("*.parquet")}
        same = {n for n in olds.keys() & news.keys() if olds[n].samefile(news[n])}
        before[table] = sorted(p for n, p in olds.items() if n not in same and f"{table}/{n}" not in damaged)
        after[table] = sorted(p for n, p in news.items() if n not in same)
    return before, after


def _load(db: duckdb.DuckDBPyConnection, name: str, paths: Iterable[Path], columns: str) -> None:
    files = [str(p) for p in paths]
    if files:
        folder = "regexp_extract(filename, '[^/]+/[^/]+$') as file"
        db.execute(
            f"create table {name} as select {columns}, {folder} from read_parquet($1, filename=true)", [files]
        )
    else:
        types = ", ".join(f"{c.strip()} varchar" for c in (*columns.split(","), "file"))
        db.execute(f"create table {name} ({types})")


def summary(changes: pa.Table) -> dict[str, int]:
    """Number of changes by `kind:cause`."""
    pairs = zip(changes["kind"].to_pylist(), changes["cause"].to_pylist(), strict=True)
    return dict(sorted(Counter(f"{kind}:{cause}" for kind, cause in pairs).items()))


def rows(changes: pa.Table) -> Iterator[dict[str, str | None]]:
    """The changes as dictionaries, for people and JSON."""
    for batch in changes.to_batches():
        yield from batch.to_pylist()
