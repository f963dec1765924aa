"""Pace: never sooner than the delay, sites side by side, and left alone when they ask or fail."""

from __future__ import annotations

import asyncio
import socket
import threading
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from pipeline.crawl.hostmemory import Host
from pipeline.crawl.hosts import Hosts
from pipeline.crawl.ledger import Ledger
from pipeline.crawl.run import crawl
from pipeline.records import Outcome
from pipeline.web.fetched import Fetched
from pipeline.web.pace import MAX_ROBOTS_DELAY
from tests.web.loopback import NO_ROBOTS, QUICK, Page, Site, article, later, run, sitemap, source_of

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def test_two_sites_are_crawled_side_by_side_and_each_at_its_own_pace(
    site: Site, other: Site, tmp_path: Path
) -> None:
    for each in (site, other):
        each.pages |= {f"/a/{n}.html": article(n) for n in range(4)}
        each.pages["/sitemap.xml"] = sitemap(*(f"{each.base}/a/{n}.html" for n in range(4)))
    sources = [
        source_of(each, name=name, sitemaps=(each.base + "/sitemap.xml",), delay=0.25)
        for name, each in (("village", site), ("town", other))
    ]
    visits = crawl(sources, tmp_path, limits=QUICK)
    assert [(v.source, v.found, v.fetched, v.failed) for v in visits] == [
        ("village", 4, 4, 0),
        ("town", 4, 4, 0),
    ]
    for each in (site, other):
        assert each.asked()[:2] == ["/robots.txt", "/sitemap.xml"]
        assert len(each.asked()) == 6
        gaps = [b.at - a.at for a, b in pairwise(each.log)]
        assert min(gaps) >= 0.25
        assert each.most_busy == 1
        assert len({request.client for request in each.log}) == 1
    overlap = min(site.log[-1].at, other.log[-1].at) - max(site.log[0].at, other.log[0].at)
    assert overlap > 0.8, "the two sites waited for each other"


def test_two_sources_on_one_site_share_its_delay(site: Site, tmp_path: Path) -> None:
    site.pages |= {f"/a/{n}.html": replace(article(n), wait=0.4) for n in range(4)}  # slower than the delay
    one = source_of(site, name="one", urls=(site.base + "/a/0.html", site.base + "/a/1.html"), delay=0.2)
    two = source_of(site, name="two", urls=(site.base + "/a/2.html", site.base + "/a/3.html"), delay=0.1)
    crawl([one, two], tmp_path, limits=QUICK)
    assert sorted(site.asked(but=NO_ROBOTS)) == [f"/a/{n}.html" for n in range(4)]
    assert site.asked().count("/robots.txt") == 1
    assert min(b.at - a.at for a, b in pairwise(site.log)) >= 0.1
    assert site.most_busy == 1, "one request at a time"


@pytest.mark.parametrize(
    ("hosts", "least", "at_once"),
    [
        (tuple(f"s{n}.example.com.cn" for n in range(5)), 0.2, 1),
        (tuple(f"news{n}.com.cn" for n in range(5)), 0.1, 5),
    ],
    ids=["five hosts of one domain", "five names of one address"],
)
def test_many_names_of_one_server_are_not_asked_side_by_side(
    site: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    hosts: tuple[str, ...],
    least: float,
    at_once: int,
) -> None:
    lookup = socket.getaddrinfo

    def to_loopback(host: str, *rest: Any, **more: Any) -> Any:
        return lookup("127.0.0.1" if host in hosts else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", to_loopback)
    site.pages |= {f"/a/{n}.html": article(n) for n in range(5)}
    port = site.base.rpartition(":")[2]
    urls = tuple(f"http://{host}:{port}/a/{n}.html" for n, host in enumerate(hosts))
    assert run(source_of(site, urls=urls, include=("*",), delay=0.2), tmp_path).fetched == 5
    assert min(b.at - a.at for a, b in pairwise(site.log)) >= least
    assert site.most_busy <= at_once


def test_a_sub_host_that_fails_does_not_close_its_domain(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookup = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **more: lookup(
            "127.0.0.1" if host.endswith("example.cn") else host, *rest, **more
        ),
    )
    port = site.base.rpartition(":")[2]
    site.pages |= {f"/down/{n}.html": Page(b"", status=403, etag=False) for n in range(8)}
    site.pages |= {f"/a/{n}.html": article(n) for n in range(8)}
    urls = [f"http://old.example.cn:{port}/down/{n}.html" for n in range(8)]
    urls += [f"http://new.example.cn:{port}/a/{n}.html" for n in range(8)]
    told = run(source_of(site, urls=tuple(urls), include=("*",)), tmp_path)
    assert (told.fetched, told.failed, told.skipped) == (8, 5, 3)
    assert [note for note in told.notes if "3 pages left: old.example.cn" in note]


def test_crawl_delay_of_robots_holds_and_outlives_the_run(site: Site, tmp_path: Path) -> None:
    site.pages["/robots.txt"] = Page(b"User-agent: *\nCrawl-delay: 0.5\n", "text/plain")
    site.pages |= {f"/a/{n}.html": article(n) for n in range(3)}
    first = source_of(site, urls=(site.base + "/a/0.html", site.base + "/a/1.html"))
    run(first, tmp_path)
    run(source_of(site, urls=(site.base + "/a/2.html",)), tmp_path)
    assert site.asked() == ["/robots.txt", "/a/0.html", "/a/1.html", "/a/2.html"]
    assert min(b.at - a.at for a, b in pairwise(site.log)) >= 0.5


def test_a_site_that_fails_again_and_again_is_left_alone(site: Site, tmp_path: Path) -> None:
    paths = [f"/a/{n}.html" for n in range(12)]
    site.pages |= {path: Page(b"", status=403, etag=False) for path in paths}
    source = source_of(site, urls=tuple(site.base + path for path in paths))
    visit = run(source, tmp_path)
    assert (len(site.asked(but=NO_ROBOTS)), visit.failed, visit.skipped) == (5, 5, 7)
    assert "failures in a row" in " ".join(visit.notes)
    site.log.clear()
    assert run(source, tmp_path).skipped == 7
    assert site.log == [], "the next run came too soon"


def test_retry_after_ends_the_queue_of_the_site(site: Site, tmp_path: Path) -> None:
    busy = Page(b"", status=503, headers=(("Retry-After", "3600"),), etag=False)
    site.pages |= {"/a/1.html": busy, "/a/2.html": article(2)}
    source = source_of(site, urls=(site.base + "/a/1.html", site.base + "/a/2.html"))
    visit = run(source, tmp_path)
    assert visit.outcomes["deferred"] == 1
    assert site.asked(but=NO_ROBOTS) == ["/a/1.html"]
    assert run(source, tmp_path, now=later(minutes=30)).skipped >= 1
    assert site.asked(but=NO_ROBOTS) == ["/a/1.html"]
    site.pages["/a/1.html"] = article(1)
    assert run(source, tmp_path, now=later(minutes=90)).fetched == 2


def test_a_site_that_goes_on_failing_is_left_alone_longer_and_one_good_answer_forgives(
    site: Site, tmp_path: Path
) -> None:
    site.pages["/a/0.html"] = Page(b"", status=403, etag=False)
    source = source_of(site, urls=tuple(f"{site.base}/a/{n}.html" for n in range(8)))
    for n in range(8):
        site.pages[f"/a/{n}.html"] = Page(b"", status=403, etag=False)
    asked = []
    for minutes in (0, 11, 17, 38, 49, 95):  # rests of 15, 30, 60 minutes or a little less: a try after each
        before = len(site.asked(but=NO_ROBOTS))
        run(source, tmp_path, now=later(minutes=minutes))
        asked.append(len(site.asked(but=NO_ROBOTS)) - before)
    assert asked == [5, 0, 1, 0, 1, 0]
    for n in range(8):
        site.pages[f"/a/{n}.html"] = article(n)
    assert run(source, tmp_path, now=later(days=9)).fetched == 8


def test_an_endless_crawl_delay_is_followed_only_so_far(site: Site, tmp_path: Path) -> None:
    site.pages["/robots.txt"] = Page(b"User-agent: *\nCrawl-delay: 86400\n", "text/plain")
    site.pages["/a/1.html"] = article(1)
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    visit = run(source_of(site, urls=(site.base + "/a/1.html",)), tmp_path, stop=stop)
    assert (site.asked(), visit.fetched) == (["/robots.txt"], 0)
    with Ledger(tmp_path) as ledger:
        not_before = ledger.host(site.base.removeprefix("http://")).not_before
    assert not_before is not None
    assert 60 < (not_before - datetime.now(UTC)).total_seconds() <= MAX_ROBOTS_DELAY


def test_a_run_of_everything_tries_a_site_left_alone_after_failures_once(site: Site, tmp_path: Path) -> None:
    paths = [f"/a/{n}.html" for n in range(7)]
    site.pages |= {path: Page(b"", status=403, etag=False) for path in paths}
    source = source_of(site, urls=tuple(site.base + path for path in paths))
    run(source, tmp_path)
    site.log.clear()
    run(source, tmp_path, only_due=False)
    assert len(site.asked(but=NO_ROBOTS)) == 1
    site.pages |= {f"/a/{n}.html": article(n) for n in range(7)}
    assert run(source, tmp_path, only_due=False).fetched == 7


def test_a_site_that_asked_to_be_left_alone_is_left_alone_by_a_run_of_everything(
    site: Site, tmp_path: Path
) -> None:
    site.pages["/a/1.html"] = Page(b"", status=503, headers=(("Retry-After", "3600"),), etag=False)
    source = source_of(site, urls=(site.base + "/a/1.html",))
    run(source, tmp_path)
    site.log.clear()
    run(source, tmp_path, only_due=False)
    assert site.log == []


def test_sites_that_failed_together_do_not_come_back_together(
    site: Site, other: Site, tmp_path: Path
) -> None:
    sources = []
    for name, each in (("one", site), ("two", other)):
        each.pages |= {f"/a/{n}.html": Page(b"", status=403, etag=False) for n in range(5)}
        sources.append(source_of(each, name=name, urls=tuple(f"{each.base}/a/{n}.html" for n in range(5))))
    now = datetime.now(UTC)
    crawl(sources, tmp_path, limits=QUICK, now=lambda: now)
    with Ledger(tmp_path) as ledger:
        rests = [ledger.host(each.base.removeprefix("http://")).not_before for each in (site, other)]
    minutes = [(rest - now).total_seconds() / 60 for rest in rests if rest is not None]
    assert all(13.5 <= each <= 15 for each in minutes)
    assert len(set(minutes)) == 2


def test_only_what_changed_of_the_hosts_is_written() -> None:
    hosts = Hosts(lambda name: Host(host=name, delay=3.0 if name == "slow.cn" else None), lambda: NOW)

    async def names() -> list[list[str]]:
        for url in ("http://a.cn/", "http://b.cn/", "http://slow.cn/"):
            hosts.queue(url)
        told = [[each.host for each in hosts.changed()]]
        told.append([each.host for each in hosts.changed()])
        turn = hosts.turn(0.0)
        await turn.pause("http://b.cn/1")
        answer = Fetched(
            url="http://b.cn/1", final_url="http://b.cn/1", fetched_at=NOW, status=200, outcome=Outcome.OK
        )
        turn.end(answer, Outcome.OK)
        told.append([each.host for each in hosts.changed()])
        hosts.rules("http://a.cn/").until = NOW
        hosts.caught_lying("http://slow.cn/")
        told.append([each.host for each in hosts.changed()])
        return [*told, [each.host for each in hosts.changed()]]

    first, *then = asyncio.run(names())
    assert first == ["a.cn", "b.cn", "slow.cn"]
    assert then == [[], ["b.cn"], ["a.cn", "slow.cn"], []]


def test_a_site_looked_up_once_is_not_looked_up_again() -> None:
    asked: list[str] = []

    def known(name: str) -> Host:
        asked.append(name)
        return Host(host=name)

    hosts = Hosts(known, lambda: NOW)
    for _ in range(3):
        hosts.queue("http://a.cn/")
        hosts.rules("http://a.cn/")
        assert not hosts.lies("http://a.cn/")
        assert len(asyncio.run(written(hosts))) <= 1
    assert asked == ["a.cn"]


async def written(hosts: Hosts) -> list[Host]:
    return list(hosts.changed())
