"""How every source stands: its state, since when, its last good days, what comes next, and what is new in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from pipeline.archive import blocklist
from pipeline.archive.blocklist import Blocklist
from pipeline.corpus.held import Held, read_held
from pipeline.corpus.read import list_versions, version_folder
from pipeline.corpus.yields import DayYield, daily_yields
from pipeline.crawl.ledger import Ledger
from pipeline.crawl.lookup import looked_up
from pipeline.crawl.scope import scope_of
from pipeline.crawl.upcoming import ListOff, lists_off, upcoming
from pipeline.crawl.urlstate import AHEAD
from pipeline.health import NEW, WELL, Finding, Past, judge, pasts, state_of
from pipeline.health.acks import Ack
from pipeline.health.past import WEEKS
from pipeline.records import Source

WEEK = timedelta(days=7)

SPAN = timedelta(weeks=2 * WEEKS)
"""How far back days are read: a source that has been silent for WEEKS is still compared with the weeks before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStatus:
    """How one source stands."""

    source: str
    """Its name."""
    state: str
    """A name of health.STATES, `well`, or `new`: nothing was asked of it yet."""
    since: date | None = None
    """First day (UTC) of the state."""
    findings: tuple[Finding, ...] = ()
    """All that is not as usual, the gravest first."""
    last_good: datetime | None = None
    """The last visit that brought something usable."""
    last_new: date | None = None
    """The last day (UTC) with a new article."""
    next_due: datetime | None = None
    """When the first of its lists and pages is asked again; a time that is over: in the next run."""
    backing_off_until: datetime | None = None
    """The same time where it is not asked before because it failed, or because its site asked to be left alone."""
    waits: str = ""
    """What it waits for, in words; "": it is asked in the next run."""
    lists_off: tuple[ListOff, ...] = ()
    """Those of its lists that do not answer as they should."""
    held: str | None = None
    """Why its new rows are held back."""
    learned: tuple[str, ...] = ()
    """How its sites write one page under several URLs, and how many of these are not fetched, in words."""
    acknowledged: Ack | None = None
    """That somebody knows, and has said so."""
    weeks: tuple[int, ...] = ()
    """New articles of the last WEEKS weeks, oldest first."""

    @property
    def is_unwell(self) -> bool:
        """Whether somebody is to look at it."""
        return self.state not in (WELL, NEW) and self.acknowledged is None

    @property
    def told(self) -> str:
        """The findings in words, the state's own first."""
        return "; ".join(each.told for each in self.findings)


def read_status(
    sources: Sequence[Source],
    raw: Path,
    clean: Path,
    acks: Mapping[str, Ack],
    now: datetime,
    today: date | None = None,
    yields: Sequence[DayYield] | None = None,
) -> tuple[SourceStatus, ...]:
    """How each source stands, in the order given, by the ledger and the newest version; writes nothing.

    `now` is what next visits are judged by. `today` (UTC) is the day of the judgement, None: the last on which anything
    was asked, as far as `now` believes it: days that a clock ahead has left say nothing. An archive without a ledger,
    or no version yet, says nothing of its half. `yields` are those of the newest version, of SPAN at least, where they
    were read already.
    """
    blocked = blocklist.read(raw)

    def stand(ledger: Ledger) -> tuple[SourceStatus, ...]:
        return _statuses(sources, ledger, clean, blocked, acks, now, today, yields)

    return looked_up(raw, stand)


def _statuses(
    sources: Sequence[Source],
    ledger: Ledger,
    clean: Path,
    blocked: Blocklist,
    acks: Mapping[str, Ack],
    now: datetime,
    today: date | None,
    yields: Sequence[DayYield] | None,
) -> tuple[SourceStatus, ...]:
    asked_on = ledger.daily.asked_on()
    today = today or last_day(asked_on, now)
    since = today - SPAN if asked_on else today
    if yields is None:
        folder = version_folder(clean) if list_versions(clean) else None
        yields = daily_yields(folder, since) if folder is not None else []
    held = {each.source: each for each in read_held(clean)}
    # the days of all of them, for one source too: those on which this machine was cut off count for none
    since_then = (each for each in yields if each.day >= since)
    past = pasts(ledger.daily.of(since), since_then, (s.name for s in sources), today)
    learned: dict[str, list[str]] = defaultdict(list)
    for rule in sorted(ledger.twins.rules(), key=lambda each: -each.spared):
        learned[rule.source] += rule.told
    statuses = []
    for each in sources:
        off = lists_off(each, ledger, now)
        gone = {each.url: each.since.date() for each in off if each.state == "gone"}
        known_of_it = replace(past[each.name], gone=gone)
        next_one = upcoming(each, scope_of(each, blocked), ledger, now)
        status = _status(known_of_it, held.get(each.name), acks.get(each.name), each.name)
        statuses.append(
            replace(
                status,
                last_good=ledger.last_ok(each.name, now),
                next_due=next_one.at,
                backing_off_until=next_one.at if next_one.is_off else None,
                waits="" if next_one.at is not None and next_one.at <= now else next_one.words(now),
                lists_off=off,
                learned=tuple(learned[each.name]),
            )
        )
    return tuple(statuses)


def last_day(days: Iterable[date], now: datetime) -> date:
    """The last of some days that is no later than tomorrow; the last of all where each is: then it is now that errs."""
    known = sorted(days)
    return max(
        (each for each in known if each <= (now + AHEAD).date()), default=known[-1] if known else date.min
    )


def _status(past: Past, held: Held | None, ack: Ack | None, name: str) -> SourceStatus:
    """What its days and documents say of a source."""
    if held is not None:
        past = replace(past, held=(held.since.astimezone(UTC).date(), held.why))
    findings = judge(past)
    state = state_of(past, findings)
    return SourceStatus(
        source=name,
        state=state,
        since=findings[0].since if findings else None,
        findings=findings,
        last_new=max((each.day for each in past.days if each.new), default=None),
        held=held.why if held is not None else None,
        acknowledged=ack if ack is not None and ack.holds(state, past.today) else None,
        weeks=_weekly(past),
    )


def _weekly(past: Past) -> tuple[int, ...]:
    weeks = [0] * WEEKS
    for each in past.days:
        back = (past.today - each.day) // WEEK
        if back < WEEKS:
            weeks[WEEKS - 1 - back] += each.new
    return tuple(weeks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """That a source stands otherwise than it was last told."""

    source: str
    before: str
    """The state last told; `well` where none was."""
    now: SourceStatus

    @property
    def is_worse(self) -> bool:
        """Whether it is unwell now, and nobody knows."""
        return self.now.is_unwell

    @property
    def words(self) -> str:
        """The change in a line."""
        if self.now.state in (WELL, NEW):
            return f"{self.source} is well again (it was {self.before})"
        since = f" since {self.now.since}" if self.now.since else ""
        return f"{self.source} is {self.now.state}{since}: {self.now.told}"


def changes(told: Mapping[str, str], statuses: Iterable[SourceStatus]) -> tuple[Change, ...]:
    """What is to be told: sources whose state is another one than `told`, unless somebody acknowledged it."""
    return tuple(
        Change(source=each.source, before=told.get(each.source, WELL), now=each)
        for each in statuses
        if each.acknowledged is None and _word(each) != told.get(each.source, WELL)
    )


def to_remember(statuses: Iterable[SourceStatus]) -> dict[str, str]:
    """What is told once `changes` has been: source → state; those that are well are left out.

    An acknowledged state is remembered as such, so that it is told again when that ends before the state does.
    """
    return {
        each.source: f"{each.state}, acknowledged" if each.acknowledged else each.state
        for each in statuses
        if _word(each) != WELL
    }


def _word(status: SourceStatus) -> str:
    return WELL if status.state == NEW else status.state
