"""One article under 2,000 URLs is fetched a few times, and nothing known is lost: simulations on loopback."""

from __future__ import annotations

import random
import re
import socket
import sqlite3
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline import archive
from pipeline.archive import blocklist
from pipeline.archive.blocklist import Entry, url_hash
from pipeline.archive.removal import cut
from pipeline.crawl import run as crawling
from pipeline.crawl.forgetting import forget
from pipeline.crawl.ledger import EVER, Ledger, rebuild
from pipeline.health.status import read_status
from pipeline.records import Listing, Source
from pipeline.report import health_words
from pipeline.web.urls import url_key
from tests.archive.archive_cases import judge
from tests.web.loopback import NO_ROBOTS, Page, Site, article, kept, later, run, source_of

HOST = "cun-zhuang.cn"
LISTS = ("/list",)


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """The hosts of the village stand at loopback."""
    real = socket.getaddrinfo

    def resolve(host: Any, *rest: Any, **more: Any) -> Any:
        is_ours = isinstance(host, str) and host.endswith(HOST)
        return real("127.0.0.1" if is_ours else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def village(site: Site, path: str, host: str = HOST) -> str:
    return f"http://{host}:{site.base.rpartition(':')[2]}{path}"


def listed(site: Site, *urls: str) -> Source:
    """A source with a list of these URLs."""
    links = "".join(f'<a href="{url}">旧事</a>' for url in urls)
    site.pages["/list"] = Page(links.encode())
    home = village(site, "/")
    return source_of(site, home=home, listings=(Listing(url=village(site, "/list")),), name="village")


def pages_asked(site: Site) -> list[str]:
    return [path for path in site.asked(but=(*NO_ROBOTS, *LISTS)) if "." in path]


class Anything(dict[str, Page]):
    """The pages of a site that knows its articles by what `of` says of a path."""

    def __init__(self, of: Any) -> None:
        super().__init__()
        self.of = of

    def get(self, path: str, other: Any = None) -> Any:
        return super().get(path) or self.of(path) or other


def number(path: str) -> int | None:
    """The article that a path names, however it is written; no others are there."""
    plain = path.partition("?")[0].removeprefix("/amp").removeprefix("/print")
    for way in ("/a/{}.html", "/a/{}/index.html", "/a/{}/"):
        head, _, tail = way.partition("{}")
        digits = plain.removeprefix(head).removesuffix(tail)
        if plain == head + digits + tail and digits.isdecimal() and int(digits) < 100:
            return int(digits)
    return None


MORE = "".join(f"<p>渠修了三年，修到第{n}年冬天才通水，村里人一直记着。</p>" for n in range(9))


def village_page(path: str) -> Page | None:
    found = number(path)
    return article(found, MORE) if found is not None else None


def by_the_last_number(path: str) -> Page | None:
    digits = re.findall(r"\d+", path)
    return article(int(digits[-1]), MORE) if digits and path not in (*NO_ROBOTS, *LISTS) else None


def six_forms(site: Site, n: int, article: int = 1) -> str:
    """The n-th URL of an article."""
    chance = random.Random(n)
    path, host = [
        (f"/a/{article}.html?wid={n}", HOST),
        (f"/a/{article}.html?log_from={chance.getrandbits(40):x}", HOST),
        (f"/a/{article}.html?sid={chance.getrandbits(64):x}", f"m.{HOST}"),
        (f"/amp/a/{article}.html?wid={n}", HOST),
        (f"/print/a/{article}.html?wid={n}", HOST),
        (f"/a/{article}/index.html?wid={n}", HOST),
    ][n % 6]
    return village(site, path, host)


def test_2000_urls_of_one_article_in_six_forms(site: Site, tmp_path: Path) -> None:
    """Day one: some sixty requests; then next to none. All 2,000 are known, and the archive is sound."""
    site.pages = Anything(village_page)
    urls = [six_forms(site, n) for n in range(2_000)]
    source = listed(site, *urls)
    first = run(source, tmp_path)
    asked = len(pages_asked(site))
    assert first.found == 2_000
    assert asked < 100
    for hours in (1, 3, 12):
        run(source, tmp_path, now=later(hours=hours))
    total = len(pages_asked(site))
    assert total < 160
    assert sum("of known pages not fetched" in note for note in first.notes) >= 5
    captures = [each for each in kept(tmp_path) if each.outcome == "ok"]
    bodies = Counter(each.refers_to for each in captures)
    assert bodies[None] == 1, "one body"
    assert {each.body for each in captures} == {article(1, MORE).body}
    judge(tmp_path)
    assert archive.verify(tmp_path) == []
    with Ledger(tmp_path) as known:
        fetched = {each.url_key for each in captures}
        spared = sum(each.spared for each in known.twins.rules("village"))
        assert spared + len(fetched) >= 2_000
        assert known.due("village", later(days=400)()) == known.due("village", EVER)
        assert len(known.due("village", EVER)) <= 6


def rules(raw: Path) -> dict[str, bool]:
    """Rule in words without the port → whether it is believed."""
    with Ledger(raw) as known:
        return {re.sub(r":\d+", "", told.rule.words): told.is_believed for told in known.twins.rules()}


def test_one_body_under_four_urls_is_watched_under_one(site: Site, tmp_path: Path) -> None:
    site.pages = Anything(village_page)
    urls = [village(site, "/a/1.html"), village(site, "/a/1.html", f"m.{HOST}")]
    urls += [village(site, path) for path in ("/amp/a/1.html", "/a/1.html?wid=3")]
    source = listed(site, *urls)
    run(source, tmp_path)
    assert len(pages_asked(site)) == 4
    for hours in (3, 12, 60):
        run(source, tmp_path, now=later(hours=hours))
    assert pages_asked(site)[4:] == ["/a/1.html"] * 3
    site.pages["/a/1.html"] = article(50, MORE)
    run(source, tmp_path, now=later(hours=300))
    site.log.clear()
    run(source, tmp_path, now=later(hours=301))
    assert sorted(pages_asked(site)) == ["/a/1.html", "/a/1.html?wid=3", "/amp/a/1.html"], (
        "do they say the same still?"
    )


def test_what_answers_to_every_address_teaches_nothing_and_all_come_when_it_is_gone(
    site: Site, tmp_path: Path
) -> None:
    """A wall with the length of an article, under paths and queries; the third run meets the articles."""
    wall = article(99, MORE)
    site.pages = Anything(lambda path: wall)
    paths = [f"/a/{n}.html" for n in range(8)] + [f"/show.php?id={n}" for n in range(8)]
    paths += [f"/a/3.html?wid={n}" for n in range(8)]
    source = listed(site, *(village(site, path) for path in paths))
    run(source, tmp_path)
    run(source, tmp_path, now=later(hours=3))
    assert not any(rules(tmp_path).values())
    site.log.clear()
    site.pages = Anything(by_the_last_number)
    listed(site, *(village(site, path) for path in paths))
    for hours in (30, 60, 400):
        run(source, tmp_path, now=later(hours=hours))
    assert set(pages_asked(site)) >= set(paths)


def shop(path: str) -> Page | None:
    """Articles by a key of the query, with one that does not count; each page prints another nonce."""
    found = re.search(r"[?&]id=(\d+)", path)
    nonce = f"<script>var t = '{random.Random(path).random()}'</script>"
    return article(int(found[1]), MORE + nonce, canonical(f"/show.php?id={found[1]}")) if found else None


def canonical(path: str) -> str:
    return f'<link rel="canonical" href="{path}">'


def test_a_declared_address_teaches_where_the_texts_are_one_and_content_keys_stay(
    site: Site, tmp_path: Path
) -> None:
    site.pages = Anything(shop)
    first = [f"/show.php?id={n}{wid}" for n in range(1, 9) for wid in ("", f"&wid={n + 500}")]
    source = listed(site, *(village(site, path) for path in first))
    run(source, tmp_path)
    assert rules(tmp_path) == {f"?wid= on {HOST}/*.php": True}
    more = [f"/show.php?id={n}{wid}" for n in range(20, 29) for wid in ("", f"&wid={n}")]
    listed(site, *(village(site, path) for path in more))
    site.log.clear()
    told = run(source, tmp_path, now=later(hours=7))
    new = [path for path in pages_asked(site) if int(re.findall(r"\d+", path)[0]) >= 20]
    assert sorted(new) == sorted(path for path in more if "wid" not in path)
    assert any("9 URLs of known pages not fetched: ?wid=" in note for note in told.notes)


def test_templates_that_declare_one_address_for_all_articles_teach_nothing(
    site: Site, tmp_path: Path
) -> None:
    """Each article declares an address without the key that names it."""

    def page(path: str) -> Page | None:
        found = re.search(r"[?&]id=(\d+)", path)
        return article(int(found[1]), MORE, canonical("/2026/show.php")) if found else None

    site.pages = Anything(page)
    paths = [f"/2026/show.php?id={n}" for n in range(30)]
    run(listed(site, *(village(site, path) for path in paths)), tmp_path)
    assert sorted(pages_asked(site)) == sorted(paths)
    assert not any(rules(tmp_path).values())


def test_the_twins_of_another_host_are_learned_from_some_articles(site: Site, tmp_path: Path) -> None:
    def page(path: str) -> Page | None:
        found = number(path)
        return (
            article(found, MORE, canonical(village(site, f"/a/{found}.html"))) if found is not None else None
        )

    site.pages = Anything(page)
    both = [(village(site, f"/a/{n}.html"), village(site, f"/a/{n}.html", f"m.{HOST}")) for n in range(20)]
    source = listed(site, *(url for pair in both[:6] for url in pair))
    run(source, tmp_path)
    assert rules(tmp_path) == {f"m.{HOST}/a/*.html is {HOST}": True}
    listed(site, *(url for pair in both for url in pair))
    site.log.clear()
    run(source, tmp_path, now=later(hours=7))
    hosts = Counter(
        each.headers["host"].partition(":")[0] for each in site.log if number(each.path) in range(6, 20)
    )
    assert hosts == {HOST: 14}


def test_a_rule_gone_wrong_is_found_out_and_what_it_spared_is_fetched(site: Site, tmp_path: Path) -> None:
    site.pages = Anything(village_page)
    before = [village(site, f"/a/1.html?wid={n}") for n in range(20)]
    source = listed(site, *before, village(site, "/a/2.html"))
    run(source, tmp_path)
    assert rules(tmp_path) == {f"?wid= on {HOST}/a/*.html": True}
    site.pages = Anything(by_the_last_number)
    listed(site, *before, *(village(site, f"/a/1.html?wid={n}") for n in range(20, 30)))
    site.log.clear()
    for hours in (8 * 24, 8 * 24 + 2):
        run(source, tmp_path, now=later(hours=hours))
    assert rules(tmp_path) == {f"?wid= on {HOST}/a/*.html": False}
    assert {f"/a/1.html?wid={n}" for n in range(6, 30)} <= set(pages_asked(site))


def test_it_can_be_switched_off_and_what_a_person_names_is_fetched(site: Site, tmp_path: Path) -> None:
    site.pages = Anything(village_page)
    urls = [village(site, f"/a/1.html?wid={n}") for n in range(12)]
    source = listed(site, *urls, village(site, "/a/2.html"))
    off = replace(source, twins=False)
    run(off, tmp_path / "off")
    assert len(pages_asked(site)) == 13
    assert rules(tmp_path / "off") == {}
    run(source, tmp_path / "on")
    site.log.clear()
    run(source, tmp_path / "on", urls=[village(site, "/a/1.html?wid=11")], now=later(hours=1))
    assert pages_asked(site) == ["/a/1.html?wid=11"]
    site.log.clear()
    listed(site, village(site, "/a/1.html?wid=40"))
    run(replace(source, urls=(village(site, "/a/1.html?wid=41"),)), tmp_path / "on", now=later(hours=7))
    assert [path for path in pages_asked(site) if "wid=4" in path] == ["/a/1.html?wid=41"]


def told_of(raw: Path) -> list[tuple[object, ...]]:
    with Ledger(raw) as known:
        return [(t.rule, t.source, t.pairs, t.against, t.proved) for t in known.twins.rules()]


def test_what_is_learned_is_made_again_from_the_archive(site: Site, tmp_path: Path) -> None:
    site.pages = Anything(village_page)
    source = listed(site, *(six_forms(site, n) for n in range(60)))
    run(source, tmp_path)
    live = told_of(tmp_path)
    assert live
    rebuild(tmp_path)
    assert told_of(tmp_path) == live
    for path in tmp_path.glob("ledger.sqlite*"):
        path.unlink()
    rebuild(tmp_path)
    assert told_of(tmp_path) == live
    site.log.clear()
    run(source, tmp_path, now=later(hours=7))
    assert len(pages_asked(site)) <= 2


def test_status_tells_what_was_learned(site: Site, tmp_path: Path) -> None:
    site.pages = Anything(village_page)
    source = listed(
        site, *(village(site, f"/a/1.html?wid={n}") for n in range(30)), village(site, "/a/2.html")
    )
    told = run(source, tmp_path / "raw")
    words = (
        f"24 URLs of known pages not fetched: ?wid= on {village(site, '/a/*.html').removeprefix('http://')}"
    )
    assert words + " (learned)" in told.notes
    (status,) = read_status([source], tmp_path / "raw", tmp_path / "clean", {}, datetime.now(UTC))
    assert status.learned == (f"{words}, seen on 5 pairs of them",)
    assert f"village: {status.learned[0]}." in health_words([status])


def test_other_urls_of_a_page_that_was_taken_down_are_not_fetched_and_name_it_nowhere(
    site: Site, tmp_path: Path
) -> None:
    site.pages = Anything(village_page)
    first = village(site, "/a/1.html")
    source = listed(
        site, first, *(village(site, f"/a/1.html?wid={n}") for n in range(12)), village(site, "/a/2.html")
    )
    run(source, tmp_path)
    gone = [each for each in kept(tmp_path) if "/a/1" in each.url]
    (file,) = {each.place.file for each in gone if each.place is not None}
    keys, ids = {url_hash(each.url_key) for each in gone}, [each.id for each in gone]
    blocklist.add(
        tmp_path, [Entry(ticket="T-1", on=date(2026, 11, 30), kind="url", value=key) for key in keys]
    )
    cut(tmp_path, file, ids, "T-1", datetime.now(UTC))
    forget(tmp_path, keys, ids, [file])
    site.log.clear()
    listed(site, *(village(site, f"/a/1.html?wid={n}") for n in range(12, 40)))
    run(source, tmp_path, now=later(hours=7))
    assert not [path for path in pages_asked(site) if "/a/1" in path]
    with Ledger(tmp_path) as known:
        assert len(known.seen([url_key(village(site, f"/a/1.html?wid={n}")) for n in range(40)])) == 35
        assert known.twins.known_under(url_key(first)) is None
    with sqlite3.connect(tmp_path / "ledger.sqlite") as db:
        dump = "\n".join(db.iterdump())
    assert f"'{url_key(first)}'" not in dump


LOST = "<html><head><title>村庄</title></head><body><div>你要看的东西搬家了，去祠堂那边问问吧。{}</div></body></html>"


def lost(path: str) -> Page | None:
    """A site that answers in its own words, with the status 200, that something is not there."""
    return None if path in NO_ROBOTS else village_page(path) or Page(LOST.format(path).encode(), etag=False)


def test_a_notice_in_the_words_of_the_site_is_no_article(site: Site, tmp_path: Path) -> None:
    site.pages = Anything(lost)
    short = "<html><head><title>村庄</title></head><body><div>渠通水了，明天在祠堂开会商量分水。</div></body></html>"
    site.pages["/a/short.html"] = Page(short.encode())
    paths = ("/a/1.html", "/a/700.html", "/a/701.html", "/a/short.html")
    told = run(listed(site, *(village(site, path) for path in paths)), tmp_path)
    assert {each.url.rpartition("/")[2]: each.outcome for each in kept(tmp_path)} == {
        "1.html": "ok",
        "700.html": "soft_gone",
        "701.html": "soft_gone",
        "short.html": "ok",
    }
    assert told.blocked == 2
    assert len(kept(tmp_path, "probe")) == 1
    for days, probes in ((8, 1), (20, 1), (31, 2)):
        named = [village(site, f"/a/{700 + days}.html")]
        run(listed(site), tmp_path, urls=named, now=later(days=days))
        assert len(kept(tmp_path, "probe")) == probes, "once a month"


@pytest.mark.parametrize(
    "page",
    [
        "<title>村庄</title><body><div id=app>正在加载，请稍候片刻再看</div><script>go()</script></body>",
        "<title>lost</title><body>not here</body>",
    ],
)
def test_a_page_that_a_script_fills_is_no_notice(site: Site, tmp_path: Path, page: str) -> None:
    site.pages = Anything(lambda path: None if path in NO_ROBOTS else Page(page.encode()))
    run(listed(site, village(site, "/a/1.html"), village(site, "/a/2.html")), tmp_path)
    assert [each.outcome for each in kept(tmp_path)] == ["ok", "ok"]


def test_what_is_another_url_of_a_known_page_takes_no_place_in_the_quota(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crawling, "MAX_NEW_PAGES", 60)
    site.pages = Anything(village_page)
    source = listed(
        site, *(village(site, f"/a/{n}.html?wid={wid}") for n in range(1, 80) for wid in range(1, 5))
    )
    told = run(source, tmp_path)
    asked = pages_asked(site)
    assert len(asked) == 60, "as many are fetched as a run may, whatever was spared on the way"
    spared = sum(int(note.split()[0]) for note in told.notes if "of known pages" in note)
    assert spared > 60
    (note,) = [note for note in told.notes if note.startswith("quota")]
    left = int(note.split()[1])
    assert 79 * 4 - left - len(asked) == spared
    assert len({re.findall(r"\d+", path)[0] for path in asked}) > 40, "articles, and few of them twice"
