from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.archive.writer import Writer
from pipeline.crawl.daily import DayCounts
from pipeline.crawl.ledger import Ledger, rebuild
from pipeline.records import Capture
from tests.archive.archive_cases import START, clock, failure, page
from tests.web.loopback import Site, article, run, source_of

FIRST = date(2026, 11, 1)
DAY = timedelta(days=1)


def feed(day: int, **changes: Any) -> Capture:
    at = START + day * DAY
    return page(900, **({"kind": "feed", "fetched_at": at, "body": f"<rss>{day}</rss>".encode()} | changes))


def discovery(day: int, links: int) -> Capture:
    at = START + day * DAY
    return failure(901, kind="discovery", outcome="ok", links=links, fetched_at=at)


VISITS = [
    feed(0),
    discovery(0, 20),
    page(1),
    page(2),
    page(3, part_of=page(1).url_key),
    page(4, source="other"),
    failure(5, kind="robots"),
    failure(6),
    feed(1, gap=True),
    discovery(1, 21),
    discovery(1, 22),
    page(1, fetched_at=START + DAY),
    page(6, fetched_at=START + DAY),
    page(7, fetched_at=START + DAY, outcome="blocked"),
    page(8, fetched_at=START + DAY, status=0, headers=(), body=b"<p>file</p>"),
]
EXPECTED = [
    DayCounts(
        source="example",
        day=FIRST,
        lists={"ok": 1},
        pages={"ok": 3, "timeout": 1},
        robots={"timeout": 1},
        links=20,
        new=2,
    ),
    DayCounts(
        source="example",
        day=FIRST + DAY,
        lists={"ok": 1},
        pages={"blocked": 1, "ok": 1, "unchanged": 1},
        links=22,
        new=1,
        gaps=1,
    ),
    DayCounts(source="other", day=FIRST, pages={"ok": 1}, new=1),
]


def test_days_are_counted_as_visits_come_and_again_from_the_archive(tmp_path: Path) -> None:
    with Writer(tmp_path, "run", clock) as writer, Ledger(tmp_path) as ledger:
        for capture in VISITS:
            resource = not capture.status and bool(capture.body)
            done = writer.write(capture, earlier=ledger.validators(capture.url_key), resource=resource)
            ledger.record(done)
        writer.flush()
        ledger.commit()
        assert ledger.daily.of() == EXPECTED
        assert ledger.daily.of(since=FIRST + DAY) == EXPECTED[1:2]
    with Ledger(tmp_path) as again:  # reads the sealed file of the run once more, and counts nothing twice
        assert again.daily.of() == EXPECTED
    rebuild(tmp_path)
    with Ledger(tmp_path) as anew:
        assert anew.daily.of() == EXPECTED


def test_pages_that_were_due_are_counted_by_the_run_alone(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.daily.count("example", START, "due", 4)
        ledger.daily.count("example", START, "due", 3)
        ledger.commit()
        assert [each.due for each in ledger.daily.of()] == [7]


@pytest.mark.parametrize("name", ["backfill-20261101T080000", "import-example-20261101T080000"])
def test_what_somebody_brought_is_not_what_the_schedule_brought(tmp_path: Path, name: str) -> None:
    with Writer(tmp_path, name, clock) as writer, Ledger(tmp_path) as ledger:
        ledger.record(writer.write(page(1)))
        writer.flush()
        ledger.commit()
        told = [(each.new, each.brought, each.pages) for each in ledger.daily.of()]
    assert told == [(0, 1, {"ok": 1})]
    rebuild(tmp_path)
    with Ledger(tmp_path) as anew:
        assert [(each.new, each.brought, each.pages) for each in anew.daily.of()] == told


def test_a_crawl_of_what_somebody_names_is_a_backfill(site: Site, tmp_path: Path) -> None:
    site.pages |= {f"/a/{n}.html": article(n) for n in (1, 2)}
    source = source_of(site, urls=(site.base + "/a/1.html",))
    run(source, tmp_path)
    run(source, tmp_path, urls=[site.base + "/a/2.html"])
    with Ledger(tmp_path) as ledger:
        assert [(each.new, each.brought) for each in ledger.daily.of()] == [(1, 1)]
