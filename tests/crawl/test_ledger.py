from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.archive.writer import Writer
from pipeline.crawl import database
from pipeline.crawl.database import FILE, LedgerError
from pipeline.crawl.hostmemory import Host
from pipeline.crawl.ledger import Ledger, is_whole, rebuild
from pipeline.errors import BusyError, CorpusError
from pipeline.records import Capture, Place
from tests.archive.archive_cases import START, clock, failure, page, warc_files, write

DAY = timedelta(days=1)


def visit(writer: Writer, ledger: Ledger, capture: Capture, **options: Any) -> Capture:
    """One visit as the crawl takes it: archive, then ledger."""
    done = writer.write(capture, earlier=ledger.validators(capture.url_key))
    ledger.record(done, **options)
    writer.flush()
    ledger.commit()
    return done


def row(raw: Path, key: str) -> dict[str, Any]:
    with sqlite3.connect(raw / "ledger.sqlite") as db:
        db.row_factory = sqlite3.Row
        return dict(db.execute("SELECT * FROM url WHERE key = ?", (key,)).fetchone())


def test_validators_are_those_of_the_last_good_response(tmp_path: Path) -> None:
    with Writer(tmp_path, "run", clock) as writer, Ledger(tmp_path) as ledger:
        assert ledger.validators(page(1).url_key) is None
        first = visit(writer, ledger, page(1))
        known = ledger.validators(first.url_key)
        assert known is not None
        assert (known.etag, known.id, known.place, known.digest) == (
            'W/"1"',
            first.id,
            first.place,
            first.digest,
        )
        visit(writer, ledger, page(1, fetched_at=START + DAY, status=503, outcome="http_error"))
        visit(writer, ledger, page(1, fetched_at=START + 2 * DAY, outcome="blocked"))
        assert ledger.validators(first.url_key) == known
        repeat = visit(writer, ledger, page(1, fetched_at=START + 3 * DAY, status=304, body=b""))
        again = visit(writer, ledger, page(1, fetched_at=START + 4 * DAY))
        assert repeat.refers_to == again.refers_to == first.id
        other = visit(writer, ledger, page(1, fetched_at=START + 5 * DAY, body=b"<p>new</p>"))
        assert (now := ledger.validators(first.url_key)) is not None
        assert now.id == other.id
    for path in warc_files(tmp_path):
        path.unlink()
    with Ledger(tmp_path) as ledger:
        assert ledger.validators(first.url_key) is None


def test_links_found_are_due_once_and_known_ones_are_left_alone(tmp_path: Path) -> None:
    with Writer(tmp_path, "run", clock) as writer, Ledger(tmp_path) as ledger:
        visit(writer, ledger, page(1))
        links = [(page(n).url, page(n).url_key) for n in (1, 2, 3)]
        assert ledger.add_links("example", links, "https://news.example/", START) == 2
        assert ledger.add_links("example", links, "https://news.example/", START) == 0
        due = ledger.due("example", START)
        assert [(each.url, each.via, each.looks) for each in due] == [
            (page(2).url, "https://news.example/", 0),
            (page(3).url, "https://news.example/", 0),
        ]
        assert ledger.due("other", START) == []
        assert ledger.due("example", START, kinds=("feed",)) == []
        assert ledger.seen([page(2).url_key, page(9).url_key]) == {page(2).url_key}


def test_what_was_not_committed_is_not_there(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.add_links("example", [(page(1).url, page(1).url_key)], None, START)
        ledger.commit()
        ledger.add_links("example", [(page(2).url, page(2).url_key)], None, START)
    with Ledger(tmp_path) as ledger:
        assert [each.url for each in ledger.due("example", START)] == [page(1).url]


@pytest.mark.parametrize(
    ("days", "gone"), [((0, 3), False), ((0, 7), True), ((0, 1, 6), False), ((0, 8), True), ((0,), False)]
)
def test_missing_twice_a_week_apart_is_gone(tmp_path: Path, days: tuple[int, ...], gone: bool) -> None:
    with Writer(tmp_path, "run", clock) as writer, Ledger(tmp_path) as ledger:
        for number in days:
            missing = page(1, fetched_at=START + number * DAY, status=404, outcome="gone", body=b"")
            visit(writer, ledger, missing)
        assert bool(row(tmp_path, page(1).url_key)["gone"]) is gone
        last = START + days[-1] * DAY
        assert (ledger.due("example", last + 8 * DAY) == []) is gone
        assert len(ledger.due("example", last + 30 * DAY)) == 1, "once a month all the same"


def test_a_page_that_comes_back_is_not_gone(tmp_path: Path) -> None:
    with Writer(tmp_path, "run", clock) as writer, Ledger(tmp_path) as ledger:
        for number, changes in enumerate([{"status": 404, "outcome": "gone", "body": b""}, {}] * 2):
            visit(writer, ledger, page(1, fetched_at=START + 8 * number * DAY, **changes))
    kept = row(tmp_path, page(1).url_key)
    assert (kept["gone"], kept["fails"], kept["missing_since"]) == (0, 0, None)


@pytest.mark.parametrize(("outcome", "hours"), [("timeout", (1, 2, 4)), ("not_html", (168, 168, 168))])
def test_failures_wait_longer_each_time(tmp_path: Path, outcome: str, hours: tuple[int, ...]) -> None:
    at = START
    with Writer(tmp_path, "run", clock) as writer, Ledger(tmp_path) as ledger:
        for wait in hours:
            visit(writer, ledger, failure(1, outcome, fetched_at=at))
            assert ledger.due("example", at + 0.9 * timedelta(hours=wait) - timedelta(seconds=1)) == []
            at += timedelta(hours=wait)
            assert len(ledger.due("example", at)) == 1


def test_lists_come_up_by_their_interval_and_whether_they_changed(tmp_path: Path) -> None:
    feed = "https://news.example/feed.xml"
    waits = []
    with Writer(tmp_path, "run", clock) as writer, Ledger(tmp_path) as ledger:
        for number, changed in enumerate([True, False, False, True]):
            at = START + number * DAY
            seen = page(1, kind="feed", url=feed, url_key=feed, final_url=feed, fetched_at=at)
            visit(writer, ledger, seen, every=7200.0, changed=changed)
            waits.append(row(tmp_path, feed)["interval"])
        assert [each.url for each in ledger.due("example", START + 9 * DAY, ("feed", "sitemap"))] == [feed]
    assert waits[0] < waits[1] < waits[2] > waits[3]


def test_an_older_visit_moves_only_the_day_it_was_first_seen(tmp_path: Path) -> None:
    with Writer(tmp_path, "run", clock) as writer, Ledger(tmp_path) as ledger:
        visit(writer, ledger, page(1, fetched_at=START + DAY))
        before = row(tmp_path, page(1).url_key)
        visit(writer, ledger, page(1, body=b"<p>older</p>", fetched_at=START))
    after = row(tmp_path, page(1).url_key)
    assert after == before | {"first_seen": "2026-11-01T08:00:00.123456Z"}


def test_an_imported_file_is_known_but_neither_due_nor_a_validator(tmp_path: Path) -> None:
    with Writer(tmp_path, "run", clock) as writer, Ledger(tmp_path) as ledger:
        ledger.record(writer.write(page(1, status=0), resource=True))
        assert ledger.seen([page(1).url_key])
        assert ledger.validators(page(1).url_key) is None
        assert ledger.due("example", START + 99 * DAY) == []


def test_hosts_are_remembered(tmp_path: Path) -> None:
    state = Host(
        host="news.example:8080",
        not_before=START,
        delay=2.5,
        fails=3,
        robots=Place(file="warc/x.warc.gz", offset=1, length=2),
        robots_until=START + DAY,
    )
    with Ledger(tmp_path) as ledger:
        assert ledger.host("news.example:8080") == Host(host="news.example:8080")
        ledger.set_host(state)
        ledger.commit()
    with Ledger(tmp_path) as ledger:
        assert ledger.host("news.example:8080") == state


def test_the_archive_makes_the_same_ledger_again(tmp_path: Path) -> None:
    times = [START]
    with (
        Writer(tmp_path, "run", lambda: times[-1], roll_bytes=2000) as writer,
        Ledger(tmp_path) as ledger,
    ):
        ledger.add_links("example", [(page(1).url, page(1).url_key)], "https://news.example/", START)
        for day in range(4):
            seen = [page(n, fetched_at=START + day * DAY, via="https://news.example/") for n in range(1, 5)]
            seen.append(failure(5, fetched_at=START + day * DAY))
            seen.append(page(6, status=404, outcome="gone", fetched_at=START + day * 3 * DAY))
            seen.append(failure(7, "ok", kind="discovery", links=4))
            for capture in seen:
                times.append(capture.fetched_at)
                visit(writer, ledger, capture)
    keys = [page(number).url_key for number in range(1, 7)]
    live = [row(tmp_path, key) for key in keys]
    assert rebuild(tmp_path) > 1
    assert [row(tmp_path, key) for key in keys] == live


def test_a_list_whose_links_may_be_lost_is_read_anew(tmp_path: Path) -> None:
    feed = "https://news.example/feed.xml"
    write(tmp_path, [page(1, kind="feed", url=feed, url_key=feed, final_url=feed)])
    with Ledger(tmp_path) as ledger:
        assert ledger.validators(feed) is None
        assert [each.url for each in ledger.due("example", START + DAY, ("feed",))] == [feed]


def test_a_copy_to_read_takes_nothing_back_to_the_ledger(tmp_path: Path) -> None:
    links = [(page(n).url, page(n).url_key) for n in (1, 2)]
    with Ledger(tmp_path) as ledger:
        ledger.add_links("example", links[:1], None, START)
        ledger.commit()
    with Ledger(tmp_path, read_only=True) as copy:
        copy.add_links("example", links[1:], None, START)
        copy.commit()
        assert len(copy.due("example", START)) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.sqlite"]
    with Ledger(tmp_path) as ledger:
        assert [each.url for each in ledger.due("example", START)] == [page(1).url]
    with Ledger(tmp_path / "nowhere", read_only=True) as copy:
        assert copy.due("example", START) == []
    assert not (tmp_path / "nowhere").exists()


def test_a_broken_ledger_says_how_to_make_it_anew(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"this is not a database, not at all" * 99)
    for read_only in (False, True):
        with pytest.raises(LedgerError, match="corpus ledger rebuild"):
            Ledger(tmp_path, read_only=read_only)
    rebuild(tmp_path)
    with Ledger(tmp_path) as ledger:
        assert ledger.due("example", START) == []


def test_what_the_archive_does_not_hold_outlives_a_rebuild(tmp_path: Path) -> None:
    rest = Host(host="news.example", not_before=START + DAY, delay=2.0, fails=6)
    with Writer(tmp_path, "run", clock) as writer, Ledger(tmp_path) as ledger:
        visit(writer, ledger, page(1))
        ledger.add_links("example", [(page(2).url, page(2).url_key)], "https://news.example/", START)
        ledger.daily.count("example", START, "due", 3)
        ledger.set_host(replace(rest, robots=Place(file="x", offset=1, length=2), robots_until=START + DAY))
        ledger.tell({"example": "failing"})
        ledger.commit()
    pages = [row(tmp_path, page(n).url_key) for n in (1, 2)]
    rebuild(tmp_path)
    assert [row(tmp_path, page(n).url_key) for n in (1, 2)] == pages
    with Ledger(tmp_path) as ledger:
        assert ledger.host("news.example") == rest, "where its robots.txt lies is not believed"
        assert ledger.told() == {"example": "failing"}
        assert [(each.due, each.new) for each in ledger.daily.of()] == [(3, 1)]


def test_a_rebuild_that_fails_leaves_the_ledger_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, [page(1)])
    with Ledger(tmp_path):
        before = row(tmp_path, page(1).url_key)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Ledger, "_take_unfollowed", killed)
    with pytest.raises(KeyboardInterrupt):
        rebuild(tmp_path)
    assert row(tmp_path, page(1).url_key) == before


@pytest.fixture
def ledger_file(tmp_path: Path) -> Path:
    """The file of a closed ledger of one page."""
    write(tmp_path, [page(1)])
    with Ledger(tmp_path):
        pass
    return tmp_path / FILE


def test_a_ledger_that_another_process_has_is_not_taken_for_damaged(
    tmp_path: Path, ledger_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "WAIT", 0.0)
    with closing(sqlite3.connect(ledger_file, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(BusyError, match="another process has it"):
            Ledger(tmp_path)


def test_a_ledger_that_the_machine_does_not_give_is_left_as_it_is(
    tmp_path: Path, ledger_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ledger_file.read_bytes()
    connected = database._connected
    monkeypatch.setattr(database, "_connected", lambda path: connected(path.parent / "away" / path.name))
    for ask in (is_whole, rebuild):
        with pytest.raises(CorpusError, match=r"left as it is.*corpus ledger rebuild") as told:
            ask(tmp_path)
        assert not isinstance(told.value, LedgerError)
    assert ledger_file.read_bytes() == before


def test_a_writer_that_ends_while_the_ledger_is_copied_takes_nothing_from_the_reader(
    tmp_path: Path, ledger_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected, writers = database._connected, [sqlite3.connect(ledger_file)]
    writers[0].execute("UPDATE url SET fails = 3")
    writers[0].commit()

    def as_it_ends(path: Path) -> sqlite3.Connection:
        db = connected(path)
        while writers:
            writers.pop().close()
        return db

    monkeypatch.setattr(database, "_connected", as_it_ends)
    with closing(Ledger(tmp_path, read_only=True)) as copy:
        known = copy.state(page(1).url_key)
    assert known is not None
    assert known.fails == 3


# -- what fails, and answers again

LISTS = tuple(f"https://news.example/{name}" for name in ("feed.xml", "map.xml"))


def listed(url: str, hours: float, outcome: str = "http_error") -> Capture:
    said: dict[str, Any] = {"kind": "feed", "url": url, "url_key": url, "final_url": url, "outcome": outcome}
    status = 404 if outcome == "gone" else 503
    body = {"status": status, "body": b""} if outcome != "ok" else {"body": f"<rss>{hours}</rss>".encode()}
    return page(1, fetched_at=START + timedelta(hours=hours), **said, **body)


def listed_at(raw: Path, visits: list[tuple[str, float, str]]) -> None:
    """Visits of lists, as (URL, hours, outcome), under a clock that goes with them."""
    hours = [0.0]
    with (
        Writer(raw, "lists", lambda: START + timedelta(hours=hours[-1])) as writer,
        Ledger(raw) as ledger,
    ):
        for url, at, outcome in visits:
            hours.append(at)
            visit(writer, ledger, listed(url, at, outcome), changed=True)


def outage() -> list[tuple[str, float, str]]:
    """Two lists that were well, then down for twelve days."""
    return [(url, 0.0, "ok") for url in LISTS] + [
        (url, 2.0**n, "http_error") for n in range(9) for url in LISTS
    ]


def test_when_one_list_of_a_source_answers_again_the_others_are_due_at_once(tmp_path: Path) -> None:
    listed_at(tmp_path, outage())
    back = START + timedelta(hours=300)
    assert due(tmp_path, back, "feed") == [], "both wait out a week"
    listed_at(tmp_path, [(LISTS[0], 300.0, "ok")])
    assert due(tmp_path, back, "feed") == [LISTS[1]]
    live = [row(tmp_path, url) for url in LISTS]
    rebuild(tmp_path)
    anew = [row(tmp_path, url) for url in LISTS]
    assert anew[1] == live[1] | {"etag": None, "last_modified": None, "good_id": None}, (
        "all but its validators"
    )
    assert anew[0]["failing_since"] is live[0]["failing_since"] is None


def test_a_list_that_fails_alone_is_not_asked_again_by_what_answers(tmp_path: Path) -> None:
    with Writer(tmp_path, "run", clock) as writer, Ledger(tmp_path) as ledger:
        for hours in (1, 2, 4, 8):
            visit(writer, ledger, page(5, fetched_at=START + timedelta(hours=hours, minutes=-1)))
            visit(writer, ledger, listed(LISTS[0], hours))
            visit(writer, ledger, page(5, fetched_at=START + timedelta(hours=hours, minutes=1)))
    assert due(tmp_path, START + timedelta(hours=9), "feed") == []


@pytest.mark.parametrize("outcome", ["http_error", "gone"])
def test_a_list_without_a_page_waits_the_same_in_a_ledger_made_anew(tmp_path: Path, outcome: str) -> None:
    listed_at(tmp_path, [(LISTS[0], float(hours), outcome) for hours in (0, 3, 200)])
    live = row(tmp_path, LISTS[0])
    assert live["next_due"] > "2026-11-09T11"
    rebuild(tmp_path)
    assert row(tmp_path, LISTS[0]) == live


def test_what_is_asked_at_every_visit_and_run_reads_no_whole_table(tmp_path: Path) -> None:
    asked: list[str] = []
    with Ledger(tmp_path) as ledger, Writer(tmp_path, "run", clock) as writer:
        ledger._db.set_trace_callback(asked.append)
        visit(writer, ledger, page(1))
        ledger.last_ok("example", START)
        list(ledger.coming("example", ("page",), START))
        ledger._db.set_trace_callback(None)
        plans = [
            row["detail"]
            for sql in asked
            if sql.startswith(("SELECT", "UPDATE")) and " url" in sql
            for row in ledger._db.execute(f"EXPLAIN QUERY PLAN {sql}")
        ]
    assert len(plans) > 4
    assert [plan for plan in plans if plan.startswith(("SCAN", "SEARCH")) and "USING" not in plan] == []


def test_a_ledger_of_before_a_column_came_gets_it(tmp_path: Path, ledger_file: Path) -> None:
    with sqlite3.connect(ledger_file) as db:
        db.execute("DROP INDEX url_failing")
        db.execute("ALTER TABLE url DROP COLUMN failing_since")
    with Ledger(tmp_path, read_only=True) as copy:
        assert copy.seen([page(1).url_key])
    listed_at(tmp_path, outage())
    assert row(tmp_path, LISTS[0])["failing_since"] == "2026-11-01T09:00:00.123456Z"


# -- when a clock was wrong

YEAR = 400 * DAY
FEED = "https://news.example/feed.xml"


def seen_at(at: datetime, number: int = 1, **changes: Any) -> Capture:
    return page(number, **({"fetched_at": at} | changes))


def feed_at(at: datetime) -> Capture:
    return page(9, kind="feed", url=FEED, url_key=FEED, final_url=FEED, fetched_at=at)


def runs_at(raw: Path, at: datetime, *captures: Capture, **options: Any) -> None:
    """A run of its own whose clock says `at`."""
    with Writer(raw, f"run-{at:%Y%m%d}", lambda: at) as writer, Ledger(raw) as ledger:
        for capture in captures:
            visit(writer, ledger, capture, **options)


def due(raw: Path, now: datetime, kind: str = "page") -> list[str]:
    with Ledger(raw) as ledger:
        return [each.url for each in ledger.due("example", now, (kind,))]


@pytest.mark.parametrize("anew", [False, True])
def test_after_a_crawl_under_a_clock_ahead_everything_of_it_is_due_once(tmp_path: Path, anew: bool) -> None:
    runs_at(tmp_path, START + YEAR, seen_at(START + YEAR), every=3600.0)
    runs_at(tmp_path, START + YEAR, feed_at(START + YEAR), every=3600.0, changed=True)
    if anew:
        rebuild(tmp_path)
    now = START + DAY
    assert due(tmp_path, now) == [page(1).url]
    assert due(tmp_path, now, "feed") == [FEED]
    runs_at(tmp_path, now, seen_at(now, body=b"<p>new</p>"))
    runs_at(tmp_path, now, feed_at(now), every=3600.0, changed=False)
    kept = row(tmp_path, page(1).url_key)
    assert (kept["last_fetch"], kept["first_seen"]) == ("2026-11-02T08:00:00.123456Z",) * 2
    assert kept["next_due"] < "2026-11-05"
    for kind in ("page", "feed"):
        assert due(tmp_path, now + timedelta(minutes=30), kind) == [], "once, not at every run"
        assert len(due(tmp_path, now + timedelta(hours=6), kind)) == 1, "and then by its interval"


def test_links_found_under_a_clock_ahead_are_due(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        ledger.add_links("example", [(page(1).url, page(1).url_key)], None, START + YEAR)
        ledger.commit()
    assert due(tmp_path, START) == [page(1).url]
    runs_at(tmp_path, START, seen_at(START))
    assert row(tmp_path, page(1).url_key)["first_seen"] == "2026-11-01T08:00:00.123456Z"
    assert due(tmp_path, START + timedelta(minutes=30)) == []


def test_what_a_clock_ahead_took_for_gone_is_looked_at_again(tmp_path: Path) -> None:
    missing: dict[str, Any] = {"status": 404, "outcome": "gone", "body": b""}
    runs_at(tmp_path, START, seen_at(START, **missing))
    runs_at(tmp_path, START + 20 * DAY, seen_at(START + 20 * DAY, **missing))
    assert row(tmp_path, page(1).url_key)["gone"] == 1
    assert due(tmp_path, START + DAY) == [page(1).url]
    runs_at(tmp_path, START + DAY, seen_at(START + DAY, **missing))
    kept = row(tmp_path, page(1).url_key)
    assert (kept["gone"], kept["missing_since"]) == (0, "2026-11-01T08:00:00.123456Z")


def test_what_was_gone_before_a_clock_ran_ahead_is_gone_after_it(tmp_path: Path) -> None:
    missing: dict[str, Any] = {"status": 404, "outcome": "gone", "body": b""}
    for at in (START, START + 8 * DAY, START + YEAR, START + 9 * DAY):
        runs_at(tmp_path, at, seen_at(at, **missing))
    assert row(tmp_path, page(1).url_key)["gone"] == 1


def test_a_clock_behind_makes_nothing_gone(tmp_path: Path) -> None:
    missing: dict[str, Any] = {"status": 404, "outcome": "gone", "body": b""}
    for at in (START, START - YEAR, START + DAY):
        runs_at(tmp_path, at, seen_at(at, **missing))
    kept = row(tmp_path, page(1).url_key)
    assert (kept["gone"], kept["missing_since"]) == (0, "2026-11-02T08:00:00.123456Z")


def test_a_clock_that_is_a_day_off_changes_nothing(tmp_path: Path) -> None:
    runs_at(tmp_path, START + DAY, seen_at(START + DAY))
    assert due(tmp_path, START) == []


@pytest.mark.parametrize("anew", [False, True])
def test_an_import_that_lies_about_its_date_keeps_no_page_from_being_visited(
    tmp_path: Path, anew: bool
) -> None:
    lie = datetime(2999, 1, 1, tzinfo=UTC)
    with Writer(tmp_path, "import-example", clock) as writer:
        told = writer.write(seen_at(lie))
    if anew:
        rebuild(tmp_path)
    assert due(tmp_path, START + 2 * DAY) == [page(1).url]
    with Ledger(tmp_path) as ledger:
        known = ledger.validators(page(1).url_key)
    assert known is not None
    assert (known.id, known.fetched_at) == (told.id, lie), "a revisit names the time of the record"
    runs_at(tmp_path, START + 2 * DAY, seen_at(START + 2 * DAY, body=b"<p>new</p>"))
    kept = row(tmp_path, page(1).url_key)
    assert (kept["last_fetch"], kept["looks"]) == ("2026-11-03T08:00:00.123456Z", 2)
