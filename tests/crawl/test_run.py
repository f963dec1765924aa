"""The crawl as a whole: what it asks for, how it ends, and that two do not run at once."""

from __future__ import annotations

import errno
import gc
import logging
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline import archive
from pipeline.archive import writer
from pipeline.crawl import lists
from pipeline.crawl.gaps import find_gaps
from pipeline.crawl.ledger import Ledger
from pipeline.crawl.run import COLLECT_AFTER, crawl
from pipeline.crawl.session import CrawlProgress
from pipeline.errors import BusyError, UsageError
from pipeline.records import Source
from pipeline.web.urls import url_key
from tests.web.loopback import NO_ROBOTS, Page, Site, article, kept, later, run, sitemap, source_of


def test_nothing_due_asks_for_nothing(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/a/1.html": article(1), "/sitemap.xml": sitemap(site.base + "/a/1.html")}
    source = source_of(site, sitemaps=(site.base + "/sitemap.xml",))
    run(source, tmp_path)
    site.log.clear()
    run(source, tmp_path)
    assert site.log == []
    assert len(archive.sealed(tmp_path)) == 1


@pytest.mark.parametrize("as_index", [False, True])
def test_sources_may_share_a_sitemap(site: Site, tmp_path: Path, as_index: bool) -> None:
    listed = sitemap(site.base + "/a/1.html", site.base + "/b/1.html")
    index = Page(f"<sitemapindex><sitemap><loc>{site.base}/all.xml</loc></sitemap></sitemapindex>".encode())
    site.pages |= {"/a/1.html": article(1), "/b/1.html": article(2), "/all.xml": listed}
    site.pages["/sitemap.xml"] = index if as_index else listed
    both = [
        replace(source_of(site, sitemaps=(site.base + "/sitemap.xml",)), name=name, include=(f"*/{name}/*",))
        for name in ("a", "b")
    ]
    for _ in range(2):
        crawl(both, tmp_path, only_due=False)
    assert {ref.source for ref in kept(tmp_path) if ref.kind == "page"} == {"a", "b"}


def test_an_article_stops_being_revisited(site: Site, tmp_path: Path) -> None:
    site.pages["/a/1.html"] = article(1)
    source = source_of(site, urls=(site.base + "/a/1.html",))
    for month in range(12):
        run(source, tmp_path, now=later(days=40 * month))
    assert site.asked().count("/a/1.html") == 2, "past thirty days, and it had not changed"


def test_named_urls_are_fetched_alone_and_a_stranger_is_refused(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/a/1.html": article(1), "/sitemap.xml": sitemap(site.base + "/a/2.html")}
    source = source_of(site, sitemaps=(site.base + "/sitemap.xml",))
    assert run(source, tmp_path, urls=[site.base + "/a/1.html"]).fetched == 1
    assert site.asked() == ["/robots.txt", "/a/1.html"]
    with pytest.raises(UsageError, match=r"no source is declared for http://elsewhere\.example/"):
        crawl([source], tmp_path, urls=["http://elsewhere.example/"])


def test_progress_ends_at_its_total(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/a/1.html": article(1, "<a href='/a/1_2.html'>下一页</a>"), "/a/1_2.html": article(2)}
    seen: list[CrawlProgress] = []
    run(
        source_of(site, urls=(site.base + "/a/1.html", site.base + "/none")),
        tmp_path,
        on_progress=seen.append,
    )
    assert [each.done for each in seen] == [1, 2, 3]
    assert (seen[-1].total, {each.outcome for each in seen}) == (3, {"ok", "gone"})


def test_stop_ends_the_run_quickly_with_a_sealed_archive(site: Site, tmp_path: Path) -> None:
    paths = [f"/a/{n}.html" for n in range(50)]
    site.pages |= {path: replace(article(n), wait=0.3) for n, path in enumerate(paths)}
    source = source_of(site, urls=tuple(site.base + path for path in paths))
    stop = threading.Event()
    threading.Timer(1.0, stop.set).start()
    started = time.monotonic()
    visit = run(source, tmp_path, stop=stop)
    assert time.monotonic() - started < 5
    assert 0 < visit.fetched < 10
    (sealed,) = archive.sealed(tmp_path)
    assert sealed.pages == visit.fetched
    assert not list(tmp_path.rglob("*.open"))
    assert archive.verify(tmp_path) == []
    for path in paths:
        site.pages[path] = replace(site.pages[path], wait=0.0)
    assert run(source, tmp_path).fetched == 50 - visit.fetched


def test_a_second_run_at_once_is_busy(site: Site, tmp_path: Path) -> None:
    site.pages["/a/1.html"] = replace(article(1), wait=1.0)
    source = source_of(site, urls=(site.base + "/a/1.html",))
    first = threading.Thread(target=run, args=(source, tmp_path))
    first.start()
    while not site.log:
        time.sleep(0.02)
    with pytest.raises(BusyError):
        run(source, tmp_path)
    first.join()
    assert [c.outcome for c in kept(tmp_path)] == ["ok"]


def test_a_killed_run_loses_and_repeats_nothing(site: Site, tmp_path: Path) -> None:
    paths = [f"/a/{n}.html" for n in range(30)]
    site.pages |= {path: replace(article(n), wait=0.03) for n, path in enumerate(paths)}
    site.pages["/sitemap.xml"] = sitemap(*(site.base + path for path in paths))
    source = source_of(site, sitemaps=(site.base + "/sitemap.xml",))
    code = f"""
from pathlib import Path
from pipeline.crawl.run import COLLECT_AFTER, crawl
from pipeline.records import Source
from pipeline.web.urls import url_key
crawl([{source!r}], Path({str(tmp_path)!r}))
"""
    child = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parent.parent.parent)
    while len(site.log) < 15 and child.poll() is None:
        time.sleep(0.005)
    child.kill()
    child.wait()
    run(source, tmp_path)
    asked = Counter(site.asked(but=(*NO_ROBOTS, "/sitemap.xml")))
    assert set(asked) == set(paths)
    assert asked.total() <= len(paths) + 1, "only the page under way is asked for again"
    assert Counter(c.url for c in kept(tmp_path)) == Counter(site.base + path for path in paths)
    assert archive.verify(tmp_path) == []


def test_every_visit_of_a_page_is_counted_once(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/a/1.html": article(1), "/e": Page(b"", status=500, etag=False), "/private/1": article(2)}
    urls = tuple(site.base + path for path in ("/a/1.html", "/e", "/private/1", "/none"))
    visit = run(source_of(site, urls=urls), tmp_path)
    told = visit.fetched + visit.unchanged + visit.blocked + visit.failed + visit.robots
    assert told == len(kept(tmp_path)) == len(urls)
    assert sum(visit.outcomes.values()) == told


def test_memory_does_not_grow_with_the_number_of_pages(site: Site, tmp_path: Path) -> None:
    import tracemalloc

    filler = b"<!-- " + b" " * 400_000 + b" -->"
    paths = [f"/a/{n}.html" for n in range(60)]
    for n, path in enumerate(paths):
        site.pages[path] = Page(article(n).body + filler)
    source = source_of(site, urls=tuple(site.base + path for path in paths))
    run(
        source_of(site, urls=(site.base + paths[0],)), tmp_path / "first"
    )  # what is imported when first asked for
    tracemalloc.start()
    assert run(source, tmp_path).fetched == 60
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12_000_000, "all bodies together are 24 MB"


def test_cycles_are_looked_for_seldom_while_a_crawl_lasts(site: Site, tmp_path: Path) -> None:
    before, told = gc.get_threshold(), set()
    site.pages["/a/1.html"] = article(1)
    run(
        source_of(site, urls=(f"{site.base}/a/1.html",)),
        tmp_path,
        on_progress=lambda _: told.add(gc.get_threshold()[0]),
    )
    assert (told, gc.get_threshold()) == ({COLLECT_AFTER}, before)


def two_sources(site: Site, other: Site) -> list[Source]:
    """Two sources on two sites, the second with five pages that take their time."""
    site.pages["/sitemap.xml"] = sitemap(site.base + "/a/1.html")
    other.pages |= {f"/a/{n}.html": replace(article(n), wait=0.05) for n in range(5)}
    urls = tuple(f"{other.base}/a/{n}.html" for n in range(5))
    bad = replace(source_of(site, sitemaps=(site.base + "/sitemap.xml",)), name="bad")
    return [bad, replace(source_of(other, urls=urls), name="good")]


@pytest.mark.parametrize(
    "error", [TypeError("a fault of ours"), TimeoutError("an OSError, but no archive's")]
)
def test_an_unexpected_error_ends_its_source_alone_and_is_said(
    site: Site,
    other: Site,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    def broken(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(lists, "links_of", broken)
    with caplog.at_level(logging.ERROR, logger="pipeline.crawl"):
        bad, good = crawl(two_sources(site, other), tmp_path)
    assert (bad.failed_with, good.failed_with) == (f"{type(error).__name__}: {error}", None)
    assert good.fetched == 5 == len(kept(tmp_path))
    assert archive.verify(tmp_path) == []
    (record,) = caplog.records
    assert "bad" in record.getMessage()
    assert record.exc_info is not None


@pytest.mark.parametrize("where", ["write_all", "fsync"])
def test_a_full_disk_ends_the_whole_run(
    site: Site, other: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    def full(*arguments: Any) -> None:
        if len(other.log) > 1:  # robots.txt and a page
            raise OSError(errno.ENOSPC, "no space")
        real(*arguments)

    place: Any = writer if where == "write_all" else os
    real = getattr(place, where)
    monkeypatch.setattr(place, where, full)
    with pytest.raises(OSError, match="no space") as caught:
        crawl(two_sources(site, other), tmp_path)
    assert caught.value.errno == errno.ENOSPC


def test_a_ledger_that_takes_nothing_ends_the_whole_run(
    site: Site, other: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **options: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(Ledger, "record", full)
    with pytest.raises(sqlite3.OperationalError, match="disk is full"):
        crawl(two_sources(site, other), tmp_path)


def test_a_named_url_is_fetched_however_it_is_spelled(site: Site, tmp_path: Path) -> None:
    site.pages["/%E6%96%B0/1.html"] = article(1)
    source = source_of(site, urls=(site.base + "/新/1.html",), include=("*/2026/*",))
    visit = run(source, tmp_path)
    assert (visit.fetched, visit.skipped) == (1, 0)
    (gap,) = find_gaps([source], tmp_path)
    assert (gap.captures, gap.missing) == (1, ())


def test_a_plan_counts_a_page_once(site: Site, tmp_path: Path) -> None:
    source = source_of(site, urls=(site.base + "/新/1.html",))
    with Ledger(tmp_path) as ledger:
        found = site.base + "/%E6%96%B0/1.html"
        ledger.add_links(source.name, [(found, url_key(found))], None, later()())
        ledger.commit()
    (gap,) = find_gaps([source], tmp_path)
    assert (gap.missing, gap.requests) == ((found,), 1)
