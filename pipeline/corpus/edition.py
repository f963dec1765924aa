"""A version while it is being made: the parent's files by hard link, the touched ones rewritten.

Rows stand in files by day (`articles` by first_seen, `dropped` by captured_at, but for the few that came late). A row
keeps its file until its day is joined, and articles that come are put into new, small files: a row that changes makes
its whole file be written again, so the files are small in number of rows where changes are frequent, and in proportion
to the corpus elsewhere. A file nobody touched stays the same inode. How rows are cut into files follows from the
builds, not from the rows alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.corpus.id_index import FOLDER, IdIndex
from pipeline.corpus.schema import (
    ARTICLES,
    DROPPED,
    SCHEMA,
    TABLES,
    from_table,
    read_parquet,
    to_table,
    write_parquet,
)
from pipeline.corpus.sums import Sums
from pipeline.corpus.writers import Writers, rewritten, sorted_rows
from pipeline.linking import link_or_copy
from pipeline.records import WITHHELD, Document, Outcome, Reason

ROWS_PER_FILE, FILES, FEWEST = 512, 128, 64
"""A joined or full-built file has so large a part of the corpus: one of FILES, but at least FEWEST rows, and at most
ROWS_PER_FILE, some 2 MB. So an edit of an old document writes less than a hundredth of the corpus again, and a million
rows stand in two thousand files. One of 64 rows costs 8 % beside its rows."""

PIECES, SMALLEST = 16, 12
"""New articles stand in files of so large a part of such a file, at least so many rows. (benchmarks/versions.py.)

Fewer dropped rows than SMALLEST get no file of their own day: a text that a page no longer has is dropped on the day
it was captured, and a file for each would cost ten times what they do. They stand with those of the newest day.
"""

YOUNG_DAYS = 3
"""Days whose pages still change: their files are not joined."""

CLUSTERS = "clusters"
"""Folder of a version that holds the index of deduplication."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A row and the file it stands in."""

    document: Document
    """The row."""
    file: str
    """Path relative to the version folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One row taken out, put in, or both."""

    before: Placed | None = None
    """The row as it stands; None: there was none."""
    after: Document | None = None
    """The row as it shall stand; None: it goes."""


def table_of(document: Document) -> str:
    """The table a row belongs to: articles when it has no reason against it, else dropped."""
    return ARTICLES if document.reason is None else DROPPED


def day_of(document: Document) -> str:
    """The UTC day (YYYY-MM-DD) whose file holds the row."""
    moment = document.first_seen if document.reason is None else document.captured_at
    return moment.strftime("%Y-%m-%d")


def link_tree(source: Path, target: Path) -> None:
    """Hard-link every file below one folder into another (a copy where the file system has no links)."""
    for path in sorted(p for p in source.rglob("*") if p.is_file()):
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        link_or_copy(path, copy)


class Edition:
    """The rows of a version under construction in a staging folder."""

    def __init__(
        self,
        folder: Path,
        parent: Path | None,
        sums: Sums | None = None,
        rows: int = 0,
        writers: Writers | None = None,
    ) -> None:
        """`sums` are the parent's: with them each of its files is checked before it is read.

        `rows`: how many it will hold, about, when there is no parent; `writers` write its files, if not this process.
        `touched` are the files written here, `moved` the documents of which a row came or went, with the URL keys of
        their pages.
        """
        self.folder = folder
        self.parent = parent
        self.sums = sums
        self._writers = writers
        self.touched: set[str] = set()
        self.moved: dict[str, str] = {}
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._rows: dict[str, int] = {}
        self._ids: dict[str, pa.Table] = {}
        if sums is not None:
            sums.check_folder(FOLDER)
        self.id_index = IdIndex(parent)
        self._made: set[str] = set()
        for table in TABLES:
            (folder / table).mkdir(parents=True)
            if sums is not None:
                sums.present(table)
            if parent is not None and (parent / table).is_dir():
                link_tree(parent / table, folder / table)
                if sums is not None:  # what had to be copied is summed as it came
                    sums.check(
                        name for name in map(self._name, self._files([table])) if not self._is_linked(name)
                    )
        for path in self._files(TABLES):
            name = self._name(path)
            known = sums.rows(name) if sums is not None else None
            with self._named(path):
                self._rows[name] = known if known is not None else pq.read_metadata(path).num_rows
        part = (sum(self._rows.values()) or rows) // FILES
        self._most = min(ROWS_PER_FILE, max(FEWEST, part))
        self._most_new = self._most if parent is None else max(SMALLEST, self._most // PIECES)

    def find(self, ids: Iterable[str]) -> dict[str, Placed]:
        """The current row of each document that has one: published, or withheld by deduplication."""
        return self.known(ids)[0]

    def known(self, ids: Iterable[str]) -> tuple[dict[str, Placed], dict[str, datetime]]:
        """The current row of each document that has one, and when each was last captured with a text."""
        found: dict[str, Placed] = {}
        newest: dict[str, datetime] = {}
        for file, local in sorted(self._locate(ids, newest).items()):
            rows = self._read(file, local)
            for document in from_table(rows):
                found[document.id] = Placed(document=document, file=file)
        return found, newest

    def history(self, ids: Iterable[str]) -> list[Placed]:
        """All rows of some documents, also those that stand for nothing any more."""
        placed: list[Placed] = []
        for file, wanted in self._holding(ids):
            there = pc.is_in(self._ids_of(file)["id"], pa.array(wanted, pa.string()))
            if not pc.any(there).as_py():
                continue
            self._check(file)
            table = read_parquet([self.folder / file]).filter(there)
            placed += [Placed(document=document, file=file) for document in from_table(table)]
        return placed

    def pages(self, ids: Collection[str]) -> list[Placed]:
        """Every row, current or not, of the pages on which some documents stand."""
        wanted = pa.array(sorted(ids), pa.string())
        keys: set[str] = set()
        rows = {path: read_parquet([path], ["id", "url_key"]) for path in self._files(TABLES)}
        for table in rows.values():
            keys.update(table.filter(pc.is_in(table["id"], wanted))["url_key"].to_pylist())
        placed = []
        for path, table in rows.items():
            found = pc.is_in(table["url_key"], pa.array(sorted(keys), pa.string()))
            if not pc.any(found).as_py():
                continue
            name = self._name(path)
            self._check(name)
            placed += [Placed(document=d, file=name) for d in from_table(read_parquet([path]).filter(found))]
        return placed

    def texts(self, ids: Sequence[str]) -> dict[str, tuple[str, str | None]]:
        """The stored text and the relation of each document that has a current row."""
        found: dict[str, tuple[str, str | None]] = {}
        for file, local in self._locate(ids).items():
            rows = self._read(file, local, columns=["id", "text", "relation", "reason"])
            said = zip(rows["text"].to_pylist(), rows["relation"].to_pylist(), strict=True)
            found.update(zip(rows["id"].to_pylist(), said, strict=True))
        return found

    def captures(self, reason: str, sources: Iterable[str]) -> list[Placed]:
        """The dropped rows of some sources that stand under one reason."""
        names = sorted(set(sources))
        if not names:
            return []
        placed = []
        for path in self._files([DROPPED]):
            if not _holds(path, reason):
                continue
            self._check(self._name(path))
            table = read_parquet([path])
            keep = pc.and_(pc.equal(table["reason"], reason), pc.is_in(table["source"], pa.array(names)))
            name = self._name(path)
            placed += [
                Placed(document=d, file=name) for d in from_table(table.filter(pc.fill_null(keep, False)))
            ]
        return placed

    def apply(self, edits: Sequence[Edit]) -> None:
        """Carry out edits: each touched file is rewritten once, beside the one it replaces."""
        out: dict[str, set[tuple[str, int]]] = defaultdict(set)
        new: dict[str, list[Document]] = defaultdict(list)
        arriving: dict[str, list[Document]] = defaultdict(list)
        for edit in edits:
            before, after = edit.before, edit.after
            for row in (before.document if before else None, after):
                if row is not None:
                    self.moved[row.id] = row.url_key or self.moved.get(row.id, "")
            if before is not None:
                out[before.file].add((before.document.capture, before.document.part))
                self._count(before.document, -1)
            if after is None:
                continue
            self._count(after, +1)
            day = f"{table_of(after)}/{day_of(after)}"
            if before is not None and before.file.startswith(day if after.reason is None else DROPPED):
                new[before.file].append(after)
            else:
                arriving[day].append(after)
        for day, documents in sorted(_with_the_newest(arriving).items()):
            self._place(day, documents, out, new)
        left = {*out, *new}
        self._check(*sorted(left))
        for file, documents in sorted(new.items()):
            self.id_index.add(file, [document.id for document in documents])
        if self._writers is not None:
            for file, written, rows in self._writers.write(self.folder, self._rows, out, new):
                self._put(file, written, rows)
                left.discard(file)
        for file in sorted(left):
            self._rewrite(file, out.get(file, set()), new.get(file, []))

    def compact(self) -> int:
        """Join files of a day that are at most half full, where fewer hold their rows; the number of files saved.

        Rows that came in several builds stand in small files, and rows that left leave theirs half empty; those of the
        last days stay as they are. What is more than half full stays too: with the corpus grows what a file may hold,
        and a day of many rows would be written again, row by row, to save one file.
        """
        days: dict[str, list[str]] = defaultdict(list)
        for file in sorted(self._rows):
            days[file.rsplit("-", 1)[0]].append(file)
        newest = max((date.fromisoformat(day[-10:]) for day in days), default=date.min)
        saved = 0
        for day, there in sorted(days.items()):
            files = [file for file in there if self._rows[file] <= self._most // 2]
            needed = -(-sum(self._rows[file] for file in files) // self._most)
            old = newest - date.fromisoformat(day[-10:]) >= timedelta(days=YOUNG_DAYS)
            if old and needed < len(files):
                self._check(*files)
                table = sorted_rows(read_parquet([self.folder / file for file in files]), day)
                most = -(
                    -table.num_rows // needed
                )  # as many in each: an edit of the fuller one would write more
                for number, file in enumerate(files):
                    part = table.slice(number * most, most)
                    self._write(file, part)
                    self.id_index.add(file, part["id"].to_pylist())
                saved += len(files) - needed
        return saved

    def _place(
        self,
        day: str,
        documents: list[Document],
        out: dict[str, set[tuple[str, int]]],
        new: dict[str, list[Document]],
    ) -> None:
        documents = sorted(documents, key=_row_order)
        most = self._most_new if day.startswith(ARTICLES) else self._most
        numbers = [int(f.rsplit("-", 1)[1].removesuffix(".parquet")) for f in self._rows if f.startswith(day)]
        number = max(numbers, default=0)
        while documents:
            file = f"{day}-{number:03d}.parquet"
            room = most - self._rows.get(file, 0) + len(out.get(file, ())) - len(new.get(file, ()))
            # A file of the parent is written again only for rows of its own.
            if room > 0 and (file not in self._rows or file in self._made):
                new[file] += documents[:room]
                documents = documents[room:]
            number += 1

    def _rewrite(self, file: str, out: set[tuple[str, int]], new: list[Document]) -> None:
        path = self.folder / file if file in self._rows else None
        self._write(file, rewritten(path, out, to_table(new), file))

    def _write(self, file: str, table: pa.Table) -> None:
        """Put a file's rows in its place; a file without rows goes."""
        beside = (self.folder / file).with_suffix(".new")
        if table.num_rows:
            write_parquet(table, beside)
        self._put(file, beside, table.num_rows)

    def _put(self, file: str, written: Path, rows: int) -> None:
        """Put a written file in its place; one without rows goes."""
        path = self.folder / file
        self.touched.add(file)
        self._ids.pop(file, None)
        if file not in self._rows:
            self._made.add(file)
        if rows == 0:
            path.unlink()
            del self._rows[file]
            return
        written.replace(path)
        self._rows[file] = rows

    def _count(self, document: Document, step: int) -> None:
        self.counts[document.source][document.reason or ARTICLES] += step

    def _files(self, tables: Iterable[str]) -> list[Path]:
        return sorted(p for t in tables for p in (self.folder / t).glob("*.parquet"))

    def _is_linked(self, name: str) -> bool:
        return self.parent is not None and (self.folder / name).samefile(self.parent / name)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def _holding(self, ids: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
        """The files that may have rows of some documents, and of which."""
        for file, wanted in self.id_index.files(ids).items():
            if file in self._rows:
                yield file, wanted

    def _locate(self, ids: Iterable[str], newest: dict[str, datetime] | None = None) -> dict[str, list[str]]:
        """File → which of some documents have their current row there; of each file the ids alone are read.

        `newest` is told when each was last captured with a text.
        """
        files: dict[str, list[str]] = {}
        for file, wanted in self._holding(ids):
            rows = self._ids_of(file)
            found = pc.is_in(rows["id"], pa.array(wanted, pa.string()))
            if newest is not None:
                _note_newest(rows.filter(found), newest)
            if file.startswith(DROPPED):
                found = pc.and_(found, pc.is_in(rows["reason"], pa.array(sorted(WITHHELD))))
            if hits := rows["id"].filter(found).to_pylist():
                files[file] = hits
        return files

    def _ids_of(self, file: str) -> pa.Table:
        """Ids, times and reasons of a file's rows, read once: a batch asks dozens of times."""
        if file not in self._ids:
            columns = ["id", "captured_at", "reason"] if file.startswith(DROPPED) else ["id", "captured_at"]
            with self._named(self.folder / file):
                self._ids[file] = read_parquet([self.folder / file], columns)
        return self._ids[file]

    @contextmanager
    def _named(self, path: Path) -> Iterator[None]:
        """What cannot be read is named, where it is not as it was published."""
        try:
            yield
        except (OSError, pa.ArrowException):
            self._check(self._name(path))
            raise

    def _check(self, *files: str) -> None:
        """CorpusError where a file of the parent, not written here yet, is not as it was published."""
        if self.sums is not None:
            self.sums.check(file for file in files if file not in self.touched)

    def _read(self, file: str, ids: list[str], columns: list[str] | None = None) -> pa.Table:
        self._check(file)
        names = columns or SCHEMA.names
        table = read_parquet([self.folder / file], names)
        table = table.filter(pc.is_in(table["id"], pa.array(ids, pa.string())))
        if file.startswith(DROPPED):
            table = table.filter(pc.fill_null(pc.is_in(table["reason"], pa.array(sorted(WITHHELD))), False))
        return table


def _note_newest(rows: pa.Table, newest: dict[str, datetime]) -> None:
    """Note when each document of some rows was last captured with a text, or with the word that it is reserved."""
    if "reason" in rows.column_names:
        texts = pa.array(
            [*sorted(WITHHELD), Reason.SUPERSEDED, Reason.LESS, Reason.RESERVED, Outcome.UNCHANGED]
        )
        rows = rows.filter(pc.fill_null(pc.is_in(rows["reason"], texts), False))
    for ident, moment in zip(rows["id"].to_pylist(), rows["captured_at"].to_pylist(), strict=True):
        newest[ident] = max(moment, newest.get(ident, moment))


def _holds(path: Path, reason: str) -> bool:
    """Whether a file has rows of a reason, by that column alone."""
    return bool(pc.any(pc.equal(pq.ParquetFile(path).read(["reason"])["reason"], reason)).as_py())


def _with_the_newest(arriving: dict[str, list[Document]]) -> dict[str, list[Document]]:
    """Day → the rows that come to it, the dropped ones of days to which few come put to those of the newest."""
    newest = max((day for day in arriving if day.startswith(DROPPED)), default="")
    days: dict[str, list[Document]] = defaultdict(list)
    for day, documents in arriving.items():
        is_few = day.startswith(DROPPED) and len(documents) < SMALLEST
        days[newest if is_few else day] += documents
    return days


def _row_order(document: Document) -> tuple[str, str, str]:
    moment = document.first_seen if document.reason is None else document.captured_at
    return (moment.isoformat(), document.id, document.capture)
