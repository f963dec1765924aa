"""Rows of pages → rows with the text in the corpus's form, measured and judged: the second shard of a file.

All that decides what such a row says besides the first shard is imported from here, so that
`fingerprint("corpus.texts")` knows of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline import normalize
from pipeline.corpus import quality
from pipeline.corpus.batches import PER_BATCH, Batch, Lost
from pipeline.corpus.budget import PAGE_SECONDS, TOO_LONG, OverBudget, budget
from pipeline.corpus.identity import short_hash
from pipeline.corpus.schema import NEEDED, SCHEMA, from_table, to_column, to_table
from pipeline.dedupe.records import SPLIT_FROM
from pipeline.normalize.damage import PROSE
from pipeline.records import Document, Flag, Reason, Span
from pipeline.spans import carried, verbatim


def row_batches(shard: Path) -> list[Batch]:
    """Batches of the rows of an extract shard."""
    rows = pq.read_metadata(shard).num_rows
    starts = range(0, rows, PER_BATCH)
    return [Batch(file=str(shard), start=n, count=min(PER_BATCH, rows - n)) for n in starts]


def rows_of(path: Path, start: int, count: int, columns: Sequence[str] = SCHEMA.names) -> pa.Table:
    """Some rows of a shard, reading only the row groups they stand in."""
    file = pq.ParquetFile(path)
    first, groups, skipped = 0, [], 0
    for n in range(file.num_row_groups):
        rows = file.metadata.row_group(n).num_rows
        if first + rows <= start:
            skipped = first + rows
        elif first < start + count:
            groups.append(n)
        first += rows
    rows = file.read_row_groups(groups, columns=list(columns))
    return rows.cast(pa.schema([SCHEMA.field(name) for name in columns])).slice(start - skipped, count)


ASKED_OF = ("title_raw", "extracted", "structure_raw", "captions", "flags", "reason")
"""Columns that decide what the others become."""

MADE = (
    *("title", "text", "structure", "text_hash", "captions", "script", "han", "fixes", "flags", "quality"),
    *("reason", "rule"),
)
"""Columns that are written here; all others stay as they are, and are not looked at."""

_READ = tuple(name for name in SCHEMA.names if name in {*NEEDED, *ASKED_OF})


def read_rows(batch: Batch) -> pa.Table:
    """What of the rows of a batch of an extract shard decides what is written here."""
    return rows_of(Path(batch.file), batch.start, batch.count, _READ)


def normalize_rows(rows: pa.Table) -> pa.Table:
    """The columns that are written here, of rows as `read_rows` gives them: normalized, measured and judged."""
    done = [_in_time(d) for d in from_table(rows)]
    fields = [SCHEMA.field(name) for name in MADE]
    columns = [to_column(field, [getattr(document, field.name) for document in done]) for field in fields]
    return pa.Table.from_arrays(columns, schema=pa.schema(fields))


def with_made(table: pa.Table, made: pa.Table) -> pa.Table:
    """Rows of an extract shard with the columns that were made of them."""
    return pa.Table.from_arrays(
        [made[name] if name in MADE else table[name] for name in SCHEMA.names], schema=SCHEMA
    )


def normalize_batch(batch: Batch) -> pa.Table:
    """The rows of a batch of an extract shard, normalized, measured and judged."""
    table = rows_of(Path(batch.file), batch.start, batch.count)
    return with_made(table, normalize_rows(table.select(_READ)))


def keep_made(batch: Batch, made: pa.Table) -> pa.Table:
    """The rows of a batch of an extract shard with what a worker made of them elsewhere."""
    return with_made(rows_of(Path(batch.file), batch.start, batch.count), made)


def _in_time(document: Document) -> Document:
    try:
        with budget(PAGE_SECONDS):
            return normalize_document(document)
    except OverBudget:
        return replace(document, reason=Reason.QUARANTINED, rule=TOO_LONG)


def lost_rows(lost: Lost) -> pa.Table:
    """The row whose text broke its worker, as it was."""
    table = rows_of(Path(lost.batch.file), lost.batch.start, 1)
    return to_table([replace(d, reason=Reason.QUARANTINED, rule=lost.why) for d in from_table(table)])


def whole_text(document: Document) -> tuple[str, tuple[Span, ...]]:
    """The text of a row and its structure, as they were before an article that stands elsewhere was cut out of it."""
    if document.relation != SPLIT_FROM:
        return document.text, document.structure
    done, structure = normalize_body(document.extracted, document.structure_raw)
    return done.text, structure


def normalize_body(
    extracted: str, structure: Sequence[Span]
) -> tuple[normalize.Normalized, tuple[Span, ...]]:
    """A body in the corpus's form, and its structure over that, captions in the corpus's form too."""
    done = normalize.normalize(extracted, verbatim=verbatim(structure))
    return done, tuple(
        replace(span, label=normalize.normalize_title(span.label)) if span.kind == "image" else span
        for span in carried(structure, extracted, done.text)
    )


def _is_of_code(flag: Flag, code: Sequence[tuple[int, int]]) -> bool:
    """Whether a flag points at what is no damage where it stands."""
    at = flag.start
    return flag.name in PROSE and at is not None and any(start <= at < end for start, end in code)


def normalize_document(document: Document) -> Document:
    """A row with its text in the corpus's form, its measures, and the reason of the first rule it fails."""
    if document.reason is not None:
        return document
    done, structure = normalize_body(document.extracted, document.structure_raw)
    measures = quality.measure(done.text, structure)
    code = verbatim(structure)
    flags = (*document.flags, *(flag for flag in done.flags if not _is_of_code(flag, code)))
    title = normalize.normalize_title(document.title_raw) if document.title_raw else None
    return replace(
        document,
        title=title,
        text=done.text,
        structure=structure,
        text_hash=short_hash(done.text),
        captions=tuple(normalize.normalize_text(c) for c in document.captions),
        script=done.script,
        han=measures.han,
        fixes=done.fixes,
        flags=flags,
        quality=measures,
        reason=quality.judge(measures, flags),
    )
