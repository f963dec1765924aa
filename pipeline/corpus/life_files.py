"""The lives of a version's published rows, worked out from its rows and nothing else, so that a rebuild gives them.

Every visit of a page has a row in the version, in `articles` or with its reason in `dropped`. In the order of their
times they say of an article: the same (its own capture, one that said what it says), again (304: whatever was said
last), another (a usable page without this text), gone. Visits whose time is not believed say nothing, and visits that
brought no answer neither; visits alone make no version, they wait for the next one. Only the lives of pages are worked
out of which a row came or went since the parent, from narrow columns of the files in which the index of ids knows rows
of them; no other file is opened. What differs from the parent's lines goes into a file
of its own, and a file joins the one before it where that is not twice its size: so a version writes 20 bytes for each
page visited since its parent, some of them again. Over 30 days of benchmarks/versions.py these are 2 to 4 KB a version,
of 660 to 920 KB in all; a file for each day of articles came to 90 to 109 KB.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.corpus.id_index import IdIndex
from pipeline.corpus.identity import PARTS_LOOKED_UP, document_id
from pipeline.corpus.life import FOLDER, LINES, files
from pipeline.corpus.queries import connected
from pipeline.corpus.schema import ARTICLES, DROPPED, write_parquet
from pipeline.corpus.sums import Sums
from pipeline.linking import link_or_copy
from pipeline.records import IMPLAUSIBLE_DATE, Outcome, Reason

PARTS = 4 * PARTS_LOOKED_UP
"""Articles of a page that are looked for, with those that a person splits off."""

GONE = (Outcome.GONE, Outcome.SOFT_GONE, Reason.DELETED)
"""Reasons of visits that found the page gone."""


def write(
    folder: Path, parent: Path | None, moved: Mapping[str, str] | None = None, index: IdIndex | None = None
) -> None:
    """Write the lives of a staged version: links to the parent's files, and what differs from them; None: all.

    `moved` are the documents of which a row came or went since the parent (None: any may have), with the URL keys of
    their pages, and `index` says in which files their rows stand.
    """
    shutil.rmtree(folder / FOLDER, ignore_errors=True)  # of a revision: those of the version that it revises
    (folder / FOLDER).mkdir()
    before = files(parent)[::-1] if parent is not None else []
    if parent is not None and Sums(parent).damaged(path.relative_to(parent).as_posix() for path in before):
        before = []
    asked = _asked(folder, moved, index) if moved is not None and before else None
    lives = _lives(folder, asked, index)
    changed = _differing(lives, before)
    if not changed.num_rows:
        kept = before
    else:
        number = int(before[-1].stem) + 1 if before else 0
        kept = list(before)
        while kept and pq.read_metadata(kept[-1]).num_rows < 2 * changed.num_rows:
            older = read_lines(kept.pop())
            told = pc.is_in(older["id"], lives["id"].combine_chunks())
            gone = pc.invert(told) if asked is None else pc.and_not(pc.is_in(older["id"], asked), told)
            again = pc.is_in(older["id"], changed["id"].combine_chunks())
            older = older.filter(pc.invert(pc.or_(gone, again)))
            changed = pa.concat_tables([changed, older]).sort_by("id")
        write_parquet(changed, folder / FOLDER / f"{number:05}.parquet")
    for path in kept:
        link_or_copy(path, folder / FOLDER / path.name)


def read_lines(path: Path) -> pa.Table:
    """The lines of a file."""
    return pq.ParquetFile(path, page_checksum_verification=True).read().cast(LINES)


def _differing(lives: pa.Table, before: list[Path]) -> pa.Table:
    """The lines that some files, the oldest first, do not have as their newest."""
    if not before:
        return lives
    told = pa.concat_tables(map(read_lines, reversed(before)))
    was = told.take(pc.index_in(lives["id"].combine_chunks(), told["id"].combine_chunks()))
    return lives.filter(pc.not_equal(_said(lives), _said(was)))


def _said(lines: pa.Table) -> pa.ChunkedArray:
    """All that each line says, as one word."""
    columns = (lines[name].cast(pa.string()) for name in LINES.names)
    return pc.binary_join_element_wise(*columns, "|", null_handling="replace")


def _asked(folder: Path, moved: Mapping[str, str], index: IdIndex | None) -> pa.Array:
    """Ids of the documents on the pages of those that moved."""
    ids = set(moved)
    parts = (document_id(key, part) for key in set(moved.values()) if key for part in range(1, PARTS + 1))
    for ident, first in _further(folder, index.files([*moved, *parts]) if index is not None else None):
        if ident in ids or first in ids:
            ids |= {ident, first}
    return pa.array(sorted(ids), pa.string())


def _lives(folder: Path, asked: pa.Array | None, index: IdIndex | None) -> pa.Table:
    """The life of every published row, by id; of `asked` alone, where that is said."""
    known = index.files(asked.to_pylist()) if asked is not None and index is not None else None
    rows = {
        name: [
            str(path)
            for path in sorted((folder / name).glob("*.parquet"))
            if known is None or f"{name}/{path.name}" in known
        ]
        for name in _TABLES
    }
    if not rows[ARTICLES]:
        return pa.Table.from_batches([], LINES)
    with connected() as db:
        db.execute("set timezone = 'UTC'")
        ids, firsts = zip(*further, strict=True) if (further := _further(folder, known)) else ((), ())
        db.register(
            "page", pa.table({"id": pa.array(ids, pa.string()), "first": pa.array(firsts, pa.string())})
        )
        only = "" if asked is None else "semi join asked using (id)"
        if asked is not None:
            db.register("asked", pa.table({"id": asked}))
        for name, query in _TABLES.items():
            if rows[name]:
                db.execute(
                    f"create table {name} as select * from ({query}) {only}",
                    {"files": rows[name], "doubted": IMPLAUSIBLE_DATE},
                )
            else:
                db.execute(
                    f"create table {name} (id varchar, seen timestamptz, reason varchar, is_usable boolean)"
                )
        return _lines(db)


def _further(folder: Path, files: Collection[str] | None) -> list[tuple[str, str]]:
    """Of articles that are not the first of their page: id, and the id by which visits without a text name the page.

    Only of those in some files, where that is said.
    """
    return [
        (ident, document_id(key, 1))
        for path in sorted((folder / ARTICLES).glob("*.parquet"))
        if files is None or f"{ARTICLES}/{path.name}" in files
        for ident, key in _not_first(path)
    ]


def _not_first(path: Path) -> list[tuple[str, str]]:
    metadata = pq.read_metadata(path)
    at = metadata.schema.names.index("part")
    told = [metadata.row_group(group).column(at).statistics for group in range(metadata.num_row_groups)]
    if all(said is not None and said.has_min_max and said.max == 1 for said in told):
        return []
    rows = pq.read_table(path, columns=["id", "url_key"], filters=[("part", ">", 1)])
    return list(zip(rows["id"].to_pylist(), rows["url_key"].to_pylist(), strict=True))


def _lines(db: duckdb.DuckDBPyConnection) -> pa.Table:
    found: pa.Table = db.sql(_LIVES, params={"gone": [str(reason) for reason in GONE]}).to_arrow_table()
    return found.cast(LINES).combine_chunks()


_BELIEVED = "not list_contains(list_transform(flags, lambda flag: flag.name), $doubted)"

_TABLES = {
    ARTICLES: f"""
        select id, captured_at as seen, {_BELIEVED} as is_believed
        from read_parquet($files)
    """,
    DROPPED: f"""
        select id, captured_at as seen, reason, encoding <> '' as is_usable
        from read_parquet($files) where {_BELIEVED} and reason <> '{Reason.PART_OF}'
    """,
}
"""Table of rows → what is read of it."""

_LIVES = f"""
with visit as (
    select id, seen, case when list_contains($gone, reason) then 'gone'
                        when reason = '{Outcome.UNCHANGED}' and is_usable then 'same'
                        when reason = '{Outcome.UNCHANGED}' then 'again'
                        when is_usable then 'another' end as said
    from {DROPPED}),
said as (
    select visit.id, visit.seen, said from visit semi join {ARTICLES} using (id) where said is not null
    union all
    select page.id, visit.seen, said from page join visit on visit.id = page.first where said in ('gone', 'again')
    union all
    select id, seen, 'same' from {ARTICLES} where is_believed),
heard as (
    select *, last_value(case when said in ('same', 'another') then said end ignore nulls)
              over (partition by id order by seen, said rows unbounded preceding) as last
    from said),
stood as (
    select id, max(seen) filter (last = 'same' and said in ('same', 'again')) as verified,
           max(seen) filter (said <> 'gone') as answered
    from heard group by id),
lost as (
    select id, min(seen) as gone from said join stood using (id)
    where said = 'gone' and (answered is null or seen > answered) group by id),
earlier as (select id, count(*) as revised from {DROPPED} where reason = '{Reason.SUPERSEDED}' group by id)
select id, cast(verified as date) as last_verified, cast(gone as date) as gone_since,
       coalesce(revised, 0) as revised
from {ARTICLES} left join stood using (id) left join lost using (id) left join earlier using (id)
order by id
"""
