"""How long each stage of a build took, by the release it published: kept beside its shards, for people to look at.

Nothing of a version depends on them. What a crawl took needs no keeping: the times stand in the archive.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.stages import Told, told_too

FILE = "durations.json"
"""In the work folder of a corpus: release → stage → seconds."""

KEPT = 500
"""Releases, the newest ones, whose durations are kept."""


@contextmanager
def timed() -> Iterator[dict[str, float]]:
    """The seconds that each stage takes within this `with`, by its name; who watches already goes on watching."""
    seconds: dict[str, float] = {}
    began: dict[tuple[str, str], float] = {}

    def watch(told: Told) -> None:
        key = (told.name, told.source)
        if told.ended and key in began:
            seconds[told.name] = seconds.get(told.name, 0.0) + time.monotonic() - began.pop(key)
        elif not told.ended:
            began.setdefault(key, time.monotonic())

    with told_too(watch):
        yield seconds


def note(work: Path, version: str, seconds: Mapping[str, float]) -> None:
    """Keep what the build of a version took; what cannot be kept is not."""
    with suppress(OSError):
        known = _known(work)
        known.pop(_release(version), None)
        known[_release(version)] = {stage: round(took, 3) for stage, took in seconds.items()}
        path = work / FILE
        beside = path.with_suffix(".new")
        last = dict(list(known.items())[-KEPT:])
        beside.write_text(json.dumps(last, indent=1) + "\n", encoding="utf-8")
        beside.replace(path)


def of(work: Path, version: str) -> dict[str, float]:
    """The seconds that each stage of a version's build took, in their order; none where they were not kept."""
    return _known(work).get(_release(version), {})


def _known(work: Path) -> dict[str, dict[str, float]]:
    try:
        said = json.loads((work / FILE).read_text(encoding="utf-8"))
        return {
            str(release): {str(stage): float(took) for stage, took in stages.items()}
            for release, stages in said.items()
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _release(version: str) -> str:
    """`2.37` of 2.37.1: a takedown makes another revision, and no other build."""
    return version.rpartition(".")[0]
