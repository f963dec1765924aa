"""How sources stand by a real ledger and version, what is told once, and what somebody acknowledged."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from pipeline import runs
from pipeline.archive.writer import Writer
from pipeline.cli import main
from pipeline.corpus.build import build
from pipeline.crawl.hostmemory import Host
from pipeline.crawl.ledger import Ledger
from pipeline.errors import UsageError
from pipeline.health import standing
from pipeline.health.acks import Ack, read_acks, write_acks
from pipeline.health.status import SourceStatus
from pipeline.records import Capture
from pipeline.runs import Folders, RunReport
from tests.archive.archive_cases import START
from tests.corpus.archives import job, story_page

FEED = "https://news.example/feed.xml"
DAYS = 10
NOW = START + timedelta(days=DAYS - 1, hours=7)
TODAY = START.date() + timedelta(days=DAYS - 1)


def visits(source: str, days: Sequence[int], outcome: str = "ok") -> Iterator[Capture]:
    """Two visits of a feed a day, with a new page on each day they bring something."""
    for day in days:
        at = START + timedelta(days=day)
        for hour in (0, 6):
            body = f"<rss>{day} {hour}</rss>".encode() if outcome == "ok" else b""
            url = FEED.replace("news", source)
            feed = story_page(0, source=source, kind="feed", url=url, url_key=url, final_url=url)
            status = 200 if outcome == "ok" else 503
            yield replace(
                feed,
                fetched_at=at + timedelta(hours=hour),
                body=body,
                outcome=outcome,
                status=status,
                headers=(),
            )
        if outcome == "ok":
            url = f"https://{source}.example/a/{day}.html"
            yield story_page(day % 12, source=source, url=url, url_key=url, final_url=url, fetched_at=at)


def keep(raw: Path, captures: Sequence[Capture], at: datetime = START) -> None:
    with Writer(raw, "run", lambda: at) as writer, Ledger(raw) as ledger:
        for capture in captures:
            ledger.record(writer.write(capture), every=6 * 3600.0)
        writer.flush()
        ledger.commit()


@pytest.fixture
def where(tmp_path: Path) -> Folders:
    (tmp_path / "sources").mkdir()
    for name in ("news", "blog", "later"):
        address = FEED.replace("news", name)
        (tmp_path / f"sources/{name}.toml").write_text(
            f'home = "https://{name}.example/"\nfeeds = ["{address}"]\n'
        )
    keep(
        tmp_path / "raw",
        [
            *visits("news", range(DAYS - 2)),
            *visits("news", range(DAYS - 2, DAYS), "http_error"),
            *visits("blog", range(DAYS)),
        ],
    )
    build(job(tmp_path))
    return Folders(sources=tmp_path / "sources", raw=tmp_path / "raw", clean=tmp_path / "clean")


def by_name(where: Folders) -> dict[str, SourceStatus]:
    return {each.source: each for each in standing.status(where, now=NOW)}


def test_a_source_stands_as_its_days_and_documents_say(where: Folders) -> None:
    found = by_name(where)
    assert {name: each.state for name, each in found.items()} == {
        "news": "failing",
        "blog": "well",
        "later": "new",
    }
    news, blog, later = found["news"], found["blog"], found["later"]
    assert news.since == TODAY - timedelta(days=1)
    assert news.told == "lists: 4 http_error; nothing usable"
    assert news.is_unwell
    assert news.last_good == START + timedelta(days=DAYS - 3, hours=6)
    assert news.last_new == TODAY - timedelta(days=2)
    assert news.next_due == START + timedelta(hours=2), "the first page, which nobody has asked for again"
    assert later.next_due == NOW, "it is asked in the next run"
    assert (news.weeks, blog.weeks) == ((0,) * 6 + (3, 5), (0,) * 6 + (3, 7))
    assert (blog.findings, blog.is_unwell, later.is_unwell, later.last_good) == ((), False, False, None)


def test_a_site_left_alone_is_told_with_what_it_is_left_alone_for(where: Folders) -> None:
    until = START + timedelta(days=DAYS)
    with closing(Ledger(where.raw)) as ledger:
        ledger.set_host(Host(host="news.example", not_before=until, fails=7))
        ledger.set_host(Host(host="other.example", not_before=until))
        ledger.commit()
    news, blog = (by_name(where)[name] for name in ("news", "blog"))
    assert (news.next_due, news.backing_off_until) == (until, until)
    assert news.waits == f"left alone after 7 failures in a row until {until:%Y-%m-%d %H:%M} UTC"
    assert blog.backing_off_until is None
    (feed,) = news.lists_off
    assert (feed.state, feed.fails, feed.outcome) == ("failing", 4, "http_error")
    assert feed.since == START + timedelta(days=DAYS - 2)
    assert blog.lists_off == ()


def test_what_a_clock_ahead_has_left_does_not_blind_the_status(where: Folders) -> None:
    far = 1000
    keep(where.raw, [*visits("blog", [far])], START + timedelta(days=far))
    found = by_name(where)
    assert found["news"].state == "failing", "judged by the last day that can be"
    assert found["blog"].last_new == TODAY
    assert found["blog"].last_good == START + timedelta(days=DAYS - 1)
    assert found["blog"].next_due == NOW, "asked again at once, and in no year that a clock made up"


def test_a_change_is_told_once_and_the_way_back_too(where: Folders) -> None:
    first = runs.look(where, RunReport())
    assert [each.words for each in first.changed] == [
        f"news is failing since {TODAY - timedelta(days=1)}: lists: 4 http_error; nothing usable"
    ]
    assert [each.is_worse for each in first.changed] == [True]
    assert runs.look(where, RunReport()).changed == ()
    keep(where.raw, [*visits("news", [DAYS])])
    back = runs.look(where, RunReport())
    assert [(each.words, each.is_worse) for each in back.changed] == [
        ("news is well again (it was failing)", False)
    ]
    assert runs.look(where, RunReport()).changed == ()


def test_what_is_acknowledged_is_not_told_until_its_day_is_over(where: Folders) -> None:
    standing.acknowledge(where, "news", TODAY, "moved; new addresses asked for")
    news = by_name(where)["news"]
    assert (news.state, news.is_unwell) == ("failing", False)
    assert news.acknowledged == Ack(
        source="news", state="failing", until=TODAY, why="moved; new addresses asked for"
    )
    assert runs.look(where, RunReport()).changed == ()
    keep(where.raw, [*visits("blog", [DAYS]), *visits("news", [DAYS], "http_error")])
    later = runs.look(where, RunReport())
    assert [each.source for each in later.changed] == ["news"]
    keep(where.raw, [*visits("news", [DAYS + 1], "blocked")])
    assert by_name(where)["news"].is_unwell


def test_an_acknowledged_source_that_gets_well_is_told(where: Folders) -> None:
    standing.acknowledge(where, "news", TODAY + timedelta(days=30), "known")
    runs.look(where, RunReport())
    keep(where.raw, [*visits("news", [DAYS])])
    assert [each.words for each in runs.look(where, RunReport()).changed] == [
        "news is well again (it was failing, acknowledged)"
    ]


@pytest.mark.parametrize(
    ("name", "why", "words"),
    [
        ("blog", "known", "blog is well: there is nothing to acknowledge"),
        ("later", "known", "later is new"),
        ("news", "  ", "say why"),
        ("newz", "known", "no source named newz"),
    ],
)
def test_only_a_state_that_is_there_can_be_acknowledged(
    where: Folders, name: str, why: str, words: str
) -> None:
    with pytest.raises(UsageError, match=words):
        standing.acknowledge(where, name, TODAY, why)
    assert read_acks(where.sources) == {}


def test_acknowledgements_are_a_file_for_people(tmp_path: Path) -> None:
    ack = Ack(source="news", state="failing", until=date(2026, 11, 30), why="a\tb\nc")
    write_acks(tmp_path, {"news": ack})
    path = tmp_path / "acknowledged.tsv"
    assert path.read_text() == "source\tstate\tuntil\twhy\nnews\tfailing\t2026-11-30\ta b c\n"
    path.write_text("\ufeff" + path.read_text() + "\nblog\tsilent\t2026-12-01\tholidays\n")
    assert sorted(read_acks(tmp_path)) == ["blog", "news"]
    path.write_text("news failing 2026-11-30 why\n")
    with pytest.raises(UsageError, match=r"acknowledged\.tsv:1: four fields"):
        read_acks(tmp_path)
    path.write_text("news\tfailing\t30.11.2026\twhy\n")
    with pytest.raises(UsageError, match=r"acknowledged\.tsv:1: .*a day like"):
        read_acks(tmp_path)


def test_the_command_says_how_sources_stand(where: Folders, capsys: pytest.CaptureFixture[str]) -> None:
    folders = [f"--sources={where.sources}", f"--raw={where.raw}", f"--clean={where.clean}"]
    assert main(["status", *folders]) == 3
    printed = capsys.readouterr().err
    assert "news: failing since 2026-11-09: lists: 4 http_error; nothing usable." in printed
    assert main(["status", *folders, "--json"]) == 3
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["source"], row["state"], row["unwell"]) for row in told] == [
        ("blog", "well", False),
        ("later", "new", False),
        ("news", "failing", True),
    ]
    assert main(["status", "blog", *folders]) == 0
    assert main(["status", *folders, "--ack", "news"]) == 2
    assert "--ack needs --until" in capsys.readouterr().err
    assert main(["status", *folders, "--ack", "news", "--until", "2026-12-24", "--why", "they move"]) == 0
    assert main(["status", *folders]) == 0
    assert "news: known until 2026-12-24: they move." in capsys.readouterr().err


def test_status_writes_nothing(where: Folders) -> None:
    def everything() -> dict[str, bytes]:
        root = where.raw.parent
        return {str(p): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}

    before = everything()
    standing.status(where)
    assert everything() == before
