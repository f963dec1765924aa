"""How fast builds are on this machine: measured while one runs, kept beside its shards, to say how long one will take.

Figures for people alone: nothing of a version depends on them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

Progress = Callable[[str, int, int], None]

FILE = "rates.json"
"""In the work folder of a corpus: step → captures a second."""

FEWEST = 20
"""A rate of fewer captures says more about the start of the workers."""


class Stopwatch:
    """A progress that also notes how long each step took."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._last = time.monotonic()
        self._step = ""
        self.seconds: dict[str, float] = {}
        """Step, as the progress names it → seconds until now."""

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        self.seconds[what] = self.seconds.get(what, 0.0) + now - self._last
        self._last = now
        self._progress(what, done, total)


def note(work: Path, counts: Mapping[str, tuple[int, float]]) -> None:
    """Keep the rates of some steps, from captures and seconds; what cannot be kept is not."""
    rates = {step: count / took for step, (count, took) in counts.items() if count >= FEWEST and took > 0}
    if rates:
        with suppress(OSError):
            path = work / FILE
            beside = path.with_suffix(".new")
            beside.write_text(json.dumps(known(work) | rates, indent=1) + "\n", encoding="utf-8")
            beside.replace(path)


def known(work: Path) -> dict[str, float]:
    """The rates kept, in captures a second; none where there are none that can be read."""
    try:
        said = json.loads((work / FILE).read_text(encoding="utf-8"))
        return {str(step): float(rate) for step, rate in said.items() if float(rate) > 0}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def seconds(counts: Mapping[str, int], rates: Mapping[str, float]) -> float | None:
    """How long so many captures of each step take; None where a rate is not known."""
    if any(count and step not in rates for step, count in counts.items()):
        return None
    return sum(count / rates[step] for step, count in counts.items() if count)
