"""The rows of a version follow from the archive, not from when builds ran."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.corpus.assemble import assemble
from pipeline.corpus.build import build
from pipeline.corpus.edition import CLUSTERS, Edition
from pipeline.corpus.identity import document_id, short_hash
from pipeline.corpus.read import documents
from pipeline.corpus.schema import from_table, read_parquet
from pipeline.dedupe.index import DedupeIndex
from pipeline.records import Capture, Document, Outcome
from tests.corpus.archives import PLAIN, failed_page, html, job, story_page, write
from tests.corpus.rows import row
from tests.dedupe.test_equal import SITES, text_of

CAPTURES = 60


def captures(seed: int) -> list[list[Document]]:
    """The rows of so many captures of twenty pages: new texts, edits, copies, excerpts, glue, parts that come and go,
    visits that fail, texts that are not fit, titles that are cut short."""
    chance = random.Random(seed)
    last: dict[int, list[str]] = {}
    found = []
    for at in range(CAPTURES):
        page = chance.randrange(20)
        first = row(page, site=SITES[page % 3], capture=f"urn:uuid:{seed}-{at:03d}")
        moment = first.captured_at + at * timedelta(hours=1)
        first = replace(first, captured_at=moment, first_seen=moment)
        if chance.random() < 0.15:
            reason = chance.choice([Outcome.TIMEOUT, Outcome.UNCHANGED, Outcome.GONE])
            found.append([replace(first, title=None, title_raw=None, text="", extracted="", reason=reason)])
            continue
        if page not in last or chance.random() < 0.6:
            last[page] = [text_of(chance) for _ in range(chance.choice([1, 1, 1, 2, 3]))]
        found.append([_article(first, part, text, chance) for part, text in enumerate(last[page], 1)])
    return found


def _article(first: Document, part: int, text: str, chance: random.Random) -> Document:
    said = short_hash(text)
    title = chance.choice([text[:12], text[:9], text[:7], f"{text[:6]}……"])
    article = replace(first, text=text, extracted=text, text_hash=said, extracted_hash=said, title=title)
    reason = "too_short" if chance.random() < 0.05 else None
    ident = document_id(first.url_key, part)
    return replace(article, id=ident, part=part, title_raw=title, reason=reason)


def rows_of(folder: Path) -> list[dict[str, Any]]:
    """All rows of both tables with all their columns."""
    found = [
        {"table": table, **asdict(document)}
        for table in ("articles", "dropped")
        for document in from_table(read_parquet(sorted((folder / table).glob("*.parquet"))))
    ]
    return sorted(found, key=lambda each: (each["table"], each["id"], each["capture"]))


def grown(folder: Path, batches: Sequence[Sequence[list[Document]]]) -> list[dict[str, Any]]:
    """The rows after the batches; each is a version of its own, as builds make them."""
    parent: Path | None = None
    for number, batch in enumerate(batches):
        here = folder / str(number)
        edition = Edition(here, parent)
        index = DedupeIndex.open(parent / CLUSTERS if parent else None)
        assert assemble([document for capture in batch for document in capture], edition, index).left == 0
        index.write(here / CLUSTERS)
        parent = here
    assert parent is not None
    return rows_of(parent)


def cut(captures: Sequence[list[Document]], pieces: int) -> list[Sequence[list[Document]]]:
    size = -(-len(captures) // pieces)
    return [captures[start : start + size] for start in range(0, len(captures), size)]


@pytest.mark.parametrize(("seed", "pieces"), [(0, 30), (3, 12), (2, 4)])
def test_increments_give_the_rows_of_a_full_build(seed: int, pieces: int, tmp_path: Path) -> None:
    whole = grown(tmp_path / "1", [captures(seed)])
    assert {"duplicate", "superseded", "unchanged", "timeout", None} <= {each["reason"] for each in whole}
    assert len(whole) == sum(map(len, captures(seed))), "captures in, rows out"
    shown = {flag["of"] for each in whole for flag in each["flags"]}
    assert shown, "titles that a copy shows to be cut short"
    assert shown <= {each["id"] for each in whole}
    assert grown(tmp_path / "increments", cut(captures(seed), pieces)) == whole


@pytest.mark.parametrize(("seed", "pieces"), [(0, 1), (1, 4), (2, 12)])
def test_captures_that_come_late_give_the_rows_of_a_full_build(
    seed: int, pieces: int, tmp_path: Path
) -> None:
    found = captures(seed)
    whole = grown(tmp_path / "1", [found])
    random.Random(seed).shuffle(found)
    assert grown(tmp_path / "late", cut(found, pieces)) == whole


def archived() -> list[list[Capture]]:
    """Six runs over the sample site's stories: a copy, an edit of its original, failed visits, an old capture."""
    later = timedelta(days=1)
    story = PLAIN[0]
    half = html(story.title, [*story.body[: len(story.body) // 2], *PLAIN[5].body])
    copy = story_page(9, body=html(story.title, [*story.body[:-1], "编者附言。"]))
    return [
        [story_page(0), story_page(1), failed_page(2, "timeout")],
        [
            replace(copy, fetched_at=copy.fetched_at + later),
            story_page(3, fetched_at=copy.fetched_at + 2 * later),
        ],
        [story_page(0, body=half, fetched_at=copy.fetched_at + 3 * later)],
        [story_page(2, fetched_at=copy.fetched_at + 4 * later)],
        [story_page(1, body=half, fetched_at=copy.fetched_at + later / 2)],
        [
            failed_page(0, "gone", status=404, fetched_at=copy.fetched_at + 5 * later),
            story_page(4, fetched_at=copy.fetched_at + 6 * later),
        ],
    ]


def test_builds_at_any_time_give_the_rows_of_one_build_and_a_full_one_changes_nothing(tmp_path: Path) -> None:
    runs = archived()
    increments = job(tmp_path / "increments", confirm=True)
    for number, run in enumerate(runs):
        write(increments.raw, run, f"run-{number}")
        build(increments)
    grown = [asdict(d) for table in ("articles", "dropped") for d in documents(increments.clean, table=table)]
    # The ids of the captures are drawn when they are archived: the same archive, built at once.
    once = job(tmp_path / "once", raw=increments.raw, confirm=True)
    build(once)
    whole = [asdict(d) for table in ("articles", "dropped") for d in documents(once.clean, table=table)]
    by_row = [sorted(rows, key=lambda each: (each["id"], each["capture"])) for rows in (grown, whole)]
    assert by_row[0] == by_row[1]
    report = build(replace(increments, full=True))
    assert (report.full, report.changes) == ("asked for", {})
