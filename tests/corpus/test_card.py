from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pipeline.corpus.card import column_docs, croissant, readme
from pipeline.corpus.schema import SCHEMA
from pipeline.records import Corrected, Flag, Manifest, Measures, OutputFile, Span

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


def fields(table: str) -> dict[str, dict[str, Any]]:
    """Column → its field in the Croissant record set of a table."""
    sets = {one["@id"]: one["field"] for one in croissant(MANIFEST)["recordSet"]}
    return {field["@id"].partition("/")[2]: field for field in sets[table]}


def test_every_column_and_every_measure_has_its_type_and_its_meaning() -> None:
    docs = column_docs()
    parts = {
        "quality": Measures,
        "flags": Flag,
        "structure": Span,
        "structure_raw": Span,
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


def test_the_metadata_for_machines_has_the_measures_as_numbers() -> None:
    for table in ("articles", "dropped"):
        found = fields(table)
        assert list(found) == SCHEMA.names
        parts = {f["@id"].partition("/")[2]: f["dataType"] for f in found["quality"]["subField"]}
        assert (parts["quality.han"], parts["quality.han_share"]) == ("sc:Integer", "sc:Float")
        assert (found["fixes"]["repeated"], found["fixes"]["dataType"]) == (True, "sc:Text")
        assert found["flags"]["repeated"]
        assert "dataType" not in found["flags"]
        assert found["captured_at"]["dataType"] == "sc:DateTime"
        assert "repeated" not in found["quality"]
    assert [f["@id"] for f in croissant(MANIFEST)["distribution"]] == [f.file for f in MANIFEST.files[:2]]


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
        "| quality.han | int64 | Han characters. |",
    ):
        assert f"{line}\n" in text, line
    assert text.index("| timeout | 7 |") < text.index("| held | 4 |"), "the most frequent reason first"
