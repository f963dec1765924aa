"""The network of the machine fails: it is told, and counts against nobody."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from pipeline import archive
from pipeline.crawl.ledger import Ledger
from pipeline.crawl.outage import Doubted, is_outage
from pipeline.crawl.run import crawl
from pipeline.crawl.session import CrawlProgress
from pipeline.crawl.tally import SourceRun
from pipeline.records import Capture, Source
from pipeline.report import refusals
from pipeline.runs import RunReport
from pipeline.web.fetched import Fetched, Limits
from tests.archive.archive_cases import START
from tests.web.loopback import Page, Site, article, feed, later, source_of

ONE_TRY = Limits(backoff=0.01, deadline=5.0, wait=0.1, read=0.3, tries=1)


@pytest.fixture
def three(tmp_path: Path) -> list[Source]:
    """Three sites, each read once a day; where they stand when they are there no more."""
    with ExitStack() as up:
        sites = [up.enter_context(Site()) for _ in range(3)]
        for each in sites:
            each.pages |= {"/a/1.html": article(1), "/feed.xml": feed(each.base + "/a/1.html")}
        sources = [
            source_of(each, name=name, feeds=(each.base + "/feed.xml",), expect_links=1)
            for name, each in zip(("one", "two", "three"), sites, strict=True)
        ]
        assert [visit.fetched for visit in run(sources, tmp_path, 0)] == [1, 1, 1]
    return sources  # the servers are closed: nobody answers any more


def run(sources: list[Source], raw: Path, hours: float, **options: Any) -> tuple[SourceRun, ...]:
    return crawl(sources, raw, limits=ONE_TRY, now=later(hours=hours), **options)


def remembered(raw: Path) -> list[tuple[Any, ...]]:
    with Ledger(raw) as ledger:
        rows = ledger._db.execute("SELECT key, fails, looks, next_due, outcome FROM url ORDER BY key")
        hosts = ledger._db.execute("SELECT host, fails FROM host ORDER BY host")
        days = ledger._db.execute("SELECT * FROM day WHERE what <> 'due' ORDER BY source, day, what")
        return [tuple(each) for each in (*rows, *hosts, *days)]


def test_where_nobody_answers_it_is_the_machine_and_counts_against_nobody(
    three: list[Source], tmp_path: Path
) -> None:
    before, files = remembered(tmp_path), archive.sealed(tmp_path)
    for hours in (8, 9):
        visits = run(three, tmp_path, hours)
        assert [(each.answered, each.failed, each.refused, each.outcomes) for each in visits] == [
            (None, 0, None, {})
        ] * 3
        assert all(each.cut_off for each in visits)
        (told,) = refusals(RunReport(crawled=visits))
        assert told.startswith("the network of this machine seems to be down: no answer for one, two, three;")
    assert remembered(tmp_path) == before
    assert archive.sealed(tmp_path) == files, "the web said nothing, and nothing is archived"


def test_a_site_that_is_silent_while_another_answers_is_down(three: list[Source], tmp_path: Path) -> None:
    with Site() as site:
        site.pages["/a/1.html"] = article(1)
        here = source_of(site, name="here", urls=(site.base + "/a/1.html",))
        visits = run([*three, here], tmp_path, 8)
    assert [each.cut_off for each in visits] == [0] * 4
    assert [each.answered for each in visits] == [False] * 3 + [True]
    assert [each.outcomes for each in visits[:3]] == [{"connect_error": 2}] * 3
    assert refusals(RunReport(crawled=visits[3:])) == []
    again = run(three, tmp_path, 9)
    assert [each.cut_off for each in again] == [0] * 3, "they were down before: no evidence"
    assert refusals(RunReport(crawled=again))[3:] == ["no source could be reached: one, two, three"]


def test_of_one_site_alone_it_cannot_be_known(three: list[Source], tmp_path: Path) -> None:
    (visit,) = run(three[:1], tmp_path, 8)
    assert (visit.answered, visit.cut_off) == (False, 0)
    assert refusals(RunReport(crawled=(visit,)))[1:] == ["no source could be reached: one"]


def test_a_network_that_fails_in_the_middle_of_a_run_is_seen_too(tmp_path: Path) -> None:
    with Site() as one, Site() as two:
        sources = []
        for name, each in (("one", one), ("two", two)):
            each.pages |= {f"/a/{n}.html": article(n) for n in range(6)}
            urls = tuple(f"{each.base}/a/{n}.html" for n in range(6))
            sources.append(source_of(each, name=name, urls=urls, delay=0.05))

        def cut(progress: CrawlProgress) -> None:
            if progress.done == 4:
                for each in (one, two):
                    silent = Page(b"", wait=1.0)
                    each.pages.update(dict.fromkeys(each.pages, silent))

        visits = run(sources, tmp_path, 0, on_progress=cut)
        assert sum(each.fetched for each in visits) >= 4
        assert all(each.cut_off for each in visits)
        assert [(each.failed, each.outcomes.get("timeout")) for each in visits] == [(0, None)] * 2
        for each in (one, two):
            each.pages |= {f"/a/{n}.html": article(n) for n in range(6)}
        again = run(sources, tmp_path, 0.01)
    assert sum(each.fetched for each in (*visits, *again)) == 12, "nobody was made to wait"


def silent(site: str, *, was_well: bool = True) -> Doubted:
    at = f"https://{site}/"
    capture = Capture(
        id="",
        source=site,
        kind="page",
        url=at,
        url_key=at,
        final_url=at,
        fetched_at=START,
        outcome="timeout",
    )
    fetched = Fetched(url=at, final_url=at, fetched_at=START, outcome="timeout")  # type: ignore[arg-type]
    return Doubted(capture=capture, fetched=fetched, site=site, was_well=was_well)


@pytest.mark.parametrize(
    ("doubted", "answered", "ended", "outage"),
    [
        ("ab", "", True, True),
        ("ab", "", False, False),  # the first answer of the run comes: they were merely slow
        ("a", "", True, False),
        ("aa", "", True, False),
        ("aB", "", True, False),  # b was down before
        ("ab", "ab", True, True),
        ("ab", "ab", False, True),  # cut off for a while
        ("ab", "ac", True, False),
        ("abcd", "ef", True, False),  # others answered, and these never did
    ],
)
def test_the_evidence(doubted: str, answered: str, ended: bool, outage: bool) -> None:
    visits = [silent(each.lower(), was_well=each.islower()) for each in doubted]
    assert is_outage(visits, set(answered), ended=ended) is outage
