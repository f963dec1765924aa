from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from pipeline.corpus.schema import to_table, write_parquet
from pipeline.corpus.yields import DayYield, daily_yields
from pipeline.records import Document
from tests.corpus.rows import START, row

DAY = timedelta(days=1)
FIRST = date(2026, 11, 1)


def version(folder: Path, articles: list[Document], dropped: list[Document]) -> Path:
    for table, rows in (("articles", articles), ("dropped", dropped)):
        (folder / table).mkdir()
        if rows:
            write_parquet(to_table(rows), folder / table / "2026-11-01-000.parquet")
    return folder


def test_a_day_counts_documents_and_no_history(tmp_path: Path) -> None:
    read = {"method": "container", "published_on": FIRST, "agreement": 1.0}
    articles = [
        row(1, han=100, author="李小山", **read),
        row(2, han=300, **read),
        row(3, han=200, title=None, method="trafilatura", agreement=0.5),
        row(4, first_seen=START + DAY, han=50),
        row(5, first_seen=START - DAY),
        row(6, source="other"),
    ]
    dropped = [
        row(7, reason="duplicate", han=400, **read),
        row(8, reason="held", han=500, **read),
        row(9, reason="no_body"),
        row(10, reason="too_short"),
        *(
            row(20 + n, reason=word)
            for n, word in enumerate(("superseded", "part_of", "unchanged", "timeout"))
        ),
    ]
    found = daily_yields(version(tmp_path, articles, dropped), FIRST)
    assert [(each.source, each.day) for each in found] == [
        ("example", FIRST),
        ("example", FIRST + DAY),
        ("other", FIRST),
    ]
    assert found[0] == DayYield(
        source="example",
        day=FIRST,
        documents=7,
        kept=5,
        titled=4,
        dated=4,
        authored=1,
        han=300,
        agreement=1.0,
        methods={"container": 4, "trafilatura": 1},
        reasons={"no_body": 1, "too_short": 1},
    )


def test_a_day_of_which_nothing_is_kept_has_no_length(tmp_path: Path) -> None:
    (found,) = daily_yields(version(tmp_path, [], [row(1, reason="no_body")]), FIRST)
    assert (found.documents, found.kept, found.han, found.agreement, found.methods) == (1, 0, None, None, {})


def test_a_version_without_rows_yields_nothing(tmp_path: Path) -> None:
    assert daily_yields(version(tmp_path, [], []), FIRST) == []
