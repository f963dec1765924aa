"""One pace of all who ask a site: a crawl and whoever tries its source beside it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from pipeline.cli.stages import fetch_one
from pipeline.crawl.hostmemory import Host
from pipeline.crawl.ledger import Ledger
from pipeline.crawl.run import crawl
from pipeline.crawl.scout import peek, scout
from pipeline.crawl.turns import FILE, QUEUE, SHORT, Turns
from pipeline.errors import CorpusError
from pipeline.records import Outcome
from pipeline.web.urls import domain
from tests.web.loopback import QUICK, Site, article, feed, sitemap, source_of

BESIDE = """
import json, sys
from pathlib import Path
from pipeline.crawl import turns
from pipeline.crawl.scout import scout
real, taken = turns.Turns.take, []
def take(self, delays, now):
    taken.append(real(self, delays, now))
    return taken[-1]
turns.Turns.take = take
scout(sys.argv[1], allow_private=True, delay=float(sys.argv[3]), beside=Path(sys.argv[2]))
print(json.dumps(taken))
"""


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    with Ledger(tmp_path):
        pass
    return tmp_path


@pytest.fixture
def pair(raw: Path) -> Iterator[tuple[Turns, Turns]]:
    with closing(Turns(raw)) as one, closing(Turns(raw)) as other:
        yield one, other


def test_turns_are_given_one_after_the_other(pair: tuple[Turns, Turns]) -> None:
    one, other = pair
    assert one.take({"example.cn": 2.0}, 100.0) == 100.0
    assert other.take({"example.cn": 2.0}, 100.5) == 102.0
    assert one.take({"example.cn": 2.0}, 101.0) == 104.0, "it waits behind who came first"
    one.end(["example.cn"], 109.0)
    assert other.take({"example.cn": 2.0}, 109.5) == 111.0, "from the end of a slow answer on"
    assert one.take({"example.cn": 2.0}, 200.0) == 200.0


def test_the_longer_delay_holds_between_two_and_its_own_for_each(pair: tuple[Turns, Turns]) -> None:
    one, other = pair
    assert one.take({"example.cn": 10.0}, 100.0) == 100.0
    assert other.take({"example.cn": 1.0}, 100.0) == 110.0
    assert other.take({"example.cn": 1.0}, 110.0) == 111.0
    assert one.take({"example.cn": 10.0}, 111.0) == 121.0


def test_an_address_is_shared_where_the_domains_are_not(pair: tuple[Turns, Turns]) -> None:
    one, other = pair
    assert one.take({"a.cn": 2.0, "address 192.0.2.1": 1.0}, 100.0) == 100.0
    assert other.take({"b.cn": 2.0, "address 192.0.2.1": 1.0}, 100.0) == 101.0
    assert other.take({"c.cn": 2.0, "address 192.0.2.9": 1.0}, 100.0) == 100.0


def test_a_turn_of_before_the_machine_was_started_is_none(pair: tuple[Turns, Turns]) -> None:
    one, other = pair
    one.take({"example.cn": 2.0}, 1000.0 + QUEUE * 2.0 + 1.0)
    assert other.take({"example.cn": 2.0}, 1000.0) == 1000.0


def test_without_a_delay_the_turns_of_others_are_kept_at_once(pair: tuple[Turns, Turns]) -> None:
    one, other = pair
    lanes = {"example.cn": 0.0, "address 192.0.2.1": 0.0}
    for now in (100.0, 100.001, 100.002):
        assert one.take(lanes, now) == now
        one.end(list(lanes), now + 0.0005)
    assert other.take({"example.cn": 5.0}, 100.003) == pytest.approx(105.0, abs=SHORT)
    assert one.take(lanes, 100.004) == pytest.approx(110.0, abs=SHORT), "behind who came first, by its delay"
    one.end(list(lanes), 110.02)
    assert other.take({"example.cn": 5.0}, 110.03) == pytest.approx(115.0, abs=SHORT)


def test_a_crawl_without_a_delay_does_not_write_each_of_its_turns(pair: tuple[Turns, Turns]) -> None:
    one, other = pair
    assert one._db is not None
    before = one._db.total_changes
    for n in range(1000):
        one.take({"example.cn": 0.0}, 100.0 + n / 1000)
        one.end(["example.cn"], 100.0005 + n / 1000)
    assert 1 / SHORT <= one._db.total_changes - before < 3 / SHORT
    assert other.take({"example.cn": 5.0}, 101.0) == pytest.approx(106.0, abs=SHORT)


def test_where_there_is_no_archive_nothing_is_made(tmp_path: Path) -> None:
    with closing(Turns(tmp_path)) as turns:
        assert turns.take({"example.cn": 2.0}, 1.0) == 1.0
        turns.end(["example.cn"], 2.0)
    assert not list(tmp_path.iterdir())


def test_a_file_that_is_none_is_made_anew(raw: Path) -> None:
    (raw / FILE).write_bytes(b"no database, but long enough to be one" * 40)
    with closing(Turns(raw)) as one, closing(Turns(raw)) as other:
        one.take({"example.cn": 2.0}, 100.0)
        assert other.take({"example.cn": 2.0}, 100.0) == 102.0


def test_without_the_file_each_goes_its_own_pace(raw: Path, caplog: pytest.LogCaptureFixture) -> None:
    (raw / FILE).mkdir()
    with closing(Turns(raw)) as turns:
        assert turns.take({"example.cn": 2.0}, 1.0) == 1.0
    assert "keeps a pace of its own" in caplog.text


def test_who_tries_a_site_beside_its_crawl_takes_turns_with_it(
    site: Site, raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    delay, others = 0.2, 0.3
    pages = [f"/{part}/{n}.html" for part in ("crawled", "tried") for n in range(12)]
    site.pages |= {each: article(n) for n, each in enumerate(pages)}
    site.pages["/map.xml"] = sitemap(*(site.base + each for each in pages[:12]))
    site.pages["/feed.xml"] = feed(*(site.base + each for each in pages[12:]))
    site.pages["/"] = replace(
        article(99), body=b'<link rel=alternate type="application/rss+xml" href="/feed.xml">'
    )
    taken: list[float] = []
    real = Turns.take

    def take(turns: Turns, delays: Mapping[str, float], now: float) -> float:
        taken.append(real(turns, delays, now))
        return taken[-1]

    monkeypatch.setattr(Turns, "take", take)
    source = source_of(site, sitemaps=(site.base + "/map.xml",), delay=delay)
    line = [sys.executable, "-c", BESIDE, site.base + "/", str(raw), str(others)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as child:
        while not site.log and child.poll() is None:
            time.sleep(0.005)
        crawl([source], raw, limits=QUICK)
        tried: list[float] = json.loads(child.communicate()[0])
    together = sorted([*taken, *tried])
    assert len(tried) >= 7
    assert len(taken) >= 14
    assert len(together) == len(site.log)
    mixed = [a for a, b in pairwise(together) if (a in tried) != (b in tried)]
    assert len(mixed) >= 2, "neither waits for the other to end"
    least = {at: delay if at in taken else others for at in together}
    for one, two in pairwise(together):
        wait = (max if (one in tried) != (two in tried) else min)(least[one], least[two])
        assert two - one >= wait - 1e-6
    arrived = sorted(each.at for each in site.log)
    assert all(at >= turn for at, turn in zip(arrived, together, strict=True)), "nobody comes before its turn"


def test_a_page_that_is_tried_waits_for_the_turn_the_crawl_took(
    site: Site, raw: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.pages["/1.html"] = article(1)
    waits: list[float] = []
    real = Turns.take

    def take(turns: Turns, delays: Mapping[str, float], now: float) -> float:
        waits.append(real(turns, delays, now) - now)
        return now

    source = source_of(site, delay=50.0)
    with closing(Turns(raw)) as crawls:
        monkeypatch.setattr(Turns, "take", take)
        crawls.take({domain(site.base): 50.0}, time.monotonic())
        fetched = fetch_one(site.base + "/1.html", replace(source, delay=0.0), "a-test/1.0", raw)
    assert fetched.outcome == Outcome.OK
    assert waits[1] > 30.0


def test_a_site_that_asked_to_be_left_alone_is_not_tried(site: Site, raw: Path) -> None:
    site.pages["/1.html"] = article(1)
    until = datetime.now(UTC) + timedelta(hours=2)
    with Ledger(raw) as ledger:
        ledger.set_host(Host(host=site.base.removeprefix("http://"), not_before=until))
        ledger.commit()
    found = scout(site.base + "/", allow_private=True, delay=0.0, beside=raw)
    assert found.answer.outcome == Outcome.DEFERRED
    assert "left alone until" in found.notes[0]
    source = source_of(site, urls=(site.base + "/1.html",))
    with pytest.raises(CorpusError, match="left alone until"):
        fetch_one(site.base + "/1.html", source, "a-test/1.0", raw)
    assert peek([source], beside=raw)[0].links == 0
    assert site.log == []


def test_ports_of_one_address_share_its_pace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[tuple[float, str]] = []
    real = Turns.take

    def take(turns: Turns, delays: Mapping[str, float], now: float) -> float:
        turn = real(turns, delays, now)
        taken.append((turn, next(lane for lane in delays if not lane.startswith("address "))))
        return turn

    monkeypatch.setattr(Turns, "take", take)
    with ExitStack() as stack:
        sites = [stack.enter_context(Site()) for _ in range(5)]
        for each in sites:
            each.pages["/1.html"] = article(1)
        sources = [
            source_of(each, name=f"port{n}", urls=(each.base + "/1.html",), delay=0.2)
            for n, each in enumerate(sites)
        ]
        runs = crawl(sources, tmp_path, limits=QUICK)
    assert [told.fetched for told in runs] == [1] * 5
    assert len({lane for _, lane in taken}) == 5
    assert all(b - a >= 0.1 - 1e-6 for (a, _), (b, _) in pairwise(sorted(taken)))
