"""What an operator knows already: a state of a source, acknowledged until a day, with why.

A tab-separated file in the sources folder, a line a source, meant for git: name, state, until (the last day it
holds), why. It is edited by `corpus status --ack`, or by hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.archive.store import write_whole
from pipeline.errors import UsageError

FILE = "acknowledged.tsv"
HEAD = "source\tstate\tuntil\twhy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """That a state of a source is known, and wanted told no more until a day is over."""

    source: str
    state: str
    until: date
    why: str

    def holds(self, state: str, today: date) -> bool:
        """Whether it speaks of this state, today."""
        return self.state == state and today <= self.until


def read_acks(sources: Path) -> dict[str, Ack]:
    """What is acknowledged, by source; UsageError names the line that cannot be read."""
    path = sources / FILE
    if not path.is_file():
        return {}
    acks: dict[str, Ack] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        if not line.strip() or line == HEAD:
            continue
        fields = line.split("\t")
        try:
            source, state, until, why = fields
            acks[source] = Ack(source=source, state=state, until=date.fromisoformat(until), why=why)
        except ValueError as error:
            raise UsageError(
                f"{path}:{number}: four fields with tabs between them are wanted: source, state, a day like"
                f" 2026-11-30, why ({error})"
            ) from None
    return acks


def write_acks(sources: Path, acks: Mapping[str, Ack]) -> None:
    """Write what is acknowledged, in place of what was, by source."""
    lines = [f"{a.source}\t{a.state}\t{a.until}\t{' '.join(a.why.split())}" for _, a in sorted(acks.items())]
    write_whole(sources / FILE, ("\n".join([HEAD, *lines]) + "\n").encode())
