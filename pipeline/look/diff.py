"""*Diff* and *Change*: what differs between two versions, a page of documents at a time, and one of them in full."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipeline.corpus import versions
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import CHANGES_FILE, hidden, list_versions, version_folder
from pipeline.errors import UsageError
from pipeline.look import marking, rows
from pipeline.look.asked import Asked
from pipeline.records import Document

PAGE = 50
"""Changes of one page."""

BEGINNING = 400
"""Code points that are shown of a text that came or left."""

TOLD = (
    "title",
    "author",
    "published_on",
    "published_at",
    "modified_on",
    "modified_at",
    "origin_name",
    "origin_url",
    "relation",
    "script",
    "method",
    "terms",
)
"""Columns that are shown beside the text where they differ."""

FILTERS = ("kind", "cause", "source")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many documents of one source changed in one way."""

    kind: str
    cause: str
    source: str
    documents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A column that is not what it was."""

    name: str
    before: str | date | None
    after: str | date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One document that changed."""

    id: str
    kind: str
    """added, changed or removed."""
    cause: str
    source: str
    url: str
    title: str | None
    old_file: str | None
    """Where its row stands in the old version; None: nowhere."""
    new_file: str | None
    facts: tuple[Fact, ...] = ()
    """Columns that differ, where they were read."""
    lines: tuple[marking.Pair, ...] = ()
    """Its text with what differs marked; of one that came or left its beginning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """A page of what changed."""

    old: str
    new: str
    versions: tuple[str, ...]
    """All there are, the newest first."""
    tallies: tuple[Tally, ...]
    """Of all that changed, the most first."""
    changes: tuple[Change, ...]
    """By id, after the one asked for, of the kind, cause and source asked for."""
    next: str | None
    """The id after which the next page begins; None: this is the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneChange:
    """One document before and after."""

    old: str
    new: str
    change: Change


def read(asked: Asked) -> Diff:
    """*Diff*; UsageError for a version that is not there."""
    old, new = _pair(asked)
    with changed(old.name, new) as db:
        found = _changes(db, {name: asked.text(name) for name in FILTERS}, asked.text("after"), PAGE + 1)
        tallies = tallied(db)
    return Diff(
        old=old.name,
        new=new.name,
        versions=tuple(reversed(list_versions(asked.folders.clean))),
        tallies=tallies,
        changes=tuple(found[:PAGE]),
        next=found[PAGE - 1].id if len(found) > PAGE else None,
    )


def read_one(asked: Asked) -> OneChange:
    """*Change*; UsageError for a document that did not change."""
    old, new = _pair(asked)
    with changed(old.name, new) as db:
        found = _changes(db, {"id": asked.path["id"]}, "", 1)
    if not found:
        raise UsageError(f"{asked.path['id']}: no document of this id changed from {old.name} to {new.name}")
    return OneChange(old=old.name, new=new.name, change=compared(found[0], old, new))


def _pair(asked: Asked) -> tuple[Path, Path]:
    clean = asked.folders.clean
    return version_folder(clean, asked.path["old"]), version_folder(clean, asked.path["new"])


@contextmanager
def changed(old: str | None, new: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB whose view `changed` has what differs from one version to another, but for what is taken down.

    What a version changed against its parent it says itself; any other two are compared, at the cost of what differs.
    """
    with rows.database() as db:
        if read_manifest(new).parent == old:
            file = str(new / CHANGES_FILE).replace("'", "''")  # a view takes no parameters
            db.execute(f"create temp view all_of_them as select * from read_parquet('{file}')")
        else:
            db.register("all_of_them", versions.diff(new.parent, old or "", new.name))
        db.execute("create temp table away as select unnest($1) as id", [sorted(hidden(new.parent))])
        db.execute(
            "create temp view changed as select * from all_of_them where id not in (select id from away)"
        )
        yield db


def tallied(db: duckdb.DuckDBPyConnection) -> tuple[Tally, ...]:
    """How many documents changed, by kind, cause and source, the most first."""
    found = db.execute(
        "select kind, cause, source, count(*) as n from changed group by all order by n desc, kind, cause, source"
    ).fetchall()
    return tuple(Tally(kind=k, cause=c, source=s, documents=n) for k, c, s, n in found)


def samples(db: duckdb.DuckDBPyConnection, old: Path | None, new: Path, most: int) -> list[Change]:
    """Some changes, before and after: first of each kind and cause one, changed texts before all others."""
    found = db.execute(
        f"select {_FIELDS} from (select *, row_number() over (partition by kind, cause order by id) as turn,"
        " kind = 'changed' and old_text_hash <> new_text_hash as telling from changed)"
        " order by telling desc, turn, kind, cause, id limit $1",
        [most],
    ).fetchall()
    return [compared(_change(row), old, new) for row in found]


_FIELDS = "id, kind, cause, source, url, title, old_file, new_file"


def _changes(db: duckdb.DuckDBPyConnection, wanted: dict[str, str], after: str, most: int) -> list[Change]:
    asked = {name: value for name, value in wanted.items() if value}
    where = " and ".join(["id > $after", *(f"{name} = ${name}" for name in asked)])
    found = db.execute(
        f"select {_FIELDS} from changed where {where} order by id limit $most",
        {**asked, "after": after, "most": most},
    ).fetchall()
    return [_change(row) for row in found]


def _change(row: tuple[Any, ...]) -> Change:
    return Change(**dict(zip(_FIELDS.split(", "), row, strict=True)))


def compared(change: Change, old: Path | None, new: Path) -> Change:
    """A change with what differs, read from the two files that its rows stand in."""
    before = _row(old, change.old_file, change.id)
    after = _row(new, change.new_file, change.id)
    facts = tuple(
        Fact(name=name, before=said, after=says)
        for name in TOLD
        if (said := getattr(before, name, None)) != (says := getattr(after, name, None))
    )
    if before is not None and after is not None:
        lines = marking.changes_of(before.text, after.text) if before.text != after.text else []
    else:
        lines = marking.pairs(_beginning(before), _beginning(after))
    return replace(change, facts=facts, lines=tuple(lines))


def _row(folder: Path | None, file: str | None, ident: str) -> Document | None:
    """The published row of a document; None where there is none."""
    if folder is None or file is None or not (folder / file).is_file():
        return None
    return next(iter(rows.documents(folder, "id", [ident], [str(folder / file)])), None)


def _beginning(row: Document | None) -> str:
    text = row.text if row is not None else ""
    return text if len(text) <= BEGINNING else text[:BEGINNING] + "…"
