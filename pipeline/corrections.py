"""Read and check the corrections: what a person says of single documents, in TOML files under review.

A correction names a document by its id and what it was made for: the archived page, by its payload digest, and the
text that extraction gave, by its hash. It holds while either is still there, so it outlives changes of the rules and
of a page's frame, and falls away when the article itself changes. Everything wrong in every file is told at once.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from pipeline.errors import UsageError
from pipeline.tomlerrors import ASSIGNED
from pipeline.tomlfile import parsed, unknown

FACTS = ("title", "author", "published_on", "origin_name")
"""Columns that a correction may set; an empty string says that there is none."""

LONGEST_FACT = 500
"""Code points of a title, a name or a reason: the longest real title has 200."""

LONGEST_QUOTE = 20_000
"""Code points of a quoted paragraph; no prose line of a page is longer."""

_ID = re.compile(r"[0-9a-f]{32}")
_PAGE = re.compile(r"sha1:[A-Z2-7]{32}")
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_ENTRY = re.compile(r"\s*\[\[\s*correct\s*\]\]")
_FIRST_YEAR, _LAST_YEAR = 1900, 2100


class CorrectionError(UsageError):
    """The corrections cannot be used; `problems` holds one line for each thing that is wrong."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What is to go from a body, quoted as it stands in `extracted`: quotes outlive a rule change, offsets do not."""

    first: str
    """How the paragraph, or the first one of a block, begins; with `words` all that goes."""
    last: str = ""
    """How the last paragraph of the block begins; "": it is one paragraph."""
    words: bool = False
    """Whether only these words go, and not their paragraph."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the page that extraction cut, to be brought back."""

    line: str
    """The whole line as the page has it."""
    after: str | None = None
    """How the paragraph before it begins; "": it is the first; None: it is the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Where another article begins inside of a body."""

    at: str
    """How its first paragraph begins."""
    title: str = ""
    """Its title; "": it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What a person says of one document."""

    id: str
    """The document."""
    file: str
    """The file it stands in."""
    line: int
    """The line where it begins."""
    why: str
    """The reason, for whoever reviews it."""
    by: str = ""
    """Who says so."""
    on: date | None = None
    """When."""
    page: str | None = None
    """Payload digest of the archived page it was made for, `sha1:` and base32, as in the CDXJ."""
    text: str | None = None
    """`extracted_hash` of the row it was made for, as it is without a correction."""
    title: str | None = None
    """The title; "": none; None: not corrected. So with the three facts below."""
    author: str | None = None
    published_on: date | str | None = None
    origin_name: str | None = None
    drop: tuple[Cut, ...] = ()
    """What is not of the article."""
    restore: tuple[Line, ...] = ()
    """What is, and was cut."""
    split: tuple[Split, ...] = ()
    """Where other articles begin; each becomes a document of its own."""
    join: bool = False
    """Whether it is the end of the article before it on the page."""
    not_an_article: bool = False
    """Whether it must not be published."""
    not_a_copy_of: tuple[str, ...] = ()
    """Documents that deduplication takes for versions of it and that are others."""

    @property
    def place(self) -> str:
        """Where it stands, `file:line`."""
        return f"{self.file}:{self.line}"

    @property
    def does(self) -> dict[str, Any]:
        """What it changes, without where it stands and why."""
        said = {name: value for name, value in asdict(self).items() if name not in _ABOUT}
        return {name: value for name, value in said.items() if value not in (None, (), False)}


_ABOUT = frozenset({"id", "file", "line", "why", "by", "on", "page", "text"})
_DOES = (*FACTS, "drop", "restore", "split", "join", "not_an_article", "not_a_copy_of")
KEYS = ("id", "page", "text", "why", "by", "on", *_DOES)
"""What an entry may say."""


def load(folder: Path) -> tuple[Correction, ...]:
    """All corrections of `folder`/*.toml, by file; CorrectionError names every problem of every file."""
    if not folder.is_dir():
        raise CorrectionError((f"{folder}: no such folder of corrections",))
    found: list[Correction] = []
    problems: list[str] = []
    for path in sorted(folder.glob("*.toml")):
        file = _File(path)
        found += file.corrections()
        problems += file.problems
    problems += _twice(found)
    if problems:
        raise CorrectionError(tuple(problems))
    return tuple(found)


def by_document(corrections: Iterable[Correction]) -> dict[str, tuple[Correction, ...]]:
    """Id of a document → its corrections, each for another page and text."""
    found: dict[str, tuple[Correction, ...]] = {}
    for each in corrections:
        found[each.id] = (*found.get(each.id, ()), each)
    return found


def kept_apart(corrections: Iterable[Correction]) -> dict[str, frozenset[str]]:
    """Id of a document → those it is no copy of, said from either side."""
    apart: dict[str, set[str]] = defaultdict(set)
    for each in corrections:
        for other in each.not_a_copy_of:
            apart[each.id].add(other)
            apart[other].add(each.id)
    return {name: frozenset(others) for name, others in apart.items()}


def digests(corrections: Sequence[Correction]) -> dict[str, str]:
    """Id of a document → hash of all that is said of it, wherever and why: another one makes its rows anew."""
    apart = kept_apart(corrections)
    said = by_document(corrections)
    found = {}
    for name in sorted(said.keys() | apart.keys()):
        what = sorted(repr((each.page, each.text, each.does)) for each in said.get(name, ()))
        found[name] = sha256(repr((what, sorted(apart.get(name, ())))).encode()).hexdigest()[:16]
    return found


def _twice(found: Sequence[Correction]) -> list[str]:
    """Two corrections of one document that would both hold for one page or text."""
    first: dict[tuple[str, str], Correction] = {}
    problems = []
    for each in found:
        earlier = [first.setdefault((each.id, key), each) for key in (each.page, each.text) if key]
        if other := next((one for one in earlier if one is not each), None):
            problems.append(
                f"{each.place}: id: {each.id} is corrected by {other.place} already; join the two"
            )
    return problems


class _File:
    """One file while it is read: its lines and what is wrong with it so far."""

    def __init__(self, path: Path) -> None:
        self.path = path
        read = parsed(path)
        self.lines, self.table = read.lines, read.table
        self.problems: list[str] = [read.problem] if read.problem else []

    def corrections(self) -> list[Correction]:
        """The corrections of the file; what is wrong stands in `problems`."""
        for key in self.table:
            if key != "correct":
                at = next((n for n, line in enumerate(self.lines, 1) if key in line), 1)
                self.problems.append(f"{self.path}:{at}: {_shown(key)}: every entry begins with [[correct]]")
        entries = self.table.get("correct", [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            self.problems.append(f"{self.path}:1: correct: every entry begins with [[correct]]")
            return []
        starts = [number for number, line in enumerate(self.lines, 1) if _ENTRY.match(line)]
        if len(starts) != len(entries):  # one that is quoted in a string, or written inline
            starts = [1] * len(entries)
        ends = [*starts[1:], len(self.lines) + 1][: len(starts)]
        places = zip(entries, starts, ends, strict=True)
        found = [_Entry(self.path, self.lines, *place) for place in places]
        read = [entry.correction() for entry in found]
        self.problems += [problem for entry in found for problem in entry.problems]
        return [correction for correction in read if correction is not None]


class _Entry:
    """One [[correct]] while it is read."""

    def __init__(self, path: Path, lines: list[str], table: dict[str, Any], start: int, end: int) -> None:
        self.path = path
        self.table = table
        self.start = start
        self.problems: list[str] = []
        self._lines: dict[str, int] = {}
        for number in range(start, min(end, len(lines) + 1)):
            if matched := ASSIGNED.match(lines[number - 1]):
                self._lines.setdefault(matched[1], number)

    def correction(self) -> Correction | None:
        """The correction, or None with `problems` saying why not."""
        for key in self.table:
            if key not in KEYS:
                self.problem(key, unknown(key, KEYS))
        correction = Correction(
            id=self._matching("id", _ID, "an id: 32 hex digits, as `corpus read` prints them") or "",
            file=str(self.path),
            line=self.start,
            why=self._line("why") or "",
            by=self._line("by") or "",
            on=self._day("on"),
            page=self._matching("page", _PAGE, "a payload digest: sha1: and 32 letters or digits 2 to 7"),
            text=self._matching("text", _ID, "a hash: 32 hex digits, the extracted_hash of the row"),
            title=self._line("title"),
            author=self._line("author"),
            published_on="" if self.table.get("published_on") == "" else self._day("published_on"),
            origin_name=self._line("origin_name"),
            drop=tuple(Cut(**cut) for cut in self._quotes("drop", _CUTS, "first")),
            restore=tuple(Line(**line) for line in self._quotes("restore", _LINES, "line")),
            split=tuple(Split(**split) for split in self._quotes("split", _SPLITS, "at")),
            join=self._flag("join"),
            not_an_article=self._flag("not_an_article"),
            not_a_copy_of=self._ids("not_a_copy_of"),
        )
        if not self.problems:
            self._check_whole(correction)
        return None if self.problems else correction

    def problem(self, key: str, what: str) -> None:
        """Note that `key` is wrong, at its line."""
        line = self._lines.get(key, self.start)
        self.problems.append(f"{self.path}:{line}: {_shown(key) if key not in KEYS else key}: {what}")

    def _check_whole(self, said: Correction) -> None:
        if not said.id:
            self.problem("id", "missing; `corpus correct URL` writes an entry with it")
        if not (said.page or said.text):
            self.problem("id", "give the page or the text it was made for; `corpus correct ID` writes both")
        if not said.why:
            self.problem("why", "missing; say why, for whoever reviews it")
        if not said.does:
            self.problem("id", f"corrects nothing; give one of {', '.join(_DOES)}")
        if said.id in said.not_a_copy_of:
            self.problem("not_a_copy_of", "names the document itself")
        if (said.join or said.not_an_article) and said.split:
            self.problem("split", "does not go with join or not_an_article")

    def _matching(self, key: str, form: re.Pattern[str], called: str) -> str | None:
        value = self.table.get(key)
        if value is not None and not (isinstance(value, str) and form.fullmatch(value)):
            self.problem(key, f"must be {called}, not {_shown(value)}")
            return None
        return value

    def _line(self, key: str) -> str | None:
        value = self.table.get(key)
        if value is not None and (wrong := _line_fault(value, LONGEST_FACT)):
            self.problem(key, wrong)
            return None
        return value.strip() if isinstance(value, str) else None

    def _day(self, key: str) -> date | None:
        value = self.table.get(key)
        if value is None:
            return None
        if isinstance(value, str):
            try:
                value = date.fromisoformat(value)
            except ValueError:
                self.problem(key, f"{_shown(value)} is not a day (2026-11-01)")
                return None
        if isinstance(value, datetime) or not isinstance(value, date):
            self.problem(key, f"must be a day (2026-11-01), not {_shown(value)}")
        elif not _FIRST_YEAR <= value.year <= _LAST_YEAR:
            self.problem(key, f"{value} lies outside of {_FIRST_YEAR} to {_LAST_YEAR}")
        else:
            return value
        return None

    def _flag(self, key: str) -> bool:
        value = self.table.get(key, False)
        if not isinstance(value, bool):
            self.problem(key, f"must be true or false, not {_shown(value)}")
        return value is True

    def _ids(self, key: str) -> tuple[str, ...]:
        value = self.table.get(key, [])
        ids = [value] if isinstance(value, str) else value
        if not isinstance(ids, list) or not all(
            isinstance(each, str) and _ID.fullmatch(each) for each in ids
        ):
            self.problem(key, f"must be an id or a list of them (32 hex digits each), not {_shown(value)}")
            return ()
        return tuple(dict.fromkeys(ids))

    def _quotes(
        self, key: str, forms: dict[frozenset[str], dict[str, str]], alone: str
    ) -> list[dict[str, Any]]:
        """The entries of a list as arguments of its record; a string alone is the field `alone`."""
        value = self.table.get(key, [])
        found = []
        for entry in value if isinstance(value, list) else [value]:
            given = {alone: entry} if isinstance(entry, str) else entry
            keys = frozenset(given) if isinstance(given, dict) else frozenset()
            names = {name: name for name in keys} if isinstance(entry, str) else forms.get(keys)
            if names is None:
                known = " or ".join("{" + ", ".join(sorted(form)) + "}" for form in forms)
                self.problem(key, f"must hold strings or tables with {known}, not {_shown(entry)}")
                continue
            faults = [
                fault
                for name, quote in given.items()
                if (fault := _line_fault(quote, LONGEST_QUOTE, may_be_empty=name in ("after", "title")))
            ]
            if faults:
                self.problem(key, faults[0])
                continue
            found.append({names[name]: quote for name, quote in given.items()})
            if "words" in keys:
                found[-1]["words"] = True
        return found


_CUTS = {frozenset({"from", "to"}): {"from": "first", "to": "last"}, frozenset({"words"}): {"words": "first"}}
_LINES = {frozenset({"line", "after"}): {"line": "line", "after": "after"}}
_SPLITS = {frozenset({"at", "title"}): {"at": "at", "title": "title"}}


def _line_fault(value: object, longest: int, *, may_be_empty: bool = True) -> str | None:
    """Why a value is no line of text, or None."""
    if not isinstance(value, str):
        return f"must be a string, not {_shown(value)}"
    if len(value) > longest:
        return f"has {len(value)} characters; {longest} are the most"
    if found := _CONTROL.search(value):
        return f"must be one line without control signs, and holds U+{ord(found[0]):04X}"
    return None if value.strip() or may_be_empty else "must not be empty"


def _shown(value: object) -> str:
    """A value in a message: not all of a long one."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
