"""*Search*: rows of a version by what they say and what is said of them, the newest first, in bounded time.

The files are read a few at a time, from the newest day back, until a page is full or the time is over; where it ended
is a key (file and row), from which the next page goes on. So nothing loads all rows, and a rare phrase costs many
short pages rather than one long one. A phrase is looked for as it was typed and in the corpus's form (電腦 finds 电脑).
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq

from pipeline.corpus.publish import read_manifest, totals
from pipeline.corpus.read import hash_of, hidden, list_versions
from pipeline.corpus.schema import ARTICLES, DROPPED, TABLES, from_table, present
from pipeline.errors import UsageError
from pipeline.look import rows
from pipeline.look.asked import Asked
from pipeline.look.marking import Piece
from pipeline.normalize import normalize_title

PAGE = 30
"""Hits of a page."""

SECONDS = 0.6
"""After so long, counted from when the page was asked for, no more files are begun, …"""

AT_LEAST = 0.2
"""… but for so long they are, where what comes before took its time."""

LATEST = 1.5
"""After so long a query is broken off."""

FIRST, MOST = 4, 64
"""Files that are read at once: few at first, twice as many while that goes quickly."""

QUICK = 0.1
"""Seconds."""

TERMS, LONGEST = 8, 200
"""Phrases that may be asked for, and characters of all."""

AROUND = 28
"""Characters that are shown before a phrase."""

SNIPPET = 120
"""Characters that are shown of a text."""

_TERM = re.compile(r'["“]([^"”]+)["”]|([^\s"“”]+)')


Tallies = tuple[tuple[str, int], ...]

LAST_ROW = 999_999_999
"""Beyond the last row of any file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A row that was found."""

    key: str
    """Where it stands: `table/file:row`."""
    id: str
    title: str | None
    url: str
    source: str
    published_on: date | None
    captured_on: date
    reason: str | None
    han: int
    snippet: tuple[Piece, ...]
    """A piece of its text round the first phrase, which is marked; the beginning where no phrase was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of hits."""

    hits: tuple[Hit, ...]
    looked: int
    """Files that were looked through."""
    files: int
    """Files there are, from the key on."""
    stopped: bool = False
    """Whether it ended because the time was over."""
    next: str = ""
    """The key from which the next page goes on; "": all was looked through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What the page shows."""

    version: str
    versions: tuple[str, ...]
    """All there are, the newest first."""
    sources: tuple[str, ...]
    reasons: tuple[str, ...]
    flags: Tallies
    """(flag, rows of the table that bear it), the most first."""
    methods: Tallies
    """(how the body was found, rows of the table), the most first."""
    table: str
    """articles, dropped or all."""
    found: Found


def read(asked: Asked) -> Search:
    """*Search*; UsageError for a day or a key that is none, or too much to look for."""
    began = time.monotonic()
    folder = asked.version
    manifest = read_manifest(folder)
    flags, methods = _tallies(folder, _table(asked), hash_of(folder))
    return Search(
        version=folder.name,
        versions=tuple(reversed(list_versions(folder.parent))),
        sources=tuple(sorted(manifest.counts)),
        reasons=tuple(sorted(totals(manifest).keys() - {ARTICLES})),
        flags=flags,
        methods=methods,
        table=_table(asked),
        found=_page(asked, folder, max(began + SECONDS, time.monotonic() + AT_LEAST)),
    )


@lru_cache(maxsize=16)
def _tallies(folder: Path, table: str, digest: str) -> tuple[Tallies, Tallies]:  # noqa: ARG001  part of the key
    """The flags and methods of all rows of a table, in one pass that reads these two columns alone.

    Kept, for a version of one `digest` never changes: half of what a search takes.
    """
    files = [str(path) for path in _files(table, folder)]
    if not files:
        return (), ()
    have = pq.read_schema(files[0]).names
    named = "list_sort(list_distinct(list_transform(flags, lambda f: f.name)))" if "flags" in have else "null"
    found = rows.ask(
        f"select {named} as names, {'method' if 'method' in have else 'null'}, count(*)"
        " from read_parquet($files, union_by_name = true) group by 1, 2",
        {"files": files},
    )
    flags: Counter[str] = Counter()
    methods: Counter[str] = Counter()
    for names, method, number in found:
        flags.update(dict.fromkeys(names or (), number))
        methods.update({method: number} if method else {})
    return _most_first(flags), _most_first(methods)


def _most_first(counts: Counter[str]) -> Tallies:
    return tuple(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def terms(asked: Asked) -> list[str]:
    """The phrases asked for: those in quotes whole, the others as they are parted by spaces."""
    said = asked.text("q")
    found = [quoted.strip() or bare for quoted, bare in _TERM.findall(said)]
    if len(said) > LONGEST or len(found) > TERMS:
        raise UsageError(f"at most {TERMS} phrases of {LONGEST} characters in all are looked for")
    return found


def json_lines(asked: Asked) -> Iterator[str]:
    """All rows that are asked for, all columns, an object a line; a file in memory at a time."""
    folder = asked.version
    where, values = _where(asked, folder)
    for path in _files(_table(asked), folder):
        with rows.database() as db:
            found = db.sql(
                f"select * from read_parquet($files, union_by_name = true) where {where}",
                params={**values, "files": [str(path)]},
            ).to_arrow_table()
        for row in from_table(present(found)):
            yield json.dumps(asdict(row), ensure_ascii=False, default=str) + "\n"


def _table(asked: Asked) -> str:
    """What is looked through: what is published, unless another table is named, or a reason: those have none."""
    said = asked.text("table") or ARTICLES
    return DROPPED if said == ARTICLES and asked.text("reason") else said


def _files(table: str, folder: Path) -> list[Path]:
    """The files to look through, the newest day first; UsageError for a table there is none of."""
    chosen = {"all": TABLES, ARTICLES: (ARTICLES,), DROPPED: (DROPPED,)}.get(table)
    if chosen is None:
        raise UsageError(f"table={table}: there are {', '.join(TABLES)} and all")
    return sorted(
        (path for name in chosen for path in (folder / name).glob("*.parquet")),
        key=lambda path: (path.name, path.parent.name),
        reverse=True,
    )


def _from_key(asked: Asked, files: Sequence[Path]) -> tuple[list[Path], int | None]:
    """The files from the key on, and the row of the first of them before which it goes on; None: at its end."""
    key = asked.text("after")
    if not key:
        return list(files), None
    name, _, row = key.partition(":")
    place = next((n for n, path in enumerate(files) if f"{path.parent.name}/{path.name}" == name), None)
    if place is None or not row.isdecimal() or len(row) > 9:
        raise UsageError(f"after={key}: no place in this version; begin the search anew")
    return list(files[place:]), int(row)


def _where(asked: Asked, folder: Path) -> tuple[str, dict[str, Any]]:
    """The condition of a search as SQL, and its values."""
    where = ["not list_contains($away, id)"]
    values: dict[str, Any] = {"away": sorted(hidden(folder.parent))}
    for name, sql in (
        ("source", "source = $source"),
        ("reason", "reason = $reason"),
        ("method", "method = $method"),
        ("flag", "list_contains(list_transform(flags, lambda f: f.name), $flag)"),
    ):
        if said := asked.text(name):
            where.append(sql)
            values[name] = said
    for name, sign in (("since", ">="), ("until", "<=")):
        if (day := asked.day(name)) is not None:
            where.append(f"coalesce(published_on, captured_at::date) {sign} ${name}")
            values[name] = day
    columns = ["title"] if asked.text("where") == "title" else ["title", "text"]
    for number, term in enumerate(terms(asked)):
        ways = []
        for way, form in enumerate(dict.fromkeys((term, normalize_title(term) or term))):
            name = f"term_{number}_{way}"
            values[name] = form.lower()
            ways += [f"contains({_folded(column, form)}, ${name})" for column in columns]
        where.append(f"({' or '.join(ways)})")
    return " and ".join(where), values


def _folded(column: str, form: str) -> str:
    """A column as a phrase is looked for in it: small letters, where the phrase has letters that can be small."""
    return f"lower({column})" if form.lower() != form.upper() else column


def _page(asked: Asked, folder: Path, end: float) -> Found:
    """The first hits from the key on, and where it ended; `end`: when no more files are begun."""
    files, row = _from_key(asked, _files(_table(asked), folder))
    where, values = _where(asked, folder)
    hits: list[Hit] = []
    done, at_once, stopped = 0, FIRST, False
    with rows.database() as db:
        watch = threading.Timer(LATEST, db.interrupt)
        watch.start()
        try:
            while done < len(files) and len(hits) <= PAGE and not stopped:
                started = time.monotonic()
                chunk = files[done : done + at_once]
                hits += _query(db, chunk, where, values, PAGE + 1 - len(hits), row if done == 0 else None)
                done += len(chunk)
                at_once = min(2 * at_once, MOST) if time.monotonic() - started < QUICK else at_once
                stopped = done < len(files) and time.monotonic() > end
        except duckdb.InterruptException:
            stopped = True
        finally:
            watch.cancel()
            watch.join()
    if len(hits) > PAGE:
        return Found(hits=tuple(hits[:PAGE]), looked=done, files=len(files), next=hits[PAGE - 1].key)
    key = _key(files[done]) if stopped else ""
    return Found(hits=tuple(hits), looked=done, files=len(files), stopped=stopped, next=key)


def _key(path: Path, row: int = LAST_ROW) -> str:
    return f"{path.parent.name}/{path.name}:{row}"


def _query(
    db: duckdb.DuckDBPyConnection,
    chunk: Sequence[Path],
    where: str,
    values: dict[str, Any],
    most: int,
    before: int | None,
) -> list[Hit]:
    """The hits of some files in their order, the last row of each first; of the first one only rows before one."""
    names = [str(path) for path in chunk]
    first = next((name for name in values if name.startswith("term_")), None)
    at = f"strpos({_folded('text', values[first])}, ${first})" if first else "0"
    found = db.execute(
        f"select list_position($files, filename), file_row_number, id, title, url, source, published_on,"
        f" captured_at::date, reason, han, {at} > {AROUND} + 1,"
        f" substring(text, greatest({at} - {AROUND}, 1), {SNIPPET})"
        " from read_parquet($files, union_by_name = true, filename = true, file_row_number = true)"
        f" where {where} and not (filename = $files[1] and file_row_number >= $before)"
        " order by 1, 2 desc limit $most",
        {**values, "files": names, "most": most, "before": LAST_ROW if before is None else before},
    ).fetchall()
    terms_of = [value for name, value in values.items() if name.startswith("term_")]
    return [
        Hit(
            key=_key(chunk[file - 1], row),
            id=ident,
            title=title,
            url=url,
            source=source,
            published_on=published,
            captured_on=captured,
            reason=reason,
            han=han,
            snippet=_marked(f"{'…' * cut}{snippet}{'…' * (len(snippet) == SNIPPET)}", terms_of),
        )
        for file, row, ident, title, url, source, published, captured, reason, han, cut, snippet in found
    ]


def _marked(text: str, phrases: Sequence[str]) -> tuple[Piece, ...]:
    """A text with the phrases in it marked, however they are written in large and small letters."""
    if not phrases:
        return (Piece(text=text),)
    either = re.compile("|".join(sorted(map(re.escape, phrases), key=len, reverse=True)), re.IGNORECASE)
    pieces, at = [], 0
    for found in either.finditer(text):
        pieces += [Piece(text=text[at : found.start()]), Piece(text=found[0], changed=True)]
        at = found.end()
    return tuple(piece for piece in (*pieces, Piece(text=text[at:])) if piece.text)
