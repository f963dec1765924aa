"""The stages of a run, told while it runs to whoever watches: what begins, how far it is, what came of it.

A stage says so where it stands (crawl/run.py, corpus/build.py). Who watches is ambient, as with logging, so that no
function between needs to pass it on; where nobody does, nothing is told. Counts and words pass, never a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum


class StageName(StrEnum):
    """The stages, in the order of a page's way, then those of maintenance; the first two are told of each source."""

    DISCOVER = "discover"
    FETCH = "fetch"
    ARCHIVE = "archive"
    EXTRACT = "extract"
    NORMALIZE = "normalize"
    DEDUPLICATE = "deduplicate"
    PUBLISH = "publish"
    VERIFY = "verify"
    COLLECT = "collect"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Where a stage stands."""

    name: StageName
    """Which stage."""
    source: str = ""
    """Of which source; "": of all of them together."""
    done: int = 0
    """Captures done so far; 0 when it begins."""
    total: int = 0
    """Captures known to be needed so far; 0: not known."""
    ended: bool = False
    """Whether it is over."""
    counts: dict[str, int] = field(default_factory=dict)
    """What came of it: word → number."""
    idle: str = ""
    """Why it had nothing to do."""
    wrong: str = ""
    """Why what came of it is not to be taken as done, or the error that ended it."""


Watcher = Callable[[Told], None]
"""Is told of every stage; stages of several sources run side by side."""

_watcher: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


@contextmanager
def watched(watcher: Watcher | None) -> Iterator[None]:
    """Have the stages of what runs in this `with` told; None: to nobody."""
    before = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(before)


@contextmanager
def told_too(watcher: Watcher) -> Iterator[None]:
    """Have the stages of what runs in this `with` told to one more, after whoever watches already."""
    before = _watcher.get()

    def both(told: Told) -> None:
        if before is not None:
            before(told)
        watcher(told)

    with watched(both):
        yield


class Stage:
    """A stage while it runs; what it counts is told with its end."""

    def __init__(self, name: StageName, source: str = "") -> None:
        self.counts: dict[str, int] = {}
        self.idle = ""
        self.wrong = ""
        self.begun = False
        self._name = name
        self._source = source

    def begin(self) -> None:
        """Say that the work begins now."""
        self.begun = True
        self._tell(Told(name=self._name, source=self._source))

    def at(self, done: int, total: int) -> None:
        """Say how far it is, in captures."""
        self._tell(Told(name=self._name, source=self._source, done=done, total=total))

    def end(self) -> None:
        """Say what came of it."""
        self._tell(
            Told(
                name=self._name,
                source=self._source,
                ended=True,
                counts=self.counts,
                idle=self.idle,
                wrong=self.wrong,
            )
        )

    def _tell(self, told: Told) -> None:
        watcher = _watcher.get()
        if watcher is not None:
            watcher(told)


@contextmanager
def stage(name: StageName, source: str = "", *, begin: bool = True) -> Iterator[Stage]:
    """A stage for the length of a `with`; one that never begins (a lock that another has) is not told of."""
    running = Stage(name, source)
    if begin:
        running.begin()
    try:
        yield running
    except BaseException as error:
        running.wrong = running.wrong or str(error) or type(error).__name__
        raise
    finally:
        if running.begun:
            running.end()
