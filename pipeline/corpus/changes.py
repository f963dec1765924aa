"""What differs between two versions, document by document, with the cause."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.corpus import feed
from pipeline.corpus.quality import RULES
from pipeline.corpus.queries import connected
from pipeline.corpus.schema import ARTICLES, DROPPED, SCHEMA
from pipeline.records import WITHHELD, Outcome, Reason

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

_OWN = ("id", "capture", "text_hash", "extracted_hash", "terms", "corrected")
_TOLD = ("source", "url", "title")
_METADATA = ("title", "author", "published_on", "published_at", "modified_on", "modified_at", "origin_name")
_RELATION = ("relation", "related_to", "cluster", "score", "rule", "form_id")
_HASHED = ("text", "extracted")
"""Columns that have a hash of their own beside them."""
_OTHER = tuple(n for n in SCHEMA.names if n not in {*_OWN, *_METADATA, *_RELATION, *_HASHED})
_QUALITY = tuple(rule.reason for rule in RULES)


def compare(old: Path | None, new: Path, damaged: Collection[str] = ()) -> pa.Table:
    """The changes of the published rows from one version folder to another, sorted by id: no column is left out.

    `damaged` files of the old one are left out. Only files that are not hard links to each other are read: the cost
    follows what changed. A column that one of the two lacks or has of another type is not compared: the row says the
    same. Causes, the first that holds: capture (the page said something new), correction (a person did), extract,
    normalize, metadata (the rules did), relation (deduplication), terms (of its source), other (any other column); of
    rows that came or left also quality, dedupe, damaged (the record in the archive does not read), or withdrawn (for
    another reason).
    """
    before, after = _differing(old, new, damaged)
    shared = _shared(before[ARTICLES], after[ARTICLES])
    with connected() as db:
        _load(db, "a", before[ARTICLES], [*_said(shared), _row_hash(before[ARTICLES])])
        _load(db, "b", after[ARTICLES], [*_said(shared), _row_hash(after[ARTICLES])])
        _load(db, "a_out", before[DROPPED], ["id", "reason"])
        _load(db, "b_out", after[DROPPED], ["id", "reason"])
        reasons = [list(WITHHELD), list(_QUALITY), Reason.NOT_AN_ARTICLE, Outcome.DAMAGED]
        table: pa.Table = db.sql(_QUERY, params=reasons).to_arrow_table()
    return table.cast(CHANGES)


_QUERY = """
with withheld as (select id, any_value(reason) reason from a_out where reason in (select unnest($1)) group by id),
     poor as (select id, any_value(reason) reason from a_out where reason in (select unnest($2)) group by id),
     none as (select distinct id from a_out where reason = $3),
     withheld_now as (select distinct id from b_out where reason in (select unnest($1))),
     poor_now as (select distinct id from b_out where reason in (select unnest($2))),
     lost_now as (select distinct id from b_out where reason = $4),
     none_now as (select distinct id from b_out where reason = $3)
select coalesce(b.id, a.id) as id,
       case when a.id is null then 'added' when b.id is null then 'removed' else 'changed' end as kind,
       case when a.id is null then
                 case when n.id is not null then 'correction' when w.id is not null then 'dedupe'
                      when p.id is not null then 'quality' else 'capture' end
            when b.id is null then
                 case when nn.id is not null then 'correction' when wn.id is not null then 'dedupe'
                      when pn.id is not null then 'quality' when ln.id is not null then 'damaged'
                      else 'withdrawn' end
            when a.capture <> b.capture and a.extracted_hash <> b.extracted_hash then 'capture'
            when a.corrected is distinct from b.corrected then 'correction'
            when a.extracted_hash <> b.extracted_hash then 'extract'
            when a.text_hash <> b.text_hash then 'normalize'
            when a.metadata <> b.metadata then 'metadata'
            when a.related <> b.related then 'relation'
            when a.terms <> b.terms then 'terms'
            else 'other' end as cause,
       coalesce(b.source, a.source) as source,
       coalesce(b.url, a.url) as url,
       coalesce(b.title, a.title) as title,
       a.text_hash as old_text_hash,
       b.text_hash as new_text_hash,
       a.row_hash as old_row_hash,
       b.row_hash as new_row_hash,
       a.file as old_file,
       b.file as new_file
from a full join b on a.id = b.id
     left join none n on n.id = b.id left join withheld w on w.id = b.id left join poor p on p.id = b.id
     left join none_now nn on nn.id = a.id
     left join withheld_now wn on wn.id = a.id left join poor_now pn on pn.id = a.id
     left join lost_now ln on ln.id = a.id
where a.id is null or b.id is null
   or a.text_hash <> b.text_hash or a.extracted_hash <> b.extracted_hash or a.capture <> b.capture
   or a.corrected is distinct from b.corrected or a.metadata <> b.metadata or a.related <> b.related
   or a.terms <> b.terms or a.other <> b.other
order by 1
"""


def _shared(before: Sequence[Path], after: Sequence[Path]) -> set[str]:
    """The columns that both versions have, of one type; every file of a version has the same."""
    schemas = [pq.read_schema(paths[0]) for paths in (before, after) if paths]
    names = set(SCHEMA.names).intersection(*(schema.names for schema in schemas))
    return {name for name in names if len({schema.field(name).type for schema in schemas}) <= 1}


def _row_hash(paths: Sequence[Path]) -> str:
    """SQL: the first 32 hex digits of the SHA-256 of what a row says, by name and value: a column that came since, and
    says nothing, changes no hash, whatever the row is compared with."""
    names = pq.read_schema(paths[0]).names if paths else SCHEMA.names
    said = (
        f"case when {name}::varchar not in ('', '[]', '0') then '{name}=' || {name}::varchar end"
        for name in sorted(names)
        if name not in _HASHED
    )
    return f"left(sha256(concat_ws(chr(31), {', '.join(said)})), 32) as row_hash"


def _said(shared: Collection[str]) -> list[str]:
    """What is asked of a published row: the columns with a cause of their own, and hashes of the others."""

    def hashed(names: Iterable[str], called: str) -> str:
        return f"hash({', '.join(['0', *(n for n in names if n in shared)])}) as {called}"

    plain = [name if name in shared else f"null as {name}" for name in (*_OWN, *_TOLD)]
    return [*plain, hashed(_METADATA, "metadata"), hashed(_RELATION, "related"), hashed(_OTHER, "other")]


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


def _load(db: duckdb.DuckDBPyConnection, name: str, paths: Iterable[Path], columns: Sequence[str]) -> None:
    files = [str(p) for p in paths]
    folder = "regexp_extract(filename, '[^/]+/[^/]+$') as file"
    rows = "read_parquet($1, filename=true)"
    if not files:
        files, rows = [], "(select *, null as filename from nothing)"
        db.register("nothing", SCHEMA.empty_table())
    db.execute(
        f"create table {name} as select {', '.join(columns)}, {folder} from {rows}", [files] * bool(files)
    )


def difference(before: str, after: str, lines: int = 8) -> list[str]:
    """The first changed lines of a text, as `-` and `+` lines cut to a readable length."""
    found = difflib.unified_diff(before.split("\n"), after.split("\n"), lineterm="", n=0)
    shown = (line[:160] for line in found if not line.startswith(("---", "+++", "@@")))
    return list(islice(shown, lines))


def samples(table: pa.Table, old: Path | None, new: Path) -> tuple[dict[str, str | None], ...]:
    """Up to three changes of each kind and cause, with the texts before and after."""
    seen: Counter[str] = Counter()
    found = []
    for row in feed.rows(table):
        key = f"{row['kind']}:{row['cause']}"
        seen[key] += 1
        if seen[key] <= 3:
            before = text_at(old, row["old_file"], row["id"])
            found.append({**row, "before": before, "after": text_at(new, row["new_file"], row["id"])})
    return tuple(found)


def text_at(folder: Path | None, file: str | None, ident: str | None) -> str | None:
    """The text of a document in a file of a version; None where there is none."""
    if folder is None or file is None:
        return None
    found = pq.read_table(folder / file, columns=["id", "text"], filters=[("id", "=", ident)])
    return found["text"][0].as_py() if found.num_rows else None
