"""The takedowns of an archive: `raw/takedowns/TICKET.json`, first the journal of one, then its record for ever.

No text, no title, no address stands in it: ids, hashes and names of files alone.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from pipeline.archive.store import write_whole
from pipeline.errors import CorpusError

FOLDER = "takedowns"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A file that a takedown changes, and what it was before and after."""

    file: str
    """Path: raw/…, or clean/VERSION/… with the version as it was named before."""
    before: str
    """SHA-256 before, hex."""
    after: str | None = None
    """SHA-256 after; None: the file is gone, or the takedown is not done yet."""
    removed: int = 0
    """Records or rows taken out."""
    pages: int = 0
    """Of these, page captures: what the inputs of a version count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Takedown:
    """What is taken down, and how far that is."""

    ticket: str
    """Its name."""
    at: datetime
    """When it was begun, UTC."""
    done: bool = False
    """Whether it is carried out; until then the documents are hidden from readers."""
    clean: str = ""
    """The corpus, relative to the archive."""
    work: str = ""
    """Its work folder, relative to the archive."""
    documents: tuple[str, ...] = ()
    """Ids of the documents, each of which becomes a tombstone."""
    urls: tuple[str, ...] = ()
    """SHA-256 of their URL keys, further parts included."""
    captures: tuple[str, ...] = ()
    """WARC-Record-IDs of the captures that go."""
    blocked: tuple[tuple[str, str], ...] = ()
    """Kind and value of each line for the blocklist."""
    kept: tuple[str, ...] = ()
    """Ids of documents that print some of the text and were left where they stand."""
    fed: tuple[str, ...] = ()
    """Ids of documents of other pages whose text came from a feed that goes: the next build reads their pages again."""
    reread: tuple[str, ...] = ()
    """WARC files with pages that may have their text from it: what was made of them is made anew."""
    grams: int = 0
    """How many 13-grams of the text stand in `TICKET.npy` for the proof."""
    warc: tuple[Changed, ...] = ()
    """The WARC files."""
    files: tuple[Changed, ...] = ()
    """The files of versions."""
    versions: tuple[tuple[str, str], ...] = ()
    """Each version concerned and the revision that takes its place."""

    @property
    def on(self) -> date:
        """The day it was begun (UTC)."""
        return self.at.astimezone(UTC).date()


def path(raw: Path, ticket: str, ending: str = ".json") -> Path:
    """Where a takedown's file stands."""
    return raw / FOLDER / f"{ticket}{ending}"


def write(raw: Path, takedown: Takedown) -> None:
    """Write the journal of a takedown, whole or not at all."""
    data = asdict(replace(takedown, at=takedown.at.astimezone(UTC)))
    data["at"] = takedown.at.astimezone(UTC).isoformat()
    write_whole(path(raw, takedown.ticket), (json.dumps(data, indent=1) + "\n").encode())


def read(raw: Path, ticket: str) -> Takedown | None:
    """A takedown by its ticket; None: there is none. CorpusError for a file that is none."""
    where = path(raw, ticket)
    try:
        data: dict[str, Any] = json.loads(where.read_text(encoding="utf-8"))
        for name, value in data.items():
            if name in ("warc", "files"):
                data[name] = tuple(Changed(**each) for each in value)
            elif isinstance(value, list):
                data[name] = tuple(tuple(each) if isinstance(each, list) else each for each in value)
        data["at"] = datetime.fromisoformat(data["at"])
        return Takedown(**data)
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorpusError(
            f"{where}: no record of a takedown ({error}); put it back from a copy: it says what must be hidden"
        ) from error


def all_of(raw: Path) -> list[Takedown]:
    """Every takedown of an archive, the oldest first."""
    found = [read(raw, each.stem) for each in sorted((raw / FOLDER).glob("*.json"))]
    return sorted((each for each in found if each is not None), key=lambda each: (each.at, each.ticket))
