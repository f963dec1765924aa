"""The parts of an article: fetched after its first page, in order, and only as far as they go."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.archive.writer import Writer
from pipeline.corpus.build import build
from pipeline.corpus.read import documents
from pipeline.crawl import ledger
from tests.corpus.archives import PLAIN, html, job
from tests.web.loopback import NO_ROBOTS, Page, Site, article, kept, later, run, sitemap, source_of


def test_the_parts_of_an_article_follow_its_first_page(site: Site, tmp_path: Path) -> None:
    def following(path: str) -> str:
        return f"<p><a href='{path}'>下一页</a> <a href='/a/8.html'>下一篇</a></p>"

    site.pages |= {
        "/a/7.html": article(1, following("/a/7_2.html")),
        "/a/7_2.html": article(2, following("/a/7_3.html")),
        "/a/7_3.html": article(3, following("/a/7_4.html")),
        "/a/8.html": article(8),
    }
    site.pages["/a/7_4.html"] = site.pages["/a/7_3.html"]  # the last page again
    urls = [site.base + path for path in ("/a/7_2.html", "/a/7.html")]
    site.pages["/sitemap.xml"] = sitemap(*urls)
    source = source_of(site, sitemaps=(site.base + "/sitemap.xml",))
    visit = run(source, tmp_path)
    assert site.asked()[2:] == ["/a/7.html", "/a/7_2.html", "/a/7_3.html", "/a/7_4.html"]
    first, *parts = kept(tmp_path)
    assert [part.part_of for part in parts] == [first.url_key] * 3
    assert [part.outcome for part in parts] == ["ok", "ok", "repeated_part"]
    assert (visit.fetched, visit.parts, visit.failed) == (3, 3, 1)
    site.log.clear()
    run(source, tmp_path, only_due=False)
    assert site.asked() == ["/sitemap.xml", "/a/7.html", "/a/7_2.html", "/a/7_3.html", "/a/7_4.html"]
    assert [r.status for r in site.log] == [304, 304, 304, 304, 200]
    site.pages["/a/7_2.html"] = article(9)
    run(source, tmp_path, urls=[site.base + "/a/7_2.html"])
    assert kept(tmp_path)[-1].part_of == first.url_key, "named alone, it stays a part"


def test_raw_han_in_the_address_of_a_part_is_sent_as_the_page_is_encoded(site: Site, tmp_path: Path) -> None:
    head = "<meta charset=gbk>"
    first, second = article(1, "<a href='/show.asp?lb=渠&amp;page=2'>下一页</a>", head), article(2, "", head)
    for path, page in (("/show.asp?lb=%C7%FE", first), ("/show.asp?lb=%C7%FE&page=2", second)):
        body = page.body.decode().encode("gbk")
        site.pages[path] = replace(page, body=body, content_type="text/html; charset=gbk")
    run(source_of(site, urls=(site.base + "/show.asp?lb=%C7%FE",)), tmp_path)
    assert [(each.outcome, each.part_of is not None) for each in kept(tmp_path)] == [
        ("ok", False),
        ("ok", True),
    ]


def test_an_article_has_at_most_twenty_parts(site: Site, tmp_path: Path) -> None:
    for n in range(1, 40):
        path = "/a/7.html" if n == 1 else f"/a/7_{n}.html"
        site.pages[path] = article(n, f"<a href='/a/7_{n + 1}.html'>下一页</a>")
    run(source_of(site, urls=(site.base + "/a/7.html",)), tmp_path)
    assert len(site.asked(but=NO_ROBOTS)) == 20


PARTS = ("/a/7.html", "/a/7_2.html", "/a/7_3.html")


def three_parts(site: Site) -> None:
    """An article in three parts."""
    for n, path in enumerate(PARTS, 1):
        following = f"<p><a href='/a/7_{n + 1}.html'>下一页</a></p>" if n < len(PARTS) else ""
        page = html(PLAIN[0].title, PLAIN[n].body).replace(b"</body>", following.encode() + b"</body>")
        site.pages[path] = Page(page)


def flags(folder: Path) -> list[list[str]]:
    """The flags of the published articles that say that a part is missing, after a build."""
    build(job(folder))
    return [[f.name for f in d.flags if f.name == "parts_missing"] for d in documents(folder / "clean")]


@pytest.mark.parametrize("remembered", ["ledger", "rebuilt", "lost"])
@pytest.mark.parametrize("last", [1, 2])
def test_a_part_that_a_killed_run_did_not_fetch_is_owed(
    site: Site, tmp_path: Path, last: int, remembered: str
) -> None:
    three_parts(site)
    whole = site.pages[PARTS[last]]
    site.pages[PARTS[last]] = replace(whole, wait=20.0)
    source = source_of(site, urls=(site.base + PARTS[0],))
    raw = tmp_path / "raw"
    code = f"""
from pathlib import Path
from pipeline.crawl.run import crawl
from pipeline.records import Source
crawl([{source!r}], Path({str(raw)!r}))
"""
    child = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parents[2])
    while PARTS[last] not in site.asked() and child.poll() is None:
        time.sleep(0.01)
    child.kill()
    child.wait()
    site.pages[PARTS[last]] = whole
    site.log.clear()
    with Writer(raw, "repair"):
        pass  # what a run begins with: the torn file is sealed
    assert [c.next_part for c in kept(raw)] == [site.base + path for path in PARTS[1 : last + 1]]
    assert flags(tmp_path) == [["parts_missing"]]
    if remembered == "rebuilt":
        ledger.rebuild(raw)
    elif remembered == "lost":
        (raw / "ledger.sqlite").unlink()
    run(source, raw)
    assert site.asked(but=NO_ROBOTS) == list(PARTS), "at once, and whole, so that its parts stand together"
    assert flags(tmp_path) == [[]]
    (row,) = documents(tmp_path / "clean")
    assert all(PLAIN[n].body[1] in row.extracted for n in (1, 2, 3))
    site.log.clear()
    run(source, raw)
    assert site.asked(but=NO_ROBOTS) == []


def test_a_part_that_failed_is_owed_and_asked_for_when_its_time_has_come(site: Site, tmp_path: Path) -> None:
    three_parts(site)
    whole = site.pages[PARTS[1]]
    site.pages[PARTS[1]] = Page(b"", status=500, etag=False)
    source = source_of(site, urls=(site.base + PARTS[0],))
    raw = tmp_path / "raw"
    run(source, raw)
    assert flags(tmp_path) == [["parts_missing"]]
    site.pages[PARTS[1]] = whole
    site.log.clear()
    with closing(sqlite3.connect(raw / "ledger.sqlite")) as db, db:
        db.execute("UPDATE url SET next_due = NULL WHERE part_of IS NULL")  # itself never due again
    run(source, raw)
    assert site.asked(but=NO_ROBOTS) == [], "an hour after the failure"
    run(source, raw, now=later(hours=2))
    assert site.asked(but=NO_ROBOTS) == list(PARTS)
    assert flags(tmp_path) == [[]]


def test_a_part_that_is_gone_is_owed_no_more(site: Site, tmp_path: Path) -> None:
    three_parts(site)
    del site.pages[PARTS[1]]
    source = source_of(site, urls=(site.base + PARTS[0],))
    run(source, tmp_path / "raw")
    assert flags(tmp_path) == [[]]
    site.log.clear()
    run(source, tmp_path / "raw")
    assert site.asked(but=NO_ROBOTS) == []
