"""What is due, and what the last visit of each URL said: SQLite beside the archive, rebuildable from it.

The archive is the truth of what happened; the ledger only remembers it in a handy form. Writes
stay in one transaction until `commit`, which belongs after `Writer.flush`: so the archive may be ahead
of the ledger, never behind, and `catch_up` (done on entering) reads in what a killed run left behind.

What is remembered of URLs stands here, a row each (urlstate.py, urlrow.py); of hosts in hostmemory.py, of days in
daily.py, for backfills in backlog.py, of URLs that are one page in twinmemory.py.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from pipeline.archive import cdxj, index, warc
from pipeline.archive.cdxj import Ref
from pipeline.archive.exchange import Earlier
from pipeline.archive.plausible import believed
from pipeline.archive.store import lock, path_of
from pipeline.archive.withdrawn import run_of, standing, withdrawn
from pipeline.crawl import daily, hostmemory, urlrow
from pipeline.crawl.backlog import Backlog
from pipeline.crawl.database import FILE, LedgerError, opened, refusal
from pipeline.crawl.history import MISSING, next_state
from pipeline.crawl.hostmemory import Host
from pipeline.crawl.states import next_due
from pipeline.crawl.twinmemory import FIRST, NAMES, SAME, Twins, said
from pipeline.crawl.twins import Rule
from pipeline.crawl.urlstate import AHEAD, LISTS, UrlState, is_ahead, set_back
from pipeline.records import SETTLED, USABLE, Capture, Kind, Outcome, Place
from pipeline.web.urls import same_site, url_key

_FOUND = (
    "INSERT INTO url (key, url, source, kind, via, part_of, first_seen, next_due)"
    " VALUES (:key, :url, :source, :kind, :via, :part_of, :at, :at) ON CONFLICT DO NOTHING"
)
"""A link that was not known yet."""
ASKED = 500
"""Keys that are looked up at once."""

_OWING = (
    "SELECT article FROM owed LEFT JOIN url AS part ON part.key = owed.part"
    " WHERE part.key IS NULL OR part.next_due <= :now"
)
"""Keys of the articles whose next part is to be asked for, for the first time or again."""

_RELEASE = "UPDATE url SET twin_of = NULL, next_due = ? WHERE twin_of = ? AND twin_rule IS NULL"
"""What is due again: it was the same page as one that changed, and nobody knows whether it did too."""

_REVIVED = (
    "UPDATE url SET next_due = :at WHERE source = :source AND failing_since > :before AND fails > 1"
    " AND next_due > :at"
)
"""What has failed again and again since before nothing of its source was usable, and never before that."""

MAX_SAME = 20
"""So many pages with one body are looked at (ours): they show what their addresses differ by."""
_HOLDING = f"{urlrow.GET} WHERE good_digest = ? AND good_id = ? LIMIT 1"
_SAME_BODY = (
    f"SELECT key FROM url WHERE good_digest = ? AND kind = '{Kind.PAGE}' AND good_id IS NOT NULL AND key <> ?"
    f" ORDER BY good_at, first_seen, key LIMIT {MAX_SAME}"
)

STILL_PAGES, STILL_SHARE, STILL_STRETCH, WATCHED_LOOKS = 100, 0.01, 2.0, 4
"""So many articles of a source that were looked at so often, for two days, and of which less than this share ever
changed: then the looks lie twice as far apart, up to 60 days (ours). It is seen once a run."""
_WATCHED = (
    "SELECT count(*), sum(last_change > first_seen) FROM url WHERE source = ? AND kind = ? AND looks >= ?"
    " AND last_ok IS NOT NULL"
)

STATES = 4096
"""Rows of `url` that a writer keeps at hand."""

EVER = datetime.max.replace(tzinfo=UTC)
"""A time at which everything that will ever come up again is due."""

NEVER = datetime.fromtimestamp(0, UTC)
"""The time of the newest visit where there was none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A URL whose next visit has come."""

    url: str
    """Fetch form."""
    url_key: str
    """Identity."""
    kind: str
    """page, feed, sitemap or listing."""
    via: str | None
    """Where it was found."""
    part_of: str | None
    """url_key of part 1."""
    looks: int
    """Visits so far; 0: never fetched."""


def due_of(state: UrlState) -> Due:
    """A URL as it is asked for."""
    return Due(
        url=state.url,
        url_key=state.key,
        kind=state.kind,
        via=state.via,
        part_of=state.part_of,
        looks=state.looks,
    )


class Ledger:
    """The open ledger of one archive; used as a context manager, after the Writer was entered.

    With `read_only`, for those who are no writer: a copy in memory, so that the folder stays as it is and
    the ledger may be behind, or missing. `in_place` is for `lookup.looked_up`.
    """

    def __init__(self, raw: Path, *, read_only: bool = False, in_place: bool = False) -> None:
        self.raw = raw
        self._db = opened(raw, read_only=read_only, in_place=in_place)
        self.newest = self._newest() if read_only else NEVER
        """Time of the newest visit or link that was known on entering."""
        self.twins = Twins(self._db, self._write_beside)
        """What is known of URLs that are one page."""
        self.daily = daily.Days(self._db, self._write)
        """What the visits of each day came to."""
        self.backlog = Backlog(self._db, self._write)
        """What backfills found, and how far back they read."""
        self._well: dict[str, str] = {}
        self._states: dict[str, UrlState] | None = None if read_only else {}
        """Some rows of `url` as they stand, for the one writer: a visit asks for its own again and again."""
        self._stretches: dict[str, float] = {}
        self._owes: bool | None = None
        """Whether any article may owe a part; None: not looked up yet."""

    def __enter__(self) -> Ledger:
        self.catch_up()
        self.newest = self._newest()
        return self

    def _newest(self) -> datetime:
        told = self._db.execute("SELECT max(coalesce(last_fetch, first_seen)) FROM url").fetchone()[0]
        return warc.moment(told or "") or NEVER

    def close(self) -> None:
        """Closes the file; what was not committed is lost."""
        self._db.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        self._db.close()

    def check(self) -> str:
        """`ok`, or the first thing that is wrong with the file, or with what stands in it.

        sqlite3.DatabaseError where it does not read to its end (`refusal` tells of what kind that is).
        """
        found = "ok"
        try:
            found = str(self._db.execute("PRAGMA quick_check(1)").fetchone()[0])
            for row in self._db.execute(urlrow.GET):
                urlrow.from_row(row)
            for row in self._db.execute("SELECT host FROM host"):
                self.host(row["host"])
            self.daily.of()
        except (LedgerError, ValueError, TypeError) as error:
            return found if found != "ok" else str(error)
        return found

    def commit(self) -> None:
        """Makes everything recorded since the last commit durable; call it after `Writer.flush`."""
        self.daily.keep()
        if self._db.in_transaction:
            self._db.execute("COMMIT")

    def _write(self, sql: str, values: Iterable[object] | Mapping[str, object] = ()) -> int:
        """Write in the transaction that is open or begins; returns how many rows were."""
        if not self._db.in_transaction:
            self._db.execute("BEGIN")
        return self._db.execute(
            sql, values if isinstance(values, (dict, list, tuple)) else tuple(values)
        ).rowcount

    def _write_beside(self, sql: str, values: Iterable[object] = ()) -> None:
        """Write what may change rows of `url` otherwise than by `_put`."""
        self._forget_states()
        self._write(sql, values)

    def record(
        self,
        capture: Capture,
        *,
        every: float | None = None,
        changed: bool | None = None,
        ref: Ref | None = None,
    ) -> None:
        """Takes in one archived visit: state, validators, and when to look again.

        `ref` is its index row, where the caller has it.
        `every` is the source's interval for lists (seconds). `changed` overrides whether the visit
        showed something new (for a list: other links); None judges by the payload digest. A visit not
        later than the last one known changes nothing but `first_seen`; but what that one remembers of more than
        a day later is set back, since a clock ran ahead then. For a list page add its links
        (`add_links`) before recording it: its validators promise that they were read.
        """
        ref = ref or cdxj.ref_of(capture)
        old = self.state(ref.url_key)
        if old is not None and is_ahead(old, ref.fetched_at):
            self._put(old := set_back(old, ref.fetched_at))
        self._take(ref, old, every, changed)

    def _take(
        self, ref: Ref, old: UrlState | None, every: float | None = None, changed: bool | None = None
    ) -> None:
        """Takes in a visit, given what is remembered of its URL."""
        at = ref.fetched_at
        if ref.kind == Kind.DISCOVERY:
            self.daily.set_links(ref.source, at, ref.links or 0)
        if ref.kind in {Kind.DISCOVERY, Kind.REDIRECT} or _is_aside(ref):
            return
        if old is None or old.last_fetch is None or old.last_fetch < at:
            for what in daily.words_of(ref, old):
                self.daily.count(ref.source, at, what)
            stretch = self._stretch(ref.source) if ref.kind == Kind.PAGE else 1.0
            state = next_state(ref, old, every, changed, stretch)
            if ref.refers_to and ref.outcome == Outcome.OK:
                state = self._pointing(state, ref.refers_to)
            self._put(self._twin(ref, old, state) if ref.kind == Kind.PAGE else state)
            self._revive(ref)
            if ref.kind == Kind.PAGE:
                self._owe(ref)
        elif old.first_seen > at:
            self._put(replace(old, first_seen=at))

    def _twin(self, ref: Ref, old: UrlState | None, state: UrlState) -> UrlState:
        """The state of a page as its visit says what it is another URL of; those that are others of it, too.

        What was taken for its twin by its body alone is asked for again when that changes, or is gone.
        """
        before = old.good_digest if old is not None else None
        has_changed = ref.outcome == Outcome.OK and before not in (None, ref.digest)
        if has_changed or ref.outcome in MISSING:
            self._write_beside(_RELEASE, (warc.iso(ref.fetched_at), ref.url_key))
        if ref.outcome != Outcome.OK or ref.part_of is not None:
            return state
        told = said(ref.twin)
        if told is not None:
            self.twins.heed(told, ref.url_key, ref.source, ref.fetched_at)
            if told.sign == FIRST:
                self.twins.know(told.page, ref.url_key)
        twin_of = told.page if told is not None and told.sign == SAME else None
        page, used = self.twins.fold(ref.url_key)
        if used:
            self.twins.know(page, twin_of or ref.url_key)
        if (state.twin_of, state.twin_rule) == (twin_of, None):
            return state
        state = replace(state, twin_of=twin_of, twin_rule=None)
        return replace(state, next_due=next_due(state))

    def spare(self, due: Due, source: str, page: str, rule: Rule, now: datetime) -> None:
        """Remember that a URL is not asked for, since by a rule it is one of a page that is known."""
        state = self.state(due.url_key) or UrlState(
            key=due.url_key, url=due.url, source=source, kind=due.kind, via=due.via, first_seen=now
        )
        self._put(replace(state, twin_of=page, twin_rule=str(rule), next_due=None))

    def _pointing(self, state: UrlState, id: str) -> UrlState:
        """The state of a URL whose body is another URL's response: a later revisit points at that one too."""
        found = self._db.execute(_HOLDING, (state.good_digest, id)).fetchone()
        names = (name for name in urlrow.COLUMNS if name.startswith("good_"))
        if found is None:
            return replace(state, good_id=None)
        other = urlrow.from_row(found)
        return replace(state, **{name: getattr(other, name) for name in names})

    def same_body(self, digest: str, key: str) -> list[Earlier]:
        """The last good responses of other pages of the same site with this body, the earliest first."""
        found = self._db.execute(_SAME_BODY, (digest, key)).fetchall()
        keys = [row["key"] for row in found if same_site(row["key"], key)]
        return [each for key in keys if (each := self.validators(key)) is not None]

    def _stretch(self, source: str) -> float:
        """By how much the looks at a source's articles lie further apart: it has shown that they do not change."""
        if source not in self._stretches:
            watched, changed = self._db.execute(_WATCHED, (source, Kind.PAGE, WATCHED_LOOKS)).fetchone()
            is_still = watched >= STILL_PAGES and (changed or 0) < STILL_SHARE * watched
            self._stretches[source] = STILL_STRETCH if is_still else 1.0
        return self._stretches[source]

    def _revive(self, ref: Ref) -> None:
        """Make due at once what failed while nothing of the source answered, when something does.

        A site that was away for a month has its lists asked once a week by then: the first of them that answers says
        that the others may too. What failed while others answered has a fault of its own, and waits on.
        """
        if ref.outcome not in USABLE or ref.kind not in (Kind.PAGE, *LISTS) or not ref.status:
            return
        at = warc.iso(ref.fetched_at)
        if ref.source not in self._well:
            sql = "SELECT max(last_ok) FROM url WHERE source = ? AND last_ok < ?"
            self._well[ref.source] = self._db.execute(sql, (ref.source, at)).fetchone()[0] or ""
        before, self._well[ref.source] = self._well[ref.source], at
        if self._write(_REVIVED, {"at": at, "source": ref.source, "before": before}):
            self._forget_states()

    def last_ok(self, source: str, now: datetime) -> datetime | None:
        """The last visit of a source that brought something usable; not what a clock ahead of `now` made up."""
        sql = "SELECT max(last_ok) FROM url WHERE source = ? AND last_ok <= ?"
        found = self._db.execute(sql, (source, warc.iso(now + AHEAD))).fetchone()[0]
        return warc.moment(found or "")

    def coming(self, source: str, kinds: Collection[str], now: datetime) -> Iterator[UrlState]:
        """The URLs of some kinds that will be asked for on their own, the next first, by the clock of `now`."""
        marks = ", ".join("?" * len(kinds))
        where = f"source = ? AND kind IN ({marks}) AND (part_of IS NULL OR kind <> '{Kind.PAGE}')"
        ahead = warc.iso(now + AHEAD)
        if self.newest - AHEAD > now:
            sql = f"{urlrow.GET} WHERE {where} AND coalesce(last_fetch, first_seen) > ?"
            yield from map(urlrow.from_row, self._db.execute(sql, (source, *kinds, ahead)))
        sql = f"{urlrow.GET} WHERE {where} AND next_due IS NOT NULL ORDER BY next_due, key"
        yield from map(urlrow.from_row, self._db.execute(sql, (source, *kinds)))

    def told(self) -> dict[str, str]:
        """The state of each source that was last told, where it was not well."""
        return {row["source"]: row["state"] for row in self._db.execute("SELECT source, state FROM told")}

    def tell(self, states: Mapping[str, str]) -> None:
        """Remembers what is told now, in place of what was."""
        self._write("DELETE FROM told")
        for source, state in states.items():
            self._write("INSERT INTO told VALUES (?, ?)", (source, state))

    def _owe(self, ref: Ref) -> None:
        """Remember the part that was to follow a page, until that one came or is settled."""
        article = ref.part_of or ref.url_key
        if ref.next_part:
            self._write("INSERT OR REPLACE INTO owed VALUES (?, ?)", (article, url_key(ref.next_part)))
            self._owes = True
        elif ref.outcome in USABLE or ref.outcome in SETTLED:
            if self._owes is None:
                self._owes = bool(self._db.execute("SELECT EXISTS (SELECT 1 FROM owed)").fetchone()[0])
            if not self._owes:
                return
            self._write("DELETE FROM owed WHERE article = ?", (article,))

    def _row(self, url_key: str) -> sqlite3.Row | None:
        found: sqlite3.Row | None = self._db.execute(f"{urlrow.GET} WHERE key = ?", (url_key,)).fetchone()
        return found

    def state(self, url_key: str) -> UrlState | None:
        """What is remembered of a URL: its row as a record."""
        if self._states is not None and url_key in self._states:
            return self._states[url_key]
        row = self._row(url_key)
        return None if row is None else self._remembered(urlrow.from_row(row))

    def _remembered(self, state: UrlState) -> UrlState:
        if self._states is not None:
            if len(self._states) >= STATES:
                self._states.clear()
            self._states[state.key] = state
        return state

    def _forget_states(self) -> None:
        """Rows of `url` were changed otherwise than by `_put`."""
        if self._states:
            self._states.clear()

    def _put(self, state: UrlState) -> None:
        """Remembers it in place of what was there: the record as a row."""
        self._remembered(state)
        self._write(urlrow.PUT, urlrow.to_row(state))

    def owner(self, url_key: str) -> str | None:
        """The source that a URL was last visited or found for; None: it is not known."""
        row = self._row(url_key)
        return None if row is None else str(row["source"])

    def due(self, source: str, now: datetime, kinds: Collection[str] = (Kind.PAGE,)) -> list[Due]:
        """URLs of a source whose time has come, longest overdue first; so has that of an article that owes a part.

        Those found at one time come in the order in which they were added.

        A part that failed is tried again when its own time has come. Where a clock ran ahead, what was visited or found
        more than a day later than `now` has come too: it waits for no day that is far away, and what that visit took
        for old or gone is judged again.
        """
        marks = ", ".join(f":kind{n}" for n in range(len(kinds)))
        values = {
            "source": source,
            "now": warc.iso(now),
            **{f"kind{n}": kind for n, kind in enumerate(kinds)},
        }
        has_come = f"next_due <= :now OR fails = 0 AND key IN ({_OWING})"
        if self.newest - AHEAD > now:
            has_come += " OR coalesce(last_fetch, first_seen) > :ahead"
            values["ahead"] = warc.iso(now + AHEAD)
        found = self._db.execute(
            f"{urlrow.GET} WHERE source = :source AND ({has_come}) AND kind IN ({marks}) ORDER BY next_due, rowid",
            values,
        )
        return [due_of(self._remembered(urlrow.from_row(row))) for row in found]

    def validators(self, url_key: str) -> Earlier | None:
        """The last good response of a URL, for a conditional request and for `Writer.write`.

        None when there is none, or its file is no longer in the archive (then fetch anew).
        """
        return self.earlier(self.state(url_key))

    def earlier(self, known: UrlState | None) -> Earlier | None:
        """The same by what is remembered of the URL."""
        if known is None or known.good_id is None or known.good_at is None:
            return None
        file, offset, length = known.good_file, known.good_offset, known.good_length
        if file is None or offset is None or length is None:
            return None
        try:
            path_of(self.raw, file)
        except FileNotFoundError:
            return None
        return Earlier(
            id=known.good_id,
            url=known.good_url or known.url,
            url_key=known.key,
            fetched_at=known.good_at,
            digest=known.good_digest or "",
            place=Place(file=file, offset=offset, length=length),
            etag=known.etag,
            last_modified=known.last_modified,
        )

    def seen(self, url_keys: Collection[str]) -> set[str]:
        """Those of the keys that the ledger knows, fetched or only found."""
        asked, found = list(url_keys), set[str]()
        for start in range(0, len(asked), ASKED):
            some = asked[start : start + ASKED]
            sql = f"SELECT key FROM url WHERE key IN ({', '.join('?' * len(some))})"
            found.update(key for (key,) in self._db.execute(sql, some))
        return found

    def add_links(
        self,
        source: str,
        links: Iterable[tuple[str, str]],
        via: str | None,
        now: datetime,
        kind: str = Kind.PAGE,
        part_of: str | None = None,
    ) -> int:
        """Makes links (URL, URL key) due at once that were not known yet; returns how many."""
        at = warc.iso(now)
        same = {"source": source, "kind": kind, "via": via, "part_of": part_of, "at": at}
        return sum(self._write(_FOUND, same | {"url": url, "key": key}) for url, key in links)

    def shown(self, key: str) -> dict[str, bool]:
        """Keys of the links that the list with this key last showed → whether they had just come (window.py)."""
        found = self._db.execute("SELECT key, fresh FROM shown WHERE list = ?", (key,))
        return {row["key"]: bool(row["fresh"]) for row in found}

    def set_shown(self, key: str, links: Mapping[str, bool]) -> None:
        """Remembers these in their place."""
        self._write("DELETE FROM shown WHERE list = ?", (key,))
        for each, fresh in links.items():
            self._write("INSERT INTO shown VALUES (?, ?, ?)", (key, each, int(fresh)))

    def hasten(self, key: str, seconds: float) -> None:
        """Has a list that was just read come so soon again, where it would come later."""
        state = self.state(key)
        if state is not None and state.interval is not None and state.interval > seconds:
            sooner = replace(state, interval=seconds)
            self._put(replace(sooner, next_due=next_due(sooner)))

    def host(self, host: str) -> Host:
        """What is remembered of a host; an empty record when nothing is."""
        return hostmemory.from_row(host, self._db.execute(hostmemory.GET, (host,)).fetchone())

    def set_host(self, state: Host) -> None:
        """Remembers a host's state in place of what was there."""
        self._write(hostmemory.PUT, hostmemory.to_row(state))

    def moved(self, files: Collection[str]) -> None:
        """Forgets where in these files something lies, since they were written anew: it is asked for as if new."""
        for file in files:
            self._write(
                "UPDATE url SET etag = NULL, last_modified = NULL, good_id = NULL WHERE good_file = ?",
                (file,),
            )
            self._write(
                "UPDATE host SET robots_file = NULL, robots_until = NULL WHERE robots_file = ?", (file,)
            )
        self._forget_states()
        self.commit()

    def forget(self) -> None:
        """Forgets, with the next commit, all that the archive holds as well."""
        self._forget_states()
        self._write("DELETE FROM url WHERE looks > 0")
        self._write("DELETE FROM day WHERE what <> ?", (daily.DUE,))
        self._write("UPDATE host SET robots_file = NULL, robots_until = NULL")
        for table in ("owed", "file", "shown", *NAMES):
            self._write(f"DELETE FROM {table}")

    def catch_up(self) -> int:
        """Takes in the sealed files not yet read to their end; returns how many.

        What withdrawn runs said is forgotten, by forgetting all: the rest is read anew from the archive.
        A list that came and is met here was never seen to be followed up, so its validators are not trusted
        and it is due at once: its links may have been lost with the process.
        """
        self._forget_withdrawn()
        known = {row["name"]: row["sha256"] for row in self._db.execute("SELECT name, sha256 FROM file")}
        files = [each for each in standing(self.raw) if known.get(each.file) != each.sha256]
        if files:
            for day in index.by_day(self.raw, [each.file for each in files]):
                for ref in day:
                    self._take_unfollowed(ref)
            for each in files:
                self._write("INSERT OR REPLACE INTO file VALUES (?, ?)", (each.file, each.sha256))
        self.commit()
        return len(files)

    def _forget_withdrawn(self) -> None:
        """Empty the ledger where it may know of a run that was withdrawn since it was last entered."""
        gone = set(withdrawn(self.raw))
        had = {row["run"] for row in self._db.execute("SELECT run FROM withdrawn")}
        if gone == had:
            return
        self._forget_states()
        for table in ("url", "host", "owed", "file", "day", "shown", *NAMES) if gone - had else ():
            self._write(f"DELETE FROM {table}")
        self._write("DELETE FROM withdrawn")
        for run in sorted(gone):
            self._write("INSERT INTO withdrawn VALUES (?)", (run,))

    def _take_unfollowed(self, ref: Ref) -> None:
        """A visit that may have been cut short before its links were kept, or repeats what is withdrawn."""
        before = self.state(ref.url_key)
        at = believed(ref.file, ref.fetched_at)
        self._take(replace(ref, fetched_at=at), before)
        after = self.state(ref.url_key)
        if at != ref.fetched_at and after is not None and after.good_id == ref.id:
            self._put(after := replace(after, good_at=ref.fetched_at))  # a revisit names what its record says
        is_news = after is not None and (before is None or before.last_fetch != after.last_fetch)
        known = {each.good_id for each in (before, after) if each is not None}
        is_unfounded = ref.refers_to is not None and ref.refers_to not in known
        is_unread = ref.kind in LISTS and ref.outcome in USABLE
        if after is not None and is_news and (is_unread or is_unfounded):
            self._put(replace(after, etag=None, last_modified=None, good_id=None, next_due=at))


def _is_aside(ref: Ref) -> bool:
    """Whether a visit is none of the schedule's: a list that a backfill read, whose links it keeps to itself, or a
    page of another day than it was for, which is as unknown as before."""
    is_list = ref.kind in LISTS and run_of(ref.file).startswith(daily.BY_HAND)
    return is_list or ref.outcome == Outcome.OUTSIDE


def is_whole(raw: Path) -> bool:
    """Whether the ledger of an archive reads to its end; one that is not there yet does.

    BusyError, CorpusError where it cannot be read now: that says nothing of what stands in it.
    """
    try:
        with closing(Ledger(raw, read_only=True)) as ledger:
            return ledger.check() == "ok"
    except LedgerError:
        return False
    except sqlite3.DatabaseError as error:
        told = refusal(raw / FILE, error)
        if isinstance(told, LedgerError):
            return False
        raise told from error


def rebuild(raw: Path) -> int:
    """Makes the ledger again from the archive; returns the number of files read.

    Equal to the live one but for interval history and the validators of lists (which are read anew, so that no link
    is lost): the archive does not say how often a source wanted its lists read. What it does not hold at all is kept
    from the old file, if that reads: links found and not yet fetched, pages that were due, how long sites are left
    alone, what was told. Killed on the way, the old ledger stands.
    """
    with lock(raw):
        if not is_whole(raw):
            for suffix in ("", "-wal", "-shm"):
                (raw / f"{FILE}{suffix}").unlink(missing_ok=True)
        with closing(Ledger(raw)) as ledger:
            ledger.forget()
            return ledger.catch_up()
