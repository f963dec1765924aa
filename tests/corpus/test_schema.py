from __future__ import annotations

from dataclasses import MISSING, fields, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corpus.schema import RECORDS, SCHEMA, from_table, parts, read_parquet, to_table, write_parquet
from pipeline.records import Corrected, Document, Flag, Measures, Right, Span
from tests.corpus.rows import row

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
FLAGS = st.builds(
    Flag,
    name=WORDS,
    start=st.none() | st.integers(0, 10_000),
    end=st.none() | st.integers(0, 10_000),
    text=WORDS,
)
SPANS = st.builds(
    Span,
    kind=WORDS,
    level=st.integers(0, 6),
    start=st.integers(0, 10_000),
    end=st.integers(0, 10_000),
    label=WORDS,
    target=WORDS,
)
TIMES = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))
DOCUMENTS = st.builds(
    Document,
    id=WORDS,
    capture=WORDS,
    source=WORDS,
    url=WORDS,
    url_key=WORDS,
    site=WORDS,
    captured_at=TIMES,
    first_seen=TIMES,
    title=st.none() | WORDS,
    published_on=st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    text=WORDS,
    captions=st.lists(WORDS, max_size=3).map(tuple),
    structure=st.lists(SPANS, max_size=3).map(tuple),
    structure_raw=st.lists(SPANS, max_size=3).map(tuple),
    flags=st.lists(FLAGS, max_size=3).map(tuple),
    score=st.none() | st.floats(0, 1),
    reason=st.none() | WORDS,
)


@given(st.lists(DOCUMENTS, max_size=5))
def test_what_is_written_is_read_back(documents: list[Document]) -> None:
    assert list(from_table(to_table(documents))) == documents


def test_the_file_holds_the_same_rows_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    documents = [row(n, flags=(Flag(name="lone_latin", start=1, end=2, text="周鸿t"),)) for n in range(50)]
    for name in ("a.parquet", "b.parquet"):
        write_parquet(to_table(documents), tmp_path / name)
    assert list(from_table(read_parquet([tmp_path / "a.parquet"]))) == documents
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_no_file_gives_no_rows_of_the_same_schema() -> None:
    assert read_parquet([]).schema == SCHEMA


FULL = row(
    1,
    flags=(Flag(name="lone_latin", start=1, end=2, text="周鸿t"),),
    structure=(Span(kind="image", level=0, start=0, end=0, label="图", target="https://example.cn/a.jpg"),),
    structure_raw=(Span(kind="item", level=1, start=0, end=2, label="3."),),
    quality=Measures(**dict.fromkeys((f.name for f in fields(Measures)), 1)),
    rights=(Right(name="noai", place="meta", said="noai"),),
    corrected=(Corrected(column="title", was="旧"),),
)
"""A row with a record in every column that holds some."""

LATER = [
    (column, f.name) for column, kind in RECORDS.items() for f in fields(kind) if f.default is not MISSING
]
"""Fields of the rows' records that an earlier version may lack."""


def without(table: pa.Table, column: str, lost: str) -> pa.Table:
    """Rows as they were before the records of a column had a field."""
    kind = table.schema.field(column).type
    struct = pa.struct([each for each in parts(kind) if each.name != lost])
    rows = [
        [{n: v for n, v in record.items() if n != lost} for record in r] for r in table[column].to_pylist()
    ]
    at = table.schema.get_field_index(column)
    return table.set_column(at, column, pa.array(rows, pa.list_(struct)))


@pytest.mark.parametrize(("column", "lost"), LATER)
def test_a_record_written_before_a_field_came_says_its_default(
    tmp_path: Path, column: str, lost: str
) -> None:
    write_parquet(without(to_table([FULL]), column, lost), tmp_path / "a.parquet")
    default: Any = next(f.default for f in fields(RECORDS[column]) if f.name == lost)
    (record,) = getattr(FULL, column)
    said: dict[str, Any] = {column: (replace(record, **{lost: default}),)}
    table = read_parquet([tmp_path / "a.parquet"])
    assert table.schema == SCHEMA
    assert list(from_table(table)) == [replace(FULL, **said)]


@pytest.mark.parametrize("lost", [f.name for f in fields(Document) if f.default is not MISSING])
def test_a_row_written_before_a_column_came_says_its_default(tmp_path: Path, lost: str) -> None:
    write_parquet(to_table([FULL]).drop_columns([lost]), tmp_path / "a.parquet")
    default: Any = next(f.default for f in fields(Document) if f.name == lost)
    assert list(from_table(read_parquet([tmp_path / "a.parquet"]))) == [replace(FULL, **{lost: default})]


def test_what_rows_gained_since_the_first_schema_has_a_default() -> None:
    """The columns and fields without one are those that were always there: no other may be asked of an old row."""
    always = {
        Document: "id capture source url url_key site captured_at first_seen",
        Span: "kind level start end",
        Flag: "name",
        Measures: "han letters han_share kana_share sentences marks_share long_share repeated_lines top_gram broken"
        " keywords",
        Right: "name place said",
        Corrected: "column was",
    }
    for kind in (Document, *RECORDS.values()):
        assert {f.name for f in fields(kind) if f.default is MISSING} == set(always[kind].split()), kind
