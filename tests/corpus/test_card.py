from __future__ import annotations

from datetime import UTC, datetime

from pipeline.corpus.card import column_docs, columns_table, readme
from pipeline.corpus.schema import SCHEMA
from pipeline.records import Corrected, Editor, Flag, Manifest, Measures, OriginStep, OutputFile, Right, Span

MANIFEST = Manifest(
    version="2.7.0",
    parent="2.6.0",
    created_at=datetime(2026, 11, 1, 8, 30, tzinfo=UTC),
    fingerprints={},
    inputs=(),
    files=(
        OutputFile(file="articles/2026-11-01-000.parquet", sha256="aa", rows=3),
        OutputFile(file="dropped/2026-11-01-000.parquet", sha256="bb", rows=2),
        OutputFile(file="clusters/members-00001.parquet", sha256="cc", rows=3),
    ),
    counts={"a": {"articles": 3, "timeout": 1, "held": 4}, "b": {"timeout": 6}},
    held={"a": "0 links found"},
)


def test_every_column_and_every_measure_has_its_type_and_its_meaning() -> None:
    docs = column_docs()
    parts = {
        "quality": Measures,
        "flags": Flag,
        "structure": Span,
        "structure_raw": Span,
        "rights": Right,
        "editors": Editor,
        "origins": OriginStep,
        "corrected": Corrected,
    }
    inner = {f"{column}.{name}" for column, record in parts.items() for name in record.__dataclass_fields__}
    assert set(docs) == {*SCHEMA.names, *inner}
    assert docs["quality"][0] == "struct"
    assert docs["quality.han_share"] == ("double", "Han characters among all letters of any script.")
    assert (docs["flags"][0], docs["flags.start"][0], docs["fixes"][0]) == (
        "list of struct",
        "int64",
        "list of string",
    )
    assert all(meaning for _, meaning in docs.values())


def test_the_card_counts_what_stands_and_says_what_waits() -> None:
    text = readme(MANIFEST, {"a": "CC BY 4.0"})
    for line in (
        "# Chinese web-article corpus 2.7.0",
        "Built from captures up to 2026-11-01 08:30 UTC, upon version 2.6.0."
        " A version never changes; `SHA256SUMS` holds its files.",
        "| a | 3 | 5 | CC BY 4.0 |",
        "| b | 0 | 6 |  |",
        "**Held back:** the newest rows of `a`: 0 links found.",
        "| timeout | 7 |",
        "| held | 4 |",
        "What each column means stands in [COLUMNS.md](COLUMNS.md).",
    ):
        assert f"{line}\n" in text, line
    assert "| quality.han | int64 | Han characters. |\n" in columns_table()
    assert text.index("| timeout | 7 |") < text.index("| held | 4 |"), "the most frequent reason first"
