"""A corpus of a few pages, to be taken down in part."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from pipeline import runs
from pipeline.archive import index, takedowns
from pipeline.corpus.identity import document_id
from pipeline.corpus.read import documents
from pipeline.demo.stories import Story
from pipeline.records import Capture
from pipeline.runs import Folders
from pipeline.takedown.run import TakedownReport
from tests.corpus.archives import PLAIN, html, story_page, write

DAY = timedelta(days=1)
TICKET = "T-1"


def copied(source: Path, target: Path) -> Path:
    """A copy in which hard links are hard links still."""
    subprocess.run(["cp", "-a", source, target], check=True)
    return target


def folders(folder: Path) -> Folders:
    return Folders(
        sources=folder / "sources",
        raw=folder / "raw",
        clean=folder / "clean",
        work=folder / ".build",
        workers=1,
    )


def page(number: int, story: int | None = None, days: float = 0, **changes: Any) -> Capture:
    """A page that prints a story (its own unless told), some days later."""
    told: Story = PLAIN[number if story is None else story]
    at = story_page(number).fetched_at + days * DAY
    return story_page(number, **{"body": html(told.title, told.body), "fetched_at": at, **changes})


def add(folder: Path, captures: Sequence[Capture], run: str) -> None:
    write(folder / "raw", captures, run)
    runs.build(folders(folder))


def ident(number: int) -> str:
    return document_id(story_page(number).url_key, 1)


def url(number: int) -> str:
    return story_page(number).url


def take_down(folder: Path, *names: str, ticket: str = TICKET, **options: Any) -> TakedownReport:
    return runs.takedown(folders(folder), names, ticket, **options)


def titles(folder: Path, **options: Any) -> set[str | None]:
    return {document.title for document in documents(folder / "clean", **options)}


def kept(folder: Path) -> set[str]:
    """The ids of the captures in the archive."""
    return {ref.id for ref in index.find(folder / "raw")}


def record(folder: Path, ticket: str = TICKET) -> takedowns.Takedown:
    found = takedowns.read(folder / "raw", ticket)
    assert found is not None
    return found
