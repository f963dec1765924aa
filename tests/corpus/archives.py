"""Small archives for the tests of the build: the sample site's stories as captures at fixed times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.archive.writer import Writer
from pipeline.corpus.job import Job
from pipeline.demo.stories import PAGE_BREAK, Story, stories
from pipeline.records import Capture, Source

START = datetime(2026, 11, 1, 8, 0, tzinfo=UTC)

PLAIN: tuple[Story, ...] = tuple(
    replace(s, body=tuple(line for line in s.body if line != PAGE_BREAK))
    for s in stories()
    if s.reason is None and s.relation is None and not s.damage and len("".join(s.body)) > 300
)
"""Stories that are nobody's copy and undamaged, each on one page."""


def html(title: str, paragraphs: Sequence[str]) -> bytes:
    """A plain article page."""
    body = "".join(f"<p>{p}</p>\n" for p in paragraphs)
    head = f"<html><head><meta charset=utf-8><title>{title}</title></head>"
    return f"{head}<body><h1>{title}</h1><div class=article>\n{body}</div></body></html>".encode()


def story_page(number: int, **changes: Any) -> Capture:
    """The capture of one plain story; `changes` are fields of Capture."""
    story = PLAIN[number]
    url = f"https://news.example/a/{number}.html"
    fields: dict[str, Any] = {
        "id": "",
        "source": "example",
        "url": url,
        "url_key": url,
        "final_url": url,
        "fetched_at": START + timedelta(minutes=number),
        "status": 200,
        "headers": (("Content-Type", "text/html"),),
        "body": html(story.title, story.body),
    }
    return Capture(**{**fields, **changes})


def failed_page(number: int, outcome: str, **changes: Any) -> Capture:
    """A visit that brought no usable page."""
    return story_page(number, **{"outcome": outcome, "status": 0, "headers": (), "body": b"", **changes})


def write(raw: Path, captures: Sequence[Capture], run: str = "run-1") -> None:
    """Archive captures as one run would, sealed."""
    times = iter([c.fetched_at for c in captures])
    last = captures[0].fetched_at

    def clock() -> datetime:
        nonlocal last
        last = next(times, last)
        return last

    with Writer(raw, run, clock=clock) as writer:
        for capture in captures:
            writer.write(capture)


def job(folder: Path, *sources: Source, **changes: Any) -> Job:
    """A build inside one folder."""
    fields = {"raw": folder / "raw", "clean": folder / "clean", "work": folder / ".build", "workers": 1}
    return Job(**{**fields, "sources": sources, **changes})
