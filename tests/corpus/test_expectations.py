from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline import archive
from pipeline.corpus.edition import Edit, Edition
from pipeline.corpus.expectations import FEWEST, failing, hold, losing, release, to_hold
from pipeline.corpus.schema import to_table, write_parquet
from pipeline.records import Document, Kind, Reason, Source
from tests.corpus.archives import story_page, write
from tests.corpus.rows import row


def source(**expects: float) -> Source:
    return Source(name="example", home="https://example.cn/", **expects)  # type: ignore[arg-type]


def shard(path: Path, documents: Sequence[Document]) -> Path:
    write_parquet(to_table(documents), path)
    return path


def pages(fit: int, poor: int = 0, failed: int = 0, name: str = "example") -> list[Document]:
    """Rows of a source: fit to publish, opened but poor, and of visits that brought no page."""
    reasons = [*[None] * fit, *["too_short"] * poor, *["timeout"] * failed]
    return [
        row(n, source=name, reason=why, encoding="" if why == "timeout" else "utf-8")
        for n, why in enumerate(reasons)
    ]


BEFORE = {"example": "it was so"}
YIELDS: dict[str, tuple[list[Document], float, dict[str, str], str | None]] = {
    "all fit": (pages(5), 1.0, {}, None),
    "just enough": (pages(4, 1), 0.8, {}, None),
    "one too few": (pages(3, 2), 0.8, {}, "3 of 5 documents are fit to publish, expect_kept is 0.8"),
    "none": (pages(0, 5), 0.1, {}, "0 of 5 documents are fit to publish, expect_kept is 0.1"),
    "too few to tell": (pages(0, FEWEST - 1), 1.0, {}, None),
    "failed visits do not count": (pages(0, FEWEST - 1, failed=9), 1.0, {}, None),
    "nothing expected": (pages(0, 9), 0.0, {}, None),
    "held before, too few to tell": (pages(FEWEST - 1), 0.8, BEFORE, "it was so"),
    "held before, well again": (pages(FEWEST), 0.8, BEFORE, None),
    "held before, still poor": (pages(0, 5), 0.8, BEFORE, "0 of 5 documents are fit"),
    "held before, no new row": ([], 0.8, BEFORE, "it was so"),
    "the poor rows are another's": (pages(5) + pages(0, 5, name="other"), 1.0, {}, None),
}


@pytest.mark.parametrize(("rows", "kept", "before", "why"), YIELDS.values(), ids=YIELDS)
def test_a_source_is_held_back_when_it_yields_too_little(
    rows: list[Document], kept: float, before: dict[str, str], why: str | None, tmp_path: Path
) -> None:
    shards = [shard(tmp_path / "a", rows[::2]), shard(tmp_path / "b", rows[1::2])]
    held = failing([source(expect_kept=kept)], tmp_path, [], shards, before)
    assert held.keys() == ({"example"} if why else set())
    assert held.get("example", "").startswith(why or "")


@pytest.mark.parametrize(
    ("runs", "why"),
    [
        ([10], None),
        ([9], "9 links found, expect_links is 10"),
        ([0], "0 links found, expect_links is 10"),
        ([0, 12], None),
        ([12, 3], "3 links found, expect_links is 10"),
        ([], None),
        ([None], None),
    ],
)
def test_a_source_is_held_back_when_its_newest_run_found_too_few_links(
    runs: list[int | None], why: str | None, tmp_path: Path
) -> None:
    raw = tmp_path / "raw"
    for number, links in enumerate(runs):
        found = story_page(
            number,
            kind=Kind.DISCOVERY,
            links=links,
            body=b"",
            status=0,
            headers=(),
            fetched_at=story_page(0).fetched_at + number * timedelta(days=1),
        )
        write(raw, [found, story_page(number, fetched_at=found.fetched_at)], f"run-{number}")
    fresh = archive.sealed(raw) if runs else []
    assert failing([source(expect_links=10)], raw, fresh, [], {}) == ({"example": why} if why else {})


@pytest.mark.parametrize(
    ("rows", "published", "lost"),
    [
        (pages(8, 2), {"example"}, {}),
        (pages(7, 3), {"example"}, {"example": "7 of 10 documents would stay, expect_kept is 0.8"}),
        (pages(0, 1), {"example"}, {"example": "0 of 1 documents would stay, expect_kept is 0.8"}),
        (pages(0, 9), set(), {}),
        (pages(0, 0, failed=3), {"example"}, {}),
        ([], {"example"}, {}),
    ],
)
def test_a_full_build_may_not_lose_what_a_source_has_published(
    rows: list[Document], published: set[str], lost: dict[str, str], tmp_path: Path
) -> None:
    shards = [shard(tmp_path / "a", rows)]
    assert losing([source(expect_kept=0.8)], shards, published) == lost


def test_what_waits_are_the_new_captures_of_held_sources_and_those_that_waited(tmp_path: Path) -> None:
    old = Edition(tmp_path / "old", None)
    old.apply(
        [
            Edit(after=row(1, reason=Reason.HELD)),
            Edit(after=row(2, reason="too_short")),
            Edit(after=row(3, reason=Reason.HELD, source="other")),
            Edit(after=row(4)),
        ]
    )
    new = [shard(tmp_path / "new", [row(5), row(6, source="other"), row(7, reason="too_short")])]
    assert to_hold(["example"], new, old.folder) == {row(n).capture for n in (1, 5, 7)}
    assert to_hold(["example"], new, None) == {row(n).capture for n in (5, 7)}
    assert to_hold([], new, old.folder) == frozenset()


def test_only_a_row_that_would_be_published_waits() -> None:
    captures = frozenset({row(1).capture})
    assert hold(row(1), captures).reason == Reason.HELD
    assert hold(row(2), captures) == row(2)
    assert hold(row(1, reason="too_short"), captures).reason == "too_short"


def test_the_rows_of_a_source_that_is_well_again_are_taken_out_oldest_first(tmp_path: Path) -> None:
    edition = Edition(tmp_path / "edition", None)
    waiting = [row(n, reason=Reason.HELD) for n in (3, 1, 2)]
    others = [row(4, reason=Reason.HELD, source="other"), row(5, reason="too_short"), row(6)]
    edition.apply([Edit(after=d) for d in [*waiting, *others]])
    released = release(edition, {"example": "so", "other": "so"}, {"other": "still"})
    assert released == [replace(d, reason=None) for d in (waiting[1], waiting[2], waiting[0])]
    assert [p.document for p in edition.captures(Reason.HELD, ["example", "other"])] == [others[0]]
    assert release(edition, {"other": "so"}, {"other": "still"}) == []
