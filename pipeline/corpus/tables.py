"""Rows of normalized shards that a change of the tables of normalization cannot touch: they are kept.

As the phrases of extraction (phrases.py), but nothing need be written down row by row: the sources of the texts stand
in the shards, and `normalize.touched` tells from them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.archive.store import write_whole
from pipeline.corpus.batches import PER_BATCH, Batch
from pipeline.corpus.phrases import FILE
from pipeline.corpus.schema import from_column
from pipeline.normalize.touched import Sought, searcher, sought, tables
from pipeline.records import Reason, Span
from pipeline.rules import parts
from pipeline.spans import verbatim

CODE = "corpus.texts"
"""The module whose parts make a normalized shard."""

_SOURCES = ("title_raw", "extracted", "captions", "structure_raw")


def note(folder: Path, extraction: str) -> None:
    """Write what the shards of a folder are made by, where it is not written yet."""
    if not (folder / FILE).is_file():
        said = {"extraction": extraction, "parts": parts(CODE), "tables": tables()}
        write_whole(folder / FILE, json.dumps(said, ensure_ascii=False, indent=0).encode())


def earlier(work: Path, extraction: str) -> Iterator[tuple[Path, Sought]]:
    """The folders of shards made by other tables alone, of the same extraction, with what the change can touch."""
    now, present = parts(CODE), tables()
    known = {f"rules/{name}.tsv" for name in present}
    for path in sorted(work.glob(f"normalize-*/{FILE}")):
        try:
            said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            before, rows = said["parts"], said["tables"]
            others = {key for key in now.keys() | before.keys() if now.get(key) != before.get(key)}
            if others and others <= known and said["extraction"] == extraction:
                found = sought(rows, present)
                if found is not None:
                    yield path.parent, found
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue  # it tells nothing, so nothing of its folder is used


def touched(extracted: Path, normalized: Path, what: Sought) -> list[Batch] | None:
    """Batches of the rows of an extract shard that a change can touch; None: the other shard is not made of it."""
    touches = searcher(what)
    files = pq.ParquetFile(extracted), pq.ParquetFile(normalized)
    if _column(files[0], "capture") != _column(files[1], "capture"):
        return None
    batches: list[Batch] = []
    for number, (columns, (text, reason)) in enumerate(
        zip(_rows(files[0], _SOURCES), _rows(files[1], ("text", "reason")), strict=True)
    ):
        if reason == Reason.QUARANTINED or touches(_texts(*columns), text or ""):
            last = batches[-1] if batches else None
            if last is not None and last.start + last.count == number and last.count < PER_BATCH:
                batches[-1] = Batch(file=last.file, start=last.start, count=last.count + 1)
            else:
                batches.append(Batch(file=str(extracted), start=number, count=1))
    return batches


def _column(file: pq.ParquetFile, name: str) -> list[Any]:
    found: list[Any] = file.read(columns=[name])[name].to_pylist()
    return found


def _rows(file: pq.ParquetFile, names: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    """Some columns of a shard row by row, a row group in memory at a time."""
    for number in range(file.num_row_groups):
        group: pa.Table = file.read_row_group(number, columns=list(names)).combine_chunks()
        for batch in group.to_batches():
            yield from zip(*(from_column(group.schema.field(n), batch[n]) for n in names), strict=True)


def _texts(
    title: str | None,
    extracted: str | None,
    captions: tuple[str, ...] | None,
    structure: tuple[Span, ...] | None,
) -> Iterator[str]:
    """All that is normalized of a row; the body cut where code and formulas are left as they are."""
    yield title or ""
    yield from captions or ()
    yield from (span.label for span in structure or () if span.kind == "image")
    body, at = extracted or "", 0
    for start, end in verbatim(structure or ()):
        yield from (body[at:start], body[start:end])
        at = max(at, end)
    yield body[at:]
