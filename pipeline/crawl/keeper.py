"""What a run keeps: the archive first, then the ledger, in batches."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from pipeline.archive.exchange import Earlier
from pipeline.archive.writer import Writer
from pipeline.crawl.history import MISSING
from pipeline.crawl.hosts import Hosts
from pipeline.crawl.ledger import Ledger
from pipeline.crawl.outage import Doubted, is_doubtful, is_outage
from pipeline.crawl.tally import Tally
from pipeline.records import Capture, Kind
from pipeline.web.fetched import Fetched
from pipeline.web.urls import site

logger = logging.getLogger("pipeline.crawl")

FLUSH_CAPTURES = 50
FLUSH_SECONDS = 2.0
"""Whichever comes first ends a batch: fsync, then the ledger's commit (ours: what a power cut may cost)."""


class Keeper:
    """The archive and the ledger of a run, written in batches: archive first, ledger after."""

    def __init__(self, writer: Writer, ledger: Ledger, hosts: Hosts, tallies: Mapping[str, Tally]) -> None:
        self.ledger = ledger
        self.raw = writer.raw
        self.broken: OSError | None = None
        """Why the archive takes nothing more."""
        self._writer = writer
        self._hosts = hosts
        self._tallies = tallies
        self._doubted: list[Doubted] = []
        self._answered: set[str] = set()
        self._pending = 0
        self._flushed = time.monotonic()

    def keep(
        self,
        capture: Capture,
        fetched: Fetched | None = None,
        earlier: Earlier | None = None,
        *,
        every: float | None = None,
        changed: bool | None = None,
    ) -> Capture:
        """Archive a capture, tell the ledger, and return it without its body, as archived.

        One that no server answered waits until it is known whose fault that is, and is returned as it is.
        An OSError of the archive (a full disk) is kept as `broken`: it is no fault of one source.
        """
        if fetched is not None:
            where = site(capture.url)
            if is_doubtful(capture.outcome, capture.status) and not fetched.hops:
                was_well = self._hosts.was_well(capture.url)
                self._doubted.append(
                    Doubted(
                        capture=capture,
                        fetched=fetched,
                        site=where,
                        was_well=was_well,
                        every=every,
                        changed=changed,
                    )
                )
                return capture
            self._settle()
            self._answered.add(where)
            self._tallies[capture.source].answered = True
        return self._archive(capture, fetched, earlier, every=every, changed=changed)

    def _settle(self, *, ended: bool = False) -> None:
        """Archive what no server answered, or forget it where this machine was cut off."""
        if not self._doubted:
            return
        counted = not is_outage(self._doubted, self._answered, ended=ended)
        doubted, self._doubted = self._doubted, []
        self._hosts.settle(counted=counted)
        if not counted:
            sites = len({each.site for each in doubted})
            logger.warning(
                "cut off: no answer from any of %d sites, %d visits forgotten", sites, len(doubted)
            )
        for each in doubted:
            tally = self._tallies[each.capture.source]
            if counted:
                kept = self._archive(each.capture, each.fetched, None, every=each.every, changed=each.changed)
                tally.count_unanswered(kept)
            else:
                tally.count_cut_off(each.capture)

    def finish(self) -> None:
        """End the run: whatever is in doubt is settled, and all that was kept is on disk."""
        if self.broken is None:
            self._settle(ended=True)
        self.flush()

    def _archive(
        self,
        capture: Capture,
        fetched: Fetched | None,
        earlier: Earlier | None,
        *,
        every: float | None,
        changed: bool | None,
    ) -> Capture:
        try:
            kept = self._writer.write(
                capture,
                request_headers=fetched.request_headers if fetched else (),
                hops=fetched.hops if fetched else (),
                earlier=earlier,
                peer=fetched.peer if fetched else None,
                truncated=fetched.truncated if fetched else None,
                reason=fetched.reason if fetched else "",
                without_body=True,
            )
        except OSError as error:
            self.broken = error
            raise
        was_gone = kept.kind == Kind.PAGE and kept.outcome in MISSING and self._is_gone(kept)
        self.ledger.record(kept, every=every, changed=changed, ref=self._writer.newest)
        if kept.kind == Kind.PAGE and kept.outcome in MISSING and not was_gone and self._is_gone(kept):
            self._tallies[kept.source].gone += 1
        self._pending += 1
        self.flush_when_due()
        return kept

    def _is_gone(self, capture: Capture) -> bool:
        state = self.ledger.state(capture.url_key)
        return state is not None and state.gone

    def flush_when_due(self) -> None:
        """End the batch when it is large or old enough."""
        late = time.monotonic() - self._flushed >= FLUSH_SECONDS
        if self._pending >= FLUSH_CAPTURES or (self._pending and late):
            self.flush()

    def flush(self) -> None:
        """End the batch: what was kept is now on disk, and the ledger knows it."""
        for host in self._hosts.changed():
            self.ledger.set_host(host)
        try:
            self._writer.flush()
        except OSError as error:
            self.broken = error
            raise
        self.ledger.commit()
        self._pending = 0
        self._flushed = time.monotonic()
