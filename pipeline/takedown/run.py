"""One takedown from its names to its record, and those that were killed brought to their end; the locks are taken here.

lock corpus and archive → repair → find everything → a person approves → journal → carry out
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime

from pipeline import archive
from pipeline.archive import takedowns
from pipeline.archive.blocklist import TICKET
from pipeline.archive.repair import repair_locked
from pipeline.archive.takedowns import Takedown
from pipeline.corpus.job import Job, Progress, locked
from pipeline.errors import CorpusError, NoSpaceError, UsageError
from pipeline.locking import only_writer
from pipeline.takedown import carry_out
from pipeline.takedown.places import Plan, find


@dataclass(frozen=True, slots=True, kw_only=True)
class TakedownReport:
    """What a takedown found and did."""

    plan: Plan
    """Everything that was found."""
    done: Takedown | None = None
    """Its record; None: nothing was done."""


def take_down(
    job: Job,
    names: Sequence[str],
    ticket: str,
    at: datetime,
    *,
    copies: bool,
    approve: Callable[[Plan], bool],
    progress: Progress,
) -> TakedownReport:
    """Take documents down, if `approve` says so of everything that was found.

    UsageError for names that are nowhere or a ticket used before, BusyError while a crawl or a build writes,
    NoSpaceError or CorpusError where the disk fails: then `finish` goes on.
    """
    refuse_ticket(job, ticket)
    with _all_locked(job):
        repair_locked(job.raw)
        plan = find(job, names, ticket, at, copies=copies, progress=progress)
        if plan.empty or not approve(plan):
            return TakedownReport(plan=plan)
        return TakedownReport(plan=plan, done=_carried_out(job, carry_out.begin(job, plan), progress))


def refuse_ticket(job: Job, ticket: str) -> None:
    """UsageError for a ticket that cannot be a file's name, or names another takedown."""
    if not TICKET.fullmatch(ticket):
        raise UsageError(f"--ticket {ticket!r}: letters, digits, dots, hyphens and underscores, at most 64")
    if (before := takedowns.read(job.raw, ticket)) is not None:
        raise UsageError(
            f"ticket {ticket} was carried out on {before.on}; `corpus takedown --verify {ticket}` proves it."
            " Name another ticket for anything else"
        )


def finish(job: Job, ticket: str, progress: Progress) -> None:
    """Go on with a takedown that was killed; BusyError while another process carries it out."""
    with _all_locked(job):
        journal = takedowns.read(job.raw, ticket)
        if journal is not None and not journal.done:
            _carried_out(job, journal, progress)


@contextmanager
def _all_locked(job: Job) -> Iterator[None]:
    """Hold corpus, archive and the work folders in that of the corpus: their builds read shards that may go."""
    with ExitStack() as held:
        held.enter_context(locked(job))
        held.enter_context(archive.lock(job.raw))
        for folder in carry_out.nested(job.work):
            busy = f"{folder}: another corpus is being built in this folder; wait for it to end"
            held.enter_context(only_writer(folder / ".lock", busy))
        yield


def _carried_out(job: Job, journal: Takedown, progress: Progress) -> Takedown:
    try:
        return carry_out.carry_out(job, journal, progress)
    except OSError as error:
        kind = NoSpaceError if error.errno in (errno.ENOSPC, errno.EDQUOT) else CorpusError
        raise kind(
            f"{error.filename or job.raw}: {error.strerror or error}; takedown {journal.ticket} is not done. Its"
            " documents are hidden from readers; the next command that writes goes on with it"
        ) from error
