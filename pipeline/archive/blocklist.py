"""What must never come back: `raw/blocklist.tsv`, an entry a line, hashes alone, fit for git.

    ticket <tab> day <tab> kind <tab> value

Asked by the crawl (an address is not fetched), by imports (a page is not taken in) and by builds (a row is not
published, its text goes). A line that nobody understands stops all three: it may be the one that matters.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.archive.store import write_whole
from pipeline.errors import RefusedError

FILE = "blocklist.tsv"

VALUES = {
    "url": re.compile(r"[0-9a-f]{64}"),
    "id": re.compile(r"[0-9a-f]{32}"),
    "text": re.compile(r"[0-9a-f]{64}"),
    "near": re.compile(r"[0-9a-f]{16}(?:,[0-9a-f]{16})*"),
    "kept": re.compile(r"[0-9a-f]{32}"),
}
"""Kind → the form of its value.

url: SHA-256 of a URL key. id: a document's id, which is a hash. text: SHA-256 of a text's comparison key, so that
spacing, marks and script make no difference. near: hashes of a sample of a text's 5-grams. kept: id of a document
with the text of another that was left where it stood: text and near do not mean it.
"""

TICKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""The name of a takedown, which is the name of a file too."""

_HEAD = (
    "# What was taken down and must never come back; `corpus takedown` writes it. ticket, day, kind, value\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line: something that is blocked, by whom and since when."""

    ticket: str
    """The takedown."""
    on: date
    """Its day."""
    kind: str
    """A key of VALUES."""
    value: str
    """A hash, or several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocklist:
    """All that is blocked, for quick questions."""

    urls: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    near: tuple[tuple[int, ...], ...] = ()
    """Samples of 5-grams, a text each."""
    kept: frozenset[str] = frozenset()

    def has_url(self, url_key: str) -> bool:
        """Whether the page of a URL key was taken down."""
        return bool(self.urls) and url_hash(url_key) in self.urls


NOTHING = Blocklist()
"""An empty one."""


def url_hash(url_key: str) -> str:
    """SHA-256 of a URL key, hex."""
    return hashlib.sha256(url_key.encode("utf-8", "surrogatepass")).hexdigest()


def read(raw: Path) -> Blocklist:
    """The blocklist of an archive, empty where there is no file; RefusedError names a line that is none."""
    values: dict[str, list[str]] = {kind: [] for kind in VALUES}
    for entry in entries(raw):
        values[entry.kind].append(entry.value)
    return Blocklist(
        urls=frozenset(values["url"]),
        ids=frozenset(values["id"]),
        texts=frozenset(values["text"]),
        near=tuple(tuple(int(each, 16) for each in value.split(",")) for value in values["near"]),
        kept=frozenset(values["kept"]),
    )


def entries(raw: Path) -> list[Entry]:
    """The lines of the blocklist, in order; RefusedError names the first that cannot be understood."""
    path = raw / FILE
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except UnicodeDecodeError as error:
        raise RefusedError(f"{path}: not UTF-8 at byte {error.start}; put the file back from git") from error
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            found.append(_parse(line, f"{path}, line {number}"))
    return found


def add(raw: Path, new: Iterable[Entry]) -> None:
    """Add the entries that are not there yet; lines that are there stay as they are."""
    there = set(entries(raw))
    fresh = [entry for entry in dict.fromkeys(new) if entry not in there]
    if fresh:
        path = raw / FILE
        before = path.read_text(encoding="utf-8") if path.is_file() else _HEAD
        before += "" if before.endswith("\n") else "\n"
        lines = (f"{e.ticket}\t{e.on.isoformat()}\t{e.kind}\t{e.value}\n" for e in fresh)
        write_whole(path, (before + "".join(lines)).encode())


def _parse(line: str, where: str) -> Entry:
    cells = line.split("\t")
    try:
        ticket, on, kind, value = cells
        if TICKET.fullmatch(ticket) and VALUES[kind].fullmatch(value):
            return Entry(ticket=ticket, on=date.fromisoformat(on), kind=kind, value=value)
    except (ValueError, KeyError):
        pass
    raise RefusedError(
        f"{where}: no entry; a line is ticket, day, kind ({', '.join(VALUES)}) and value with tabs between."
        " Put it right, or the file back from git: what it blocks must not come back"
    )
