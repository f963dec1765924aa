"""What a source waits for: a run that asks nothing of it says until when, and why."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.crawl import upcoming as coming
from pipeline.crawl.ledger import Ledger
from pipeline.crawl.scope import scope_of
from pipeline.crawl.tally import SourceRun
from pipeline.crawl.upcoming import Upcoming, upcoming
from pipeline.records import Source
from pipeline.report import ASK_NOW, markdown_run, refusals, waiting_rows
from pipeline.runs import RunReport
from tests.web.loopback import Page, Site, article, feed, later, run, source_of


def hours(number: float) -> datetime:
    return datetime.now(UTC) + timedelta(hours=number)


def is_about(at: datetime | None, number: float, slack: float = 0.1) -> bool:
    """Whether a time is so many hours from now, to within a few minutes."""
    return at is not None and abs((at - hours(number)).total_seconds()) < slack * 3600


def known(source: Source, raw: Path, number: float = 0.0) -> Upcoming:
    with closing(Ledger(raw, read_only=True)) as ledger:
        return upcoming(source, scope_of(source), ledger, hours(number))


def village(site: Site, **changed: object) -> Source:
    """A source with a feed of one article, which is not looked at a second time for a while."""
    site.pages |= {"/a/1.html": article(1), "/feed.xml": feed(site.base + "/a/1.html")}
    return source_of(site, feeds=(site.base + "/feed.xml",), **changed)


def test_two_runs_an_hour_apart_say_not_due_until(site: Site, tmp_path: Path) -> None:
    source = village(site, exclude=("*/a/*",))
    first = run(source, tmp_path)
    assert (first.waiting, first.next_due, first.answered) == (None, None, True)
    site.log.clear()
    second = run(source, tmp_path, now=later(hours=1))
    assert site.log == []
    assert is_about(second.next_due, 9), "no news: half as long again as six hours"
    assert second.next_due is not None
    assert second.waiting == f"not due until {second.next_due:%Y-%m-%d %H:%M} UTC"
    report = RunReport(crawled=(second,))
    assert refusals(report) == []
    assert waiting_rows(report) == [("village", second.waiting)]
    text = markdown_run(report, tmp_path)
    assert f"| village | {second.waiting} |" in text
    assert "| village | 0 |" not in text, "never all zeros without a word"
    assert run(source, tmp_path, now=later(hours=1), only_due=False).waiting is None
    assert "/feed.xml" in site.asked(), ASK_NOW


def test_an_interval_made_shorter_holds_at_once(site: Site, tmp_path: Path) -> None:
    source = village(site, exclude=("*/a/*",), every=7 * 86400.0)
    run(source, tmp_path)
    assert is_about(known(source, tmp_path, 5).at, 168, 17)
    hourly = replace(source, every=3600.0)
    assert is_about(known(hourly, tmp_path, 5).at, 4)
    site.log.clear()
    run(hourly, tmp_path, now=later(hours=5))
    assert site.asked() == ["/feed.xml"]


def test_a_list_that_fails_is_backed_off_from(site: Site, tmp_path: Path) -> None:
    source = village(site)
    site.pages["/feed.xml"] = Page(b"", status=503, etag=False)
    (note,) = [note for note in run(source, tmp_path).notes if note.startswith("failing")]
    assert f"{source.feeds[0]}: http_error 1 time since" in note
    waits = run(source, tmp_path, now=later(minutes=30))
    assert (waits.waiting or "").startswith("backing off after 1 failure (http_error) until ")
    assert is_about(waits.next_due, 0.95)
    assert refusals(RunReport(crawled=(waits,))) == []
    told = known(source, tmp_path, 0.5)
    assert (told.at, told.is_off) == (waits.next_due, True)


def test_a_site_left_alone_is_what_is_waited_for(site: Site, tmp_path: Path) -> None:
    source = source_of(site, urls=tuple(f"{site.base}/a/{n}.html" for n in range(7)))
    site.pages |= {f"/a/{n}.html": Page(b"", status=403, etag=False) for n in range(7)}
    run(source, tmp_path)
    waits = run(source, tmp_path, now=later(minutes=5))
    assert (waits.waiting or "").startswith("left alone after 5 failures in a row until ")
    assert is_about(waits.next_due, 0.25)
    assert refusals(RunReport(crawled=(waits,))) == []


def test_a_site_that_asked_for_it_is_named_as_such(site: Site, tmp_path: Path) -> None:
    source = village(site)
    site.pages["/feed.xml"] = Page(b"", status=503, headers=(("Retry-After", "36000"),), etag=False)
    run(source, tmp_path)
    waits = run(source, tmp_path, now=later(hours=2))
    assert (waits.waiting or "").startswith("left alone, as its site asked, until ")
    assert is_about(waits.next_due, 10)


def test_a_list_gone_for_a_week_is_told_and_read_again_when_it_is_back(site: Site, tmp_path: Path) -> None:
    source = village(site, exclude=("*/a/*",))
    run(source, tmp_path)
    site.pages["/feed.xml"] = Page(b"", status=404, etag=False)
    run(source, tmp_path, now=later(days=1))
    visit = run(source, tmp_path, now=later(days=8.1))
    (told,) = [note for note in visit.notes if note.startswith("gone")]
    assert "gone 2 times since" in told
    assert told.endswith("put its new address into the source's file")
    assert run(source, tmp_path, now=later(days=20)).outcomes == {}
    site.pages["/feed.xml"] = feed(site.base + "/a/2.html")
    back = run(source, tmp_path, now=later(days=39))
    assert back.links is not None
    assert not known(source, tmp_path, 39 * 24).is_off


def test_a_source_of_settled_pages_says_that_nothing_is_left(site: Site, tmp_path: Path) -> None:
    site.pages["/a/1.html"] = article(1)
    source = source_of(site, urls=(site.base + "/a/1.html",))
    visits: list[SourceRun] = [
        run(source, tmp_path, now=later(hours=h)) for h in (0, 2, 10, 40, 200, 900, 2000)
    ]
    assert visits[-1].waiting == "nothing left to ask: all its pages are settled, or no longer wanted"
    assert visits[-1].next_due is None


def test_what_a_clock_ahead_has_left_is_due_now(site: Site, tmp_path: Path) -> None:
    source = village(site)
    run(source, tmp_path, now=later(days=400))
    assert is_about(known(source, tmp_path).at, 0)
    source = replace(source, feeds=())
    assert is_about(known(source, tmp_path).at, 0), "pages too"


def test_a_list_that_was_never_read_is_due_now(site: Site, tmp_path: Path) -> None:
    told = known(village(site), tmp_path)
    assert is_about(told.at, 0)
    assert told.words(hours(0)) == "due, and not asked in this run"


def test_pages_that_are_no_longer_wanted_are_passed_over_but_not_without_end(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    links = [f"/a/{number}.html" for number in range(5)]
    site.pages |= {link: article(number) for number, link in enumerate(links)}
    site.pages["/feed.xml"] = feed(*(site.base + link for link in links))
    source = source_of(site, feeds=(site.base + "/feed.xml",))
    run(source, tmp_path)
    none = replace(source, feeds=(), include=("https://elsewhere.example/*",))
    assert known(none, tmp_path).words(hours(0)).startswith("nothing left to ask")
    monkeypatch.setattr(coming, "MOST_UNWANTED", 3)
    assert "the 3 that come first are no longer wanted" in known(none, tmp_path).words(hours(0))
    assert known(source, tmp_path).at is not None
