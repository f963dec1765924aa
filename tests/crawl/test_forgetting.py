"""What the crawl forgets of a page that was taken down, and that it goes on with all the others."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from pipeline.archive import blocklist
from pipeline.archive.blocklist import Entry, url_hash
from pipeline.archive.reader import read_one
from pipeline.archive.removal import cut
from pipeline.archive.writer import Writer
from pipeline.crawl.backlog import Found, Span, Walked
from pipeline.crawl.forgetting import forget
from pipeline.crawl.gaps import find_gaps
from pipeline.crawl.hostmemory import Host
from pipeline.crawl.ledger import Ledger
from pipeline.crawl.scope import may_lead_to, scope_of, unwanted
from pipeline.records import Capture, Source
from pipeline.web.urls import url_key
from tests.archive.archive_cases import START, clock, page, warc_files
from tests.web.loopback import Page, Site, article, kept, run, sitemap, source_of

GONE = page(1)


def crawled(raw: Path) -> list[Capture]:
    """Three pages, the second found on the first, and a host whose robots.txt lies in the same file."""
    with Writer(raw, "run", clock) as writer, Ledger(raw) as ledger:
        done = [writer.write(each) for each in (page(1), page(2, via=GONE.url), page(3))]
        for each in done:
            ledger.record(each)
        ledger.set_host(Host(host="news.example", robots=done[2].place, robots_until=START, delay=7.0))
        ledger.commit()
    return done


def test_its_row_goes_and_the_others_know_where_they_lie_now(tmp_path: Path) -> None:
    first, *others = crawled(tmp_path)
    (path,) = warc_files(tmp_path)
    file = path.relative_to(tmp_path).as_posix()
    cut(tmp_path, file, [first.id], "T-1", START)
    for _ in range(2):
        forget(tmp_path, {url_hash(first.url_key)}, [first.id], [file])
        with Ledger(tmp_path) as ledger:
            assert ledger.catch_up() == 0, "the file is no news"
            assert ledger.validators(first.url_key) is None
            assert not ledger.seen([first.url_key])
            for other in others:
                known = ledger.validators(other.url_key)
                assert known is not None
                assert read_one(tmp_path, known.place).id == other.id
            host = ledger.host("news.example")
            assert (host.robots, host.robots_until, host.delay) == (None, None, 7.0)


def test_what_it_owed_and_what_was_owed_of_it_is_forgotten_and_nothing_else(tmp_path: Path) -> None:
    first, second, third = crawled(tmp_path)
    keys = [each.url_key for each in (first, second, third)]
    with sqlite3.connect(tmp_path / "ledger.sqlite") as db:
        owed = [(keys[0], f"{keys[0]}?p=2"), (keys[1], keys[0]), (keys[2], f"{keys[2]}?p=2")]
        db.executemany("INSERT INTO owed VALUES (?, ?)", owed)
    forget(tmp_path, {url_hash(first.url_key)}, [first.id], [])
    with sqlite3.connect(tmp_path / "ledger.sqlite") as db:
        assert db.execute("SELECT article FROM owed").fetchall() == [(keys[2],)]


def test_not_a_byte_of_its_address_stays_in_the_file(tmp_path: Path) -> None:
    first, *_ = crawled(tmp_path)
    with Ledger(tmp_path) as ledger:
        ledger.backlog.note(
            [Found(key=c.url_key, url=c.url, source="news", via=first.url) for c in (first, page(2))]
        )
        ledger.backlog.note_walked("news", Span(), Walked(key=first.url_key, older=None, at=START))
        ledger.commit()
    assert first.url.encode() in ledger_bytes(tmp_path)
    forget(tmp_path, {url_hash(first.url_key)}, [first.id], [])
    assert first.url.encode() not in ledger_bytes(tmp_path)
    assert page(2).url.encode() in ledger_bytes(tmp_path)


def ledger_bytes(raw: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(raw.glob("ledger.sqlite*")))


def test_a_list_that_was_cut_out_is_asked_for_without_validators(tmp_path: Path) -> None:
    first, *_ = crawled(tmp_path)
    forget(tmp_path, set(), [first.id], [])
    with Ledger(tmp_path) as ledger:
        assert ledger.seen([first.url_key])
        assert ledger.validators(first.url_key) is None


def test_where_there_is_no_ledger_none_is_made(tmp_path: Path) -> None:
    forget(tmp_path, {url_hash(GONE.url_key)}, [], [])
    assert list(tmp_path.iterdir()) == []
    with sqlite3.connect(tmp_path / "ledger.sqlite"):
        forget(tmp_path, {url_hash(GONE.url_key)}, [], [])


def block(raw: Path, *urls: str) -> None:
    entries = [Entry(ticket="T-1", on=START.date(), kind="url", value=url_hash(url_key(url))) for url in urls]
    blocklist.add(raw, entries)


def test_it_is_not_asked_for_again_however_it_is_found(site: Site, tmp_path: Path) -> None:
    paths = ("/a/1.html", "/a/2.html", "/a/3.html", "/a/3_2.html", "/a/4.html")
    site.pages |= {path: article(n) for n, path in enumerate(paths)}
    site.pages["/a/3.html"] = article(3, "<a href='/a/3_2.html'>下一页</a>")
    site.pages["/a/4.html"] = Page(b"", status=302, headers=(("Location", "/a/1.html"),))
    site.pages["/sitemap.xml"] = sitemap(*(site.base + path for path in paths if path != "/a/3_2.html"))
    block(tmp_path, site.base + "/a/1.html", site.base + "/a/3_2.html")
    named = source_of(site, sitemaps=(site.base + "/sitemap.xml",), urls=(site.base + "/a/1.html",))
    visit = run(named, tmp_path)
    assert "1 links not taken: takedown" in visit.notes
    visit = run(named, tmp_path, urls=[site.base + "/a/1.html"])
    assert list(visit.notes) == ["1 pages not fetched: takedown"]
    run(named, tmp_path, only_due=False)
    assert {"/a/1.html", "/a/3_2.html"}.isdisjoint(site.asked())
    assert {"/a/2.html", "/a/3.html"} <= set(site.asked())
    told = {ref.url for ref in kept(tmp_path)}
    assert {site.base + "/a/1.html", site.base + "/a/3_2.html"}.isdisjoint(told)
    assert (site.base + "/a/1.html").encode() not in ledger_bytes(tmp_path)
    (gap,) = find_gaps([named], tmp_path)
    assert site.base + "/a/1.html" not in gap.missing


def test_naming_it_in_the_source_file_changes_nothing(tmp_path: Path) -> None:
    block(tmp_path, GONE.url)
    source = Source(name="example", home="https://news.example/", urls=(GONE.url,))
    scope = scope_of(source, blocklist.read(tmp_path))
    assert unwanted(scope, GONE.url) == "takedown"
    assert not may_lead_to(scope, GONE.url)
    assert unwanted(scope_of(source), GONE.url) is None
    assert unwanted(scope, page(2).url) is None


def test_what_a_list_showed_is_forgotten_with_the_page(tmp_path: Path) -> None:
    secret, other, shown_by = "https://x.cn/secret", "https://x.cn/other", "https://x.cn/list"
    with Ledger(tmp_path) as ledger:
        ledger.set_shown(shown_by, {secret: True, other: False})
        ledger.commit()
    forget(tmp_path, {url_hash(secret)}, (), ())
    with Ledger(tmp_path) as ledger:
        assert ledger.shown(shown_by) == {other: False}
    assert b"secret" not in (tmp_path / "ledger.sqlite").read_bytes()
