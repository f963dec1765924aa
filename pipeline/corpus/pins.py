"""Which versions never go: `clean/PINNED`, a version a line, written by hand or by `corpus pin`.

    2.37.0 owner=li until=2027-03-01  # for the paper

Owner, expiry and comment may be missing. A pin holds through its last day, and until both the clock and the corpus (the
newest capture in its newest version) are past it: neither alone, if it runs ahead, may let a version go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.archive.store import write_whole
from pipeline.archive.writer import utcnow
from pipeline.corpus.publish import read_manifest
from pipeline.corpus.read import list_versions, named, version_folder
from pipeline.errors import RefusedError, UsageError

PINS = "PINNED"
_PIN = re.compile(r"\d{1,9}\.\d{1,9}(?:\.\d{1,9})?")
_OWNER = re.compile(r"[^\s#=]{1,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One line of the file that names a version."""

    said: str
    """The version as it stands there, 2.37 or 2.37.0."""
    versions: tuple[str, ...]
    """The versions that are meant and there; none once an expired pin's version was collected."""
    owner: str | None = None
    """Who asked for it."""
    until: date | None = None
    """Its last day; None: for ever."""
    why: str | None = None
    """The comment."""
    expired: bool = False
    """Whether that day has passed."""

    @property
    def words(self) -> str:
        """The pin in a few words."""
        told = f"pinned by {self.owner}" if self.owner else "pinned"
        if self.until is not None:
            told = f"{told}, expired {self.until}" if self.expired else f"{told} until {self.until}"
        return f"{told}: {self.why}" if self.why else told


def pins(clean: Path) -> list[Pin]:
    """The pins, expired ones too.

    RefusedError names the line that is no version of this corpus, or says something else that nobody understands: such
    a pin must not let a version go.
    """
    return [pin for _, pin in _lines(clean) if pin is not None]


def pinned(clean: Path) -> set[str]:
    """The versions that a pin holds now; `2.37` pins every revision of it. RefusedError as `pins`."""
    return {version for pin in pins(clean) if not pin.expired for version in pin.versions}


def pin(
    clean: Path, version: str, owner: str | None = None, until: date | None = None, why: str | None = None
) -> str:
    """Pin a version; its full name. A second pin of one owner takes the place of the first.

    UsageError where there is no such version, for an owner with blanks or a day that has passed.
    """
    name = version_folder(clean, version).name
    if owner is not None and not _OWNER.fullmatch(owner):
        raise UsageError(f"{owner!r} is no owner: one word, as a name or an address, without # and =")
    if until is not None and until < (today := _today(clean)):
        raise UsageError(f"{until} has passed: by the newest version it is {today}")
    lines = _lines(clean)
    if (owner, until, why) == (None, None, None) and name in pinned(clean):
        return name
    line = name + (f" owner={owner}" if owner else "") + (f" until={until}" if until else "")
    comment = " ".join((why or "").split())
    same = [n for n, (_, each) in enumerate(lines) if each and each.said == name and each.owner == owner]
    texts = [text for text, _ in lines]
    texts[same[0] if same else len(texts) : (same[0] + 1) if same else len(texts)] = [
        f"{line}  # {comment}" if comment else line
    ]
    _write(clean, texts)
    return name


def unpin(clean: Path, version: str, owner: str | None = None) -> str:
    """Take the pin of a version away; its full name. RefusedError where it has none, or several people's."""
    name = version_folder(clean, version).name
    lines = _lines(clean)
    found = [each for _, each in lines if each is not None and name in each.versions]
    if owner is not None:
        found = [each for each in found if each.owner == owner]
    if not found:
        raise RefusedError(f"{clean / PINS}: {name} is not pinned{f' by {owner}' if owner else ''}")
    owners = {each.owner for each in found}
    if len(owners) > 1:
        told = ", ".join(sorted(each or "nobody by name" for each in owners))
        raise RefusedError(f"{clean / PINS}: {name} is pinned by {told}; say whose pin goes with --owner")
    _write(clean, [text for text, each in lines if each not in found])
    return name


def _today(clean: Path) -> date:
    """The day on which pins are judged: by the clock or by the newest version, whichever is behind."""
    return min(utcnow().date(), read_manifest(clean / list_versions(clean)[-1]).created_at.date())


def _lines(clean: Path) -> list[tuple[str, Pin | None]]:
    """Each line, and its pin where it has one."""
    path = clean / PINS
    if not path.is_file():
        return []
    have = list_versions(clean)
    found: list[tuple[str, Pin | None]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), 1):
        said, _, comment = line.partition("#")
        words = said.split()
        if not words:
            found.append((line, None))
            continue
        try:
            made = _pin(clean, have, words, comment.strip() or None)
        except ValueError as error:
            raise RefusedError(
                f"{path}, line {number}: {error}; a line is one version, as 2.37 or 2.37.0, and may say owner=NAME and"
                f" until=2027-03-01; there are {', '.join(have)}"
            ) from None
        found.append((line, made))
    return found


def _pin(clean: Path, have: list[str], words: list[str], why: str | None) -> Pin:
    """The pin of a line; ValueError with what is wrong."""
    said = words[0]
    told = dict(word.partition("=")[::2] for word in words[1:])
    if not _PIN.fullmatch(said):
        raise ValueError(f"{' '.join(words)!r} is no version here")
    if odd := sorted(told.keys() - {"owner", "until"}) or [key for key, value in told.items() if not value]:
        raise ValueError(f"{odd[0]!r} is not understood")
    until = date.fromisoformat(told["until"]) if "until" in told else None
    expired = until is not None and bool(have) and _today(clean) > until
    versions = tuple(named(have, said))
    if not versions and not expired:
        raise ValueError(f"{said!r} is no version here")
    return Pin(said=said, versions=versions, owner=told.get("owner"), until=until, why=why, expired=expired)


def _write(clean: Path, lines: list[str]) -> None:
    write_whole(clean / PINS, "".join(f"{line}\n" for line in lines).encode())
