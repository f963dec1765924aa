"""The crawl half of the funnel: what became of the pages of one source in one run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime

from pipeline.crawl.outage import is_doubtful
from pipeline.records import Capture, Kind, Outcome

CLOCK = "clock: "
"""How a note begins that says that the clock jumped, which is nothing a source did."""

GONE = "{} pages are gone, 404 or 410 for a week: asked again once a month, for a year"
"""The note of a run in which that was found."""

ASIDE = "{} pages that had to be looked at are of other days, and not published"
"""The note of a backfill in which that was so."""

SPARED = "{} URLs of known pages not fetched: {} (learned)"
"""The note of a run in which that was so."""

PRETENDED = frozenset({Outcome.BLOCKED, Outcome.SOFT_GONE})


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRun:
    """The crawl half of the funnel for one source and one run."""

    source: str
    """Name of the source."""
    found: int = 0
    """Addresses not known before."""
    fetched: int = 0
    """Pages that came with a new body, further parts included."""
    unchanged: int = 0
    """Pages that are as they were."""
    blocked: int = 0
    """Block, captcha and error pages that pretended to be the page."""
    failed: int = 0
    """Pages without a usable answer for any other reason."""
    robots: int = 0
    """Pages that robots.txt forbids."""
    skipped: int = 0
    """Pages that are due but were not asked for: their site is left alone, they are more than a run fetches,
    or they are no longer wanted."""
    parts: int = 0
    """Of the pages visited, further parts of an article."""
    answered: bool | None = None
    """Whether any server answered; None: nothing was asked of it, or the network of this machine was down."""
    cut_off: int = 0
    """Visits, robots.txt included, that are forgotten because the network of this machine was down."""
    waiting: str | None = None
    """Where nothing was asked of it: until when, and why; None: something was."""
    next_due: datetime | None = None
    """Where nothing was asked of it: when the first of its lists and pages is; None: never, or something was."""
    outcomes: dict[str, int] = field(default_factory=dict)
    """Outcome word → captures of any kind."""
    pages: dict[str, int] = field(default_factory=dict)
    """The same of pages alone."""
    links: int | None = None
    """Links on the source's lists; None: no list was read anew."""
    refused: str | None = None
    """Why the run's yield is not to be trusted (expect_links)."""
    failed_with: str | None = None
    """The error of ours that ended the crawl of this source before its time; its traceback is in the log."""
    notes: tuple[str, ...] = ()
    """Gaps, caps, traps, sites left alone, links not taken."""


def joined(one: SourceRun, other: SourceRun) -> SourceRun:
    """Two parts of one run of a source, the second after the first, as one."""
    words = ("found", "fetched", "unchanged", "blocked", "failed", "robots", "skipped", "parts", "cut_off")
    return replace(
        other,
        **{word: getattr(one, word) + getattr(other, word) for word in words},
        answered=one.answered or other.answered,
        outcomes=dict(sorted((Counter(one.outcomes) + Counter(other.outcomes)).items())),
        links=other.links if other.links is not None else one.links,
        refused=other.refused or one.refused,
        failed_with=other.failed_with or one.failed_with,
        notes=tuple(dict.fromkeys((*one.notes, *other.notes))),
    )


class Tally:
    """The counts of one source while it is crawled."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.pages: Counter[str] = Counter()
        self.skipped = 0
        self.spared: Counter[str] = Counter()
        """Rule in words → URLs that were not fetched by it (folding.py)."""
        self.answered: bool | None = None
        self.cut_off = 0
        self.gone = 0
        self.waiting: str | None = None
        self.next_due: datetime | None = None
        self.parts = 0
        self.links: int | None = None
        self.refused: str | None = None
        self.failed_with: str | None = None
        self.found = 0
        self.notes: list[str] = []

    @property
    def is_idle(self) -> bool:
        """Whether nothing was asked of the source, and nothing went wrong."""
        return self.answered is None and not (self.outcomes or self.cut_off or self.failed_with)

    def count(self, capture: Capture) -> None:
        """Count a visit, but for one that no server answered: it is counted when it is known whose fault that is."""
        if capture.place is not None or not is_doubtful(capture.outcome, capture.status):
            self._count(capture)

    def count_unanswered(self, capture: Capture) -> None:
        """Count a visit that no server answered against the source; a robots.txt is nothing that it asked for."""
        self.answered = bool(self.answered)
        if capture.kind != Kind.ROBOTS:
            self._count(capture)

    def count_cut_off(self, capture: Capture) -> None:
        """Count a visit that the network of this machine kept from being made."""
        self.cut_off += 1
        self.skipped += capture.kind == Kind.PAGE

    def _count(self, capture: Capture) -> None:
        self.outcomes[capture.outcome] += 1
        if capture.kind == Kind.PAGE:
            self.pages[capture.outcome] += 1
            self.parts += capture.part_of is not None

    def source_run(self, name: str) -> SourceRun:
        blocked = sum(n for outcome, n in self.pages.items() if outcome in PRETENDED)
        no_failures = (Outcome.OK, Outcome.UNCHANGED, Outcome.ROBOTS, Outcome.OUTSIDE)
        told = sum(self.pages[outcome] for outcome in no_failures)
        outside = self.pages[Outcome.OUTSIDE]
        return SourceRun(
            source=name,
            found=self.found,
            fetched=self.pages[Outcome.OK],
            unchanged=self.pages[Outcome.UNCHANGED],
            blocked=blocked,
            failed=self.pages.total() - told - blocked,
            robots=self.pages[Outcome.ROBOTS],
            skipped=self.skipped,
            answered=self.answered,
            cut_off=self.cut_off,
            waiting=self.waiting,
            next_due=self.next_due,
            parts=self.parts,
            outcomes=dict(sorted(self.outcomes.items())),
            pages=dict(sorted(self.pages.items())),
            links=self.links,
            refused=None if self.cut_off else self.refused,
            failed_with=self.failed_with,
            notes=(
                *self.notes,
                *(SPARED.format(n, words) for words, n in sorted(self.spared.items())),
                *([GONE.format(self.gone)] if self.gone else []),
                *([ASIDE.format(outside)] if outside else []),
            ),
        )
