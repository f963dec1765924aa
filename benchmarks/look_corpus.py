"""A large corpus made cheaply, for the pages of `corpus look` to be measured on: 100,000 articles in about a minute.

PATTERN articles go through deduplication and are written as any are; the rest are their copies under other ids,
addresses and days, as many a day as the corpus would have, put in by the same writer. Texts repeat then, but never
within a file, so that files are as large as real ones. A second version, made by the ordinary way, has a hundredth
more. The ledger knows all pages; the archive holds the last ones, for the pages look at the last days of it alone.
"""

from __future__ import annotations

import random
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from benchmarks.build import START
from benchmarks.versions import day_rows
from pipeline.archive.writer import Writer
from pipeline.corpus import build as building
from pipeline.corpus.assemble import assemble
from pipeline.corpus.edition import CLUSTERS, ROWS_PER_FILE, Edition
from pipeline.corpus.id_index import IdIndex
from pipeline.corpus.job import BuildReport, Job
from pipeline.corpus.plan import plan
from pipeline.corpus.read import read
from pipeline.corpus.schema import ARTICLES, TABLES, read_parquet, write_parquet
from pipeline.corpus.sums import Sums
from pipeline.crawl.database import FILE
from pipeline.crawl.ledger import Ledger
from pipeline.dedupe import tables
from pipeline.dedupe.index import DedupeIndex
from pipeline.dedupe.segments import replace_segment
from pipeline.dedupe.sorted_pairs import Values, mapped, write_pairs
from pipeline.records import Capture, Document, Flag, Measures, Place
from pipeline.runs import Folders

PATTERN = 5_000
SOURCES, DAYS = 50, 180
ARCHIVED = 10
"""Of so many pages one is in the archive."""

RENAMED = ("id", "cluster", "capture", "url", "url_key")
"""Columns that are other ones in each copy of a row."""


def large(folder: Path, size: int) -> Folders:
    """A corpus of about so many articles and what else they bring, made past crawl and extraction."""
    where = Folders(sources=folder / "sources", raw=folder / "raw", clean=folder / "clean")
    where.sources.mkdir(parents=True)
    for number in range(SOURCES):
        text = f'home = "https://site{number}.example/"\nfeeds = ["https://site{number}.example/rss"]\n'
        (where.sources / f"source{number}.toml").write_text(text)
    job = Job(raw=where.raw, clean=where.clean, work=folder / ".build/clean", workers=1)
    job.raw.mkdir()
    copies = max(1, size // PATTERN)
    look, building.check_staged = building.check_staged, lambda *_: None  # its rows come from no archive
    publish(job, rows_of(0, 0, size // copies), copies)
    publish(job, rows_of(1, size, max(size // 100, 10)), 1)
    building.check_staged = look
    _remember(where, size, copies)
    return where


def rows_of(day: int, first: int, count: int) -> list[Document]:
    """Rows of a version, spread over sources and days, measured and read in several ways."""
    rows = day_rows(day, first, count)
    step = timedelta(days=DAYS if day == 0 else 1) / len(rows)
    begin = START if day == 0 else START + timedelta(days=DAYS)
    return [_row(row, number, begin + number * step) for number, row in enumerate(rows)]


def _row(row: Document, number: int, moment: datetime) -> Document:
    chance = random.Random(number)
    methods = ("container", "trafilatura", "selector", "ld+json")
    measures = Measures(
        han=500, letters=510, han_share=chance.uniform(0.8, 1), kana_share=0, sentences=chance.randint(5, 40),
        marks_share=chance.uniform(0.05, 0.2), long_share=chance.uniform(0.5, 1), repeated_lines=chance.random() / 9,
        top_gram=chance.random() / 9, broken=0, keywords=0,
    )  # fmt: skip
    return replace(
        row, source=f"source{number % SOURCES}", captured_at=moment, first_seen=moment, published_on=moment.date(),
        method=chance.choice(methods), agreement=chance.random(), quality=measures,
        flags=(Flag(name="no_date"),) if number % 7 == 0 else (),
    )  # fmt: skip


def publish(job: Job, rows: list[Document], copies: int) -> None:
    """The next version: some rows more, each so many times."""
    todo = plan(job)
    staging = job.work / "staging"
    base = job.clean / todo.base.version if todo.base else None
    edition = Edition(staging, base, Sums(base) if base else None, rows=len(rows) * copies)
    index = DedupeIndex.open(base / CLUSTERS if base else None)
    for start in range(0, len(rows), building.ROWS_AT_ONCE):
        assemble(rows[start : start + building.ROWS_AT_ONCE], edition, index)
    index.write(staging / CLUSTERS)
    if copies > 1:
        for table in TABLES:
            _multiply(staging / table, copies)
        multiply_index(staging / CLUSTERS, copies)
        for counts in edition.counts.values():
            counts.update({reason: number * (copies - 1) for reason, number in counts.items()})
        edition.id_index = IdIndex(staging)
    report = BuildReport(version=None, parent=None, published=False, full=None)
    table = building._compared(job, todo, staging)
    building._publish(job, todo, staging, edition, report, table, lambda what, done, total: None)


def _multiply(folder: Path, copies: int) -> None:
    """Write the files of a table anew with so many copies of each row, spread over the days."""
    days: dict[str, list[pa.Table]] = defaultdict(list)
    for path in sorted(folder.glob("*.parquet")):
        days[path.name[:10]].append(read_parquet([path]))
        path.unlink()
    names = sorted(days)
    for place, day in enumerate(names):
        parts = []
        for copy in range(copies):
            old = names[(place - copy * len(names) // copies) % len(names)]
            shift = date.fromisoformat(day) - date.fromisoformat(old)
            parts += [_copy(table, copy, shift) for table in days[old]]
        moment = "first_seen" if folder.name == ARTICLES else "captured_at"
        whole = pa.concat_tables(parts).sort_by([(moment, "ascending"), ("id", "ascending")])
        for number in range(0, whole.num_rows, ROWS_PER_FILE):
            file = folder / f"{day}-{number // ROWS_PER_FILE:03d}.parquet"
            write_parquet(whole.slice(number, ROWS_PER_FILE), file)


def _copy(table: pa.Table, copy: int, shift: timedelta) -> pa.Table:
    for number, field in enumerate(table.schema):
        column = table[field.name]
        if field.name in ("captured_at", "first_seen"):
            column = pc.add(column, pa.scalar(shift, pa.duration("us")))
        elif copy and field.name in ("id", "cluster"):
            column = _renamed(column, copy)
        elif copy and field.name in RENAMED:
            column = pc.binary_join_element_wise(column, pa.scalar(f"{copy}"), "-")
        elif field.name == "published_on":
            days = np.timedelta64(shift.days, "D")
            column = pa.chunked_array([pa.array(column.to_numpy().astype("datetime64[D]") + days)])
        table = table.set_column(number, field, column.cast(field.type))
    return table


def _renamed(ids: pa.ChunkedArray, copy: int) -> pa.ChunkedArray:
    """The ids of a copy: none of the first rows, and of no other copy, has one of them."""
    told = (
        None if ident is None else f"{(int(ident[:4], 16) + copy) % 0x10000:04x}{ident[4:]}"
        for ident in ids.to_pylist()
    )
    return pa.chunked_array([pa.array(told, pa.string())])


def multiply_index(folder: Path, copies: int) -> None:
    """Write the first segments of an index anew, so many copies of each row as of other texts: no hash is shared."""
    members = pq.read_table(folder / "members-00001.parquet")
    keys = [members["key"].to_numpy()]
    parts = [members]
    for copy in range(1, copies):
        part = members
        for name in ("id", "cluster"):
            part = _set(part, name, _renamed(members[name], copy))
        for name in ("print", "text_hash", "digest"):
            part = _set(part, name, pa.array(members[name].to_numpy() ^ _mask(copy)))
        part = _set(part, "url", pc.binary_join_element_wise(members["url"], pa.scalar(f"{copy}"), "-"))
        keys.append(tables.keys_of(part["id"].to_pylist()))
        part = _set(part, "key", pa.array(keys[-1]))
        same = pc.equal(part["id"], part["cluster"]).to_numpy()
        others = tables.keys_of(part["cluster"].filter(pa.array(~same)).to_pylist())
        cluster_keys = keys[-1].copy()
        cluster_keys[~same] = others
        parts.append(_set(part, "cluster_key", pa.array(cluster_keys)))
    order = [(name, "ascending") for name in tables.MEMBERS.order]
    whole = pa.concat_tables(parts).sort_by(order)
    replace_segment(folder / "members-00001.parquet", tables.MEMBERS, whole)
    hashes, prints = np.array(mapped(folder / "sketches-00001.npy"))
    _pairs(folder / "sketches-00001.npy", hashes, [prints ^ _mask(copy) for copy in range(copies)])
    lines, of = np.array(mapped(folder / "edge_lines-00001.npy"))
    at = np.argsort(keys[0])
    place = at[np.searchsorted(keys[0], of, sorter=at)]
    _pairs(folder / "edge_lines-00001.npy", lines, [each[place] for each in keys])


def _pairs(path: Path, firsts: Values, seconds: list[Values]) -> None:
    """Write sorted pairs anew: the first numbers of each copy are other ones."""
    first = np.concatenate([firsts ^ _mask(copy) for copy in range(len(seconds))])
    second = np.concatenate(seconds)
    order = np.argsort(first)
    path.unlink()
    write_pairs(path, first[order], second[order])


def _mask(copy: int) -> np.uint64:
    """What tells the hashes of a copy from those of the others; of the first they stay."""
    return np.uint64(copy * 0x9E3779B97F4A7C15 % 2**64)


def _set(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    at = table.schema.get_field_index(name)
    return table.set_column(at, table.schema.field(at), column.cast(table.schema.field(at).type))


def _remember(where: Folders, size: int, copies: int) -> None:
    """The ledger of all articles, and an archive of the last of them."""
    captures = sorted(_captures(where), key=lambda capture: capture.fetched_at)
    last = captures[-1].fetched_at
    with closing(Ledger(where.raw)) as ledger:
        for capture in captures[::copies]:
            ledger.record(replace(capture, place=Place(file="warc/none.warc.gz", offset=0, length=1)))
        ledger.commit()
    with closing(sqlite3.connect(where.raw / FILE)) as db:
        names = [name for _, name, *_ in db.execute("PRAGMA table_info(url)")]
        others = ", ".join(f"{name} || '?' || n" if name in ("key", "url") else name for name in names)
        numbers = "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < ?)"
        if copies > 1:
            db.execute(f"INSERT INTO url {numbers} SELECT {others} FROM url, t", (copies - 1,))
        db.execute("UPDATE day SET n = n * ?", (copies,))
        db.commit()
    with Writer(where.raw, "crawl_bench", clock=lambda: last) as writer:
        for capture in captures[-size // ARCHIVED :]:
            writer.write(capture)


def _captures(where: Folders) -> Iterator[Capture]:
    """The visits that brought the articles."""
    columns = ["source", "url", "url_key", "captured_at"]
    for row in read(where.clean, columns=columns).to_pylist():
        yield Capture(
            id="", source=row["source"], url=row["url"], url_key=row["url_key"], final_url=row["url"],
            fetched_at=row["captured_at"], status=200, headers=(("Content-Type", "text/html"),),
            body=b"<h1>a page</h1>",
        )  # fmt: skip
