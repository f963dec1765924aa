from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipeline.corpus.schema import SCHEMA, from_table, read_parquet, to_table, write_parquet
from pipeline.records import Document, Editor, Flag, OriginStep, Span
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
EDITORS = st.builds(Editor, name=WORDS, role=WORDS)
STEPS = st.builds(
    OriginStep, name=st.none() | WORDS, url=st.none() | WORDS, how=WORDS, confidence=st.floats(0, 1)
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
    editors=st.lists(EDITORS, max_size=3).map(tuple),
    origins=st.lists(STEPS, max_size=3).map(tuple),
    tags=st.lists(WORDS, max_size=3).map(tuple),
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
