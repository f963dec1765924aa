from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline import archive
from pipeline.corpus.edition import Edit, Edition
from pipeline.corpus.expectations import FEWEST, LAST, Evidence, failing
from pipeline.corpus.held import hold, parked, release
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


def evidence(shards: Sequence[Path], **more: Any) -> Evidence:
    said: dict[str, Any] = {"raw": Path(), "files": [], "new": [], "known": [], "came": None}
    said |= {"before": {}, "accepted": {}, "shards": shards}
    return Evidence(**{**said, **more})


YIELDS: dict[str, tuple[list[Document], float, str | None]] = {
    "all fit": (pages(5), 1.0, None),
    "just enough": (pages(4, 1), 0.8, None),
    "one too few": (
        pages(3, 2),
        0.8,
        "expect_kept: 3 of its last 5 new documents are fit to publish; expect_kept is 0.8",
    ),
    "none": (pages(0, 5), 0.1, "expect_kept: 0 of its last 5"),
    "too few to tell": (pages(0, FEWEST - 1), 1.0, None),
    "failed visits do not count": (pages(0, FEWEST - 1, failed=9), 1.0, None),
    "nothing expected": (pages(0, 9), 0.0, None),
    "the poor rows are another's": (pages(5) + pages(0, 5, name="other"), 1.0, None),
    "all of a build are looked at": (pages(7, LAST), 0.5, f"expect_kept: 7 of its last {7 + LAST}"),
}


@pytest.mark.parametrize(("rows", "kept", "why"), YIELDS.values(), ids=YIELDS)
def test_a_source_is_held_back_when_it_yields_too_little(
    rows: list[Document], kept: float, why: str | None, tmp_path: Path
) -> None:
    shards = [shard(tmp_path / "a", rows[::2]), shard(tmp_path / "b", rows[1::2])]
    held = failing([source(expect_kept=kept)], evidence(shards))
    assert held.keys() == ({"example"} if why else set())
    assert held.get("example", "").startswith(why or "")


def after(number: int, rows: Sequence[Document]) -> list[Document]:
    """Rows of other documents, so many minutes later."""
    made = (
        row(number + n, source=d.source, reason=d.reason, encoding=d.encoding) for n, d in enumerate(rows)
    )
    return list(made)


@pytest.mark.parametrize(
    ("past", "new", "why"),
    [
        (pages(30), after(30, pages(0, 3)), None),
        (pages(30), after(30, pages(0, 5)), "expect_kept: 15 of its last 20"),
        (pages(30), after(30, pages(0, 4)), None),
        (pages(0, 30), after(30, pages(15)), "expect_kept: 15 of its last 20"),
        (pages(0, 30), after(30, pages(16)), None),
        (pages(30), [replace(d, first_seen=d.first_seen + timedelta(days=1)) for d in pages(0, 9)], None),
    ],
    ids=[
        "3 poor",
        "5 poor",
        "4 poor",
        "not back yet",
        "back",
        "poor visits of known documents",
    ],
)
def test_the_share_is_told_from_the_last_new_documents(
    past: list[Document], new: list[Document], why: str | None, tmp_path: Path
) -> None:
    known, fresh = [shard(tmp_path / "known", past)], [shard(tmp_path / "new", new)]
    held = failing([source(expect_kept=0.8)], evidence(fresh, known=known))
    assert held.get("example", "").startswith(why or "")
    assert bool(held) == bool(why)


@pytest.mark.parametrize(
    ("came", "before", "held"),
    [({"example"}, {}, True), (set(), {"example": "so"}, True), (set(), {}, False)],
)
def test_an_increment_judges_those_of_whom_there_is_news(
    came: set[str], before: dict[str, str], held: bool, tmp_path: Path
) -> None:
    shards = [shard(tmp_path / "a", pages(0, 12))]
    told = evidence([], known=shards, came=came, before=before)
    assert bool(failing([source(expect_kept=0.8)], told)) == held


def test_what_a_person_took_as_it_is_does_not_count_again(tmp_path: Path) -> None:
    shards = [shard(tmp_path / "a", pages(0, 12))]
    taken = {"example": row(6).captured_at.isoformat()}
    assert failing([source(expect_kept=0.8)], evidence(shards, accepted=taken)).keys() == {"example"}
    taken = {"example": row(7).captured_at.isoformat()}
    assert failing([source(expect_kept=0.8)], evidence(shards, accepted=taken)) == {}, (
        "four are too few to tell"
    )


RUNS: list[tuple[list[int | None], int, str | None]] = [
    ([10], 0, None),
    ([9], 0, "expect_links: 9 links found; expect_links is 10"),
    ([0], 0, "expect_links: 0 links found; expect_links is 10"),
    ([0, 12], 0, None),
    ([12, 3], 0, "expect_links: 3 links found; expect_links is 10"),
    ([], 0, None),
    ([None], 0, None),
    ([9], 1, "expect_links: 9 links found; expect_links is 10"),  # nothing is new: held before, and still
    ([9, None], 1, "expect_links: 9 links found; expect_links is 10"),
]


def linked(raw: Path, runs: Sequence[int | None]) -> list[archive.SealedFile]:
    """An archive of runs, a day each, that found so many links."""
    for number, links in enumerate(runs):
        moment = story_page(0).fetched_at + number * timedelta(days=1)
        told: dict[str, Any] = {
            "kind": Kind.DISCOVERY,
            "links": links,
            "body": b"",
            "status": 0,
            "headers": (),
        }
        found = story_page(number, fetched_at=moment, **told)
        write(raw, [found, story_page(number, fetched_at=moment)], f"run-{number}")
    return archive.sealed(raw) if runs else []


@pytest.mark.parametrize(("runs", "known", "why"), RUNS)
def test_a_source_is_held_back_when_its_newest_run_found_too_few_links(
    runs: list[int | None], known: int, why: str | None, tmp_path: Path
) -> None:
    files = linked(tmp_path / "raw", runs)
    before = {"example": "expect_links: it was so"} if known else {}
    told = evidence([], raw=tmp_path / "raw", files=files, new=files[known:], before=before)
    assert failing([source(expect_links=10)], told) == ({"example": why} if why else {})


def test_a_run_that_a_person_took_as_it_is_holds_nothing(tmp_path: Path) -> None:
    files = linked(tmp_path / "raw", [9])
    taken = {"example": story_page(0).fetched_at.isoformat()}
    told = evidence([], raw=tmp_path / "raw", files=files, new=files, accepted=taken)
    assert failing([source(expect_links=10)], told) == {}


def test_the_captures_that_wait_are_found_by_their_source(tmp_path: Path) -> None:
    old = Edition(tmp_path / "old", None)
    rows = [
        row(1, reason=Reason.HELD),
        row(2, reason="too_short"),
        row(3, reason=Reason.HELD, source="other"),
        row(4),
    ]
    old.apply([Edit(after=each) for each in rows])
    assert parked(old.folder, ["example"]) == {row(1).capture: "example"}
    assert parked(old.folder, []) == parked(None, ["example"]) == {}


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
    released = release(edition, {"example"})
    assert released == [replace(d, reason=None) for d in (waiting[1], waiting[2], waiting[0])]
    assert [p.document for p in edition.captures(Reason.HELD, ["example", "other"])] == [others[0]]
    assert release(edition, set()) == []
