"""Each entry of the tables that extraction reads left out in turn: on how many sites it acts, and to what good.

A table is what a module of `pipeline/extract` holds: the rows of a rule file, a tuple of rules or of patterns, a set
or dict of words, and the alternatives of a pattern that have a word in them. Lists that are of a standard or a
dictionary (elements of HTML, encodings, family names, forms of characters) are none.

Every page and case is read once with patterns that note what they answered to. An entry is then left out only where
it can matter: where its pattern answers otherwise without it, or where its letters stand. A case is any test of
`tests/extract` that takes no time, our own pages among them. What an entry is needed for is one of NEEDED.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
import inspect
import pkgutil
import re
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from types import ModuleType
from typing import Any

import pipeline.extract
import tests.extract
from pipeline.extract import marks
from pipeline.records import Page
from pipeline.rules import table

STANDARD = (
    "BLOCK UNREAD HEADINGS STRUCTURE CELLS JUNK_TAGS CONTAINER_TAGS BOMS SIGNS HAN_DIGITS MONTHS PLACES BY_NAME "
    "DECIDED SCRIPT_NAMES FAR_PLACE FAR_PLACES _surnames _older_kana _labels _common _groups"
)
"""Names of what is no table of rules, or only another table's names."""

QUICK = 0.1
"""Seconds of CPU that a test may take to be a case."""

NEEDED = {
    "nothing": "answers to nothing on any page or case",
    "covered": "answers, but pages and cases stay as they are without it: other entries say the same",
    "case": "no page changes without it, a case fails",
    "one site, no case": "pages of one site change, no case fails",
    "one site": "pages of one site change, and a case fails",
    "sites, no case": "pages of more sites change, no case fails",
    "sites": "pages of more sites change, and a case fails",
}
"""What an entry is needed for."""

LETTERS = re.compile(r"[\W\d_]+")
WORD = re.compile(r"[\u3400-\u9fff]|(?<!\\)[A-Za-z]{2}")
PART = re.compile(r"\\.|\[(?:\\.|[^\]\\])+\]|[()|]", re.S)
"""Of a pattern: an escape, a class, or what makes groups and alternatives."""

TAKEN_AWAY = re.compile(r"\(\?<?!(?![^()|]*\))|\(\?>|\)(?:[+*?]|\{[\d,]*\})\+")
"""In a pattern: what may answer to more with an alternative less. Another can only answer to less."""

OPENED = re.compile(r"\((?:\?(?:P<\w+>|<?[=!]|[:>]))?")

Unit = tuple[str, Callable[[], object], str]
"""A page or a case: its site ("" for a case), what reads it, and the letters of its source."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a table."""

    table: str
    name: str
    old: Any
    """What the modules hold."""
    new: Any
    """The same without the entry."""
    word: str = ""
    """Letters without which a page has nothing to do with it."""
    pattern: re.Pattern[str] | None = None
    """The pattern whose answers tell where the entry matters."""
    without: re.Pattern[str] | None = None
    """That pattern without the entry; None where all of it goes."""


class Traced:
    """A pattern that notes which questions of which pages and cases it has an answer to."""

    unit = -1
    """The page or case that asks."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.traced = pattern
        self.all_matter = TAKEN_AWAY.search(pattern.pattern) is not None
        self.asked: dict[tuple[Any, ...], set[int]] = defaultdict(set)

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.traced, name)
        if name in ("search", "match", "fullmatch"):

            def one(*asked: Any) -> Any:
                found = method(*asked)
                if found or self.all_matter:
                    self.asked[name, *asked].add(Traced.unit)
                return found

            return one
        if name in ("finditer", "sub", "split", "findall"):

            def every(*asked: Any, **named: Any) -> Any:
                text = asked[name == "sub"]
                if self.all_matter or self.traced.search(text):
                    self.asked["finditer", text].add(Traced.unit)
                return method(*asked, **named)

            return every
        return method


def run(
    pages: Sequence[tuple[str, Callable[[], Page], str]],
    judge: Callable[[int, Page], tuple[float, int]],
    most_sites: int | None = None,
    only: str = "",
) -> int:
    """Print a line for each entry, table by table, and the sums.

    `pages` are site, reader and source; `judge` gives the F of a page's reading and how many of its facts are right.
    Entries that can matter on more than `most_sites` sites are left out, and tables that have not `only` in their name.
    """
    units: list[Unit] = [*pages, *_cases()]
    whole = [read() for _, read, _ in pages]
    good = [judge(i, page) for i, page in enumerate(whole)]
    letters = [LETTERS.sub("", source.lower()) for _, _, source in units]
    traced = _trace(units)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in _entries():
        if only not in entry.table:
            continue
        near = _near(entry, traced, letters)
        if most_sites is not None and len({pages[i][0] for i in near if i < len(pages)}) > most_sites:
            counts[entry.table]["left out"] += 1
            continue
        changed: list[int] = []
        score = [0.0, 0]
        with _put([(entry.old, entry.new)] if near else []):
            for index in (i for i in near if i < len(pages)):
                page = pages[index][1]()
                if page != whole[index]:
                    changed.append(index)
                    now = judge(index, page)
                    score = [score[0] + good[index][0] - now[0], score[1] + good[index][1] - now[1]]
            is_case = any(units[i][1]() is False for i in near if i >= len(pages))
        sites = sorted({pages[i][0] for i in changed})
        needed = _needed(len(sites), is_case, bool(near))
        counts[entry.table][needed] += 1
        good_for = f"F {100 * score[0]:+8.3f}  facts {score[1]:+3d}" if sites else " " * 21
        print(
            f"{len(sites):3d} sites  {good_for}  {needed:17s}  {entry.table}: {entry.name}",
            *sites[:3],
            flush=True,
        )
    for table_name, count in [*counts.items(), ("all", sum(counts.values(), Counter()))]:
        print(
            f"{table_name}: {count.total()} entries;",
            ", ".join(f"{count[n]} {n}" for n in [*NEEDED, "left out"] if count[n]),
        )
    for name, words in NEEDED.items():
        print(f"  {name}: {words}")
    return 0


def _needed(sites: int, is_case: bool, is_near: bool) -> str:
    """Which of NEEDED."""
    if not sites:
        return "case" if is_case else "covered" if is_near else "nothing"
    return ("one site" if sites == 1 else "sites") + ("" if is_case else ", no case")


def _near(entry: Entry, traced: dict[int, Traced], letters: Sequence[str]) -> list[int]:
    """The pages and cases where an entry can matter."""
    if entry.pattern is None:
        word = LETTERS.sub("", entry.word.lower())
        return [i for i, text in enumerate(letters) if word in text]
    if id(entry.pattern) not in traced:
        return []
    near: set[int] = set()
    for question, units in traced[id(entry.pattern)].asked.items():
        if not units <= near and _answer(entry.pattern, *question) != (
            _answer(entry.without, *question) if entry.without else None
        ):
            near |= units
    return sorted(near)


def _answer(pattern: re.Pattern[str], method: str, *asked: Any) -> object:
    found = getattr(pattern, method)(*asked)
    if method == "finditer":
        return [(match.span(), match.groups()) for match in found] or None
    return (found.span(), found.groups()) if found else None


def _modules(package: ModuleType) -> list[ModuleType]:
    found = [
        importlib.import_module(f"{package.__name__}.{each.name}")
        for each in pkgutil.iter_modules(package.__path__)
    ]
    return [package, *found]


MODULES = _modules(pipeline.extract)


def _cases() -> Iterator[Unit]:
    """The quick tests without fixtures, one for each set of their parameters; False where one fails."""
    for module in _modules(tests.extract):
        for name, function in vars(module).items():
            if (
                not inspect.isfunction(function)
                or not name.startswith("test_")
                or hasattr(function, "hypothesis")
            ):
                continue
            needs = set(inspect.signature(function).parameters)
            sets: list[dict[str, Any]] = [{}]
            for mark in getattr(function, "pytestmark", []):
                if mark.name == "parametrize":
                    sets = [known | given for known in sets for given in _given(*mark.args)]
            for given in sets:
                start = time.process_time()
                if needs == given.keys() and _passes(function, given) and time.process_time() - start < QUICK:
                    source = repr(given) if given else inspect.getsource(function)
                    yield "", functools.partial(_passes, function, given), source


def _given(names: str | Sequence[str], values: Sequence[Any]) -> Iterator[dict[str, Any]]:
    names = [name.strip() for name in names.split(",")] if isinstance(names, str) else names
    for value in values:
        yield dict(zip(names, value if len(names) > 1 else (value,), strict=True))


def _passes(function: Callable[..., object], given: dict[str, Any]) -> bool:
    try:
        function(**given)
    except Exception:  # noqa: BLE001  a rule that is missing may end in any error
        return False
    return True


def _tables() -> Iterator[tuple[str, Any, Any]]:
    """(name, what a module holds, its value) of every table: a cached function without parameters holds its result."""
    for module in MODULES:
        source = inspect.getsource(module)
        for name, held in vars(module).items():
            is_ours = re.search(rf"^(?:def )?{re.escape(name)}\b", source, re.M)
            if not is_ours or name.startswith("__") or name in STANDARD.split():
                continue
            made = hasattr(held, "cache_info") and not inspect.signature(held).parameters
            yield f"{module.__name__.rpartition('.')[2]}.{name}", held, held() if made else held


def _entries() -> Iterator[Entry]:
    seen: set[int] = set()
    for name, held, value in _tables():
        if held is marks._table:
            yield from _of_marks()
        elif isinstance(value, tuple | list | dict | frozenset) and _is_table(value):
            for each in value:
                rest = [other for other in value if other is not each]
                new: Any = {k: value[k] for k in rest} if isinstance(value, dict) else type(value)(rest)
                yield Entry(
                    table=name,
                    name=_named(each),
                    old=held,
                    new=_held(held, new),
                    word=each if isinstance(each, str) else "",
                    pattern=next(_patterns(each), None),
                )
        for pattern in _patterns(value) if isinstance(value, tuple | re.Pattern) else ():
            if id(pattern) in seen:
                continue
            seen.add(id(pattern))
            old = held if callable(held) else pattern
            for word, without in _alternatives(pattern):
                yield Entry(
                    table=name, name=word, old=old, new=_held(old, without), pattern=pattern, without=without
                )


def _of_marks() -> Iterator[Entry]:
    rows = table("marks")
    for row in rows:
        with _put([(table, lambda name, row=row: [other for other in rows if other is not row])]):
            made = marks._table.__wrapped__()
        old = marks._table
        yield Entry(table="marks.tsv", name=" ".join(row[:3]), old=old, new=_held(old, made), word=row[2])


def _held(held: Any, value: Any) -> Any:
    return (lambda: value) if callable(held) else value


def _is_table(value: Any) -> bool:
    """Whether a value is of several words, or of rules with a name or a pattern."""
    return len(value) > 2 and all(
        isinstance(each, str) or any(_patterns(each)) or _is_rule(each) for each in value
    )


def _is_rule(each: Any) -> bool:
    return isinstance(each, tuple) and bool(each) and isinstance(each[0], str)


def _named(each: Any) -> str:
    if isinstance(each, str):
        return each
    if _is_rule(each):
        return str(each[0])
    pattern = next(iter(_patterns(each)))
    return _shown(f"{getattr(each, 'name', '')} {getattr(each, 'place', '')} {pattern.pattern}".strip())[:60]


def _patterns(value: Any) -> Iterator[re.Pattern[str]]:
    """The patterns in a value, inside tuples and records too."""
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _patterns(each)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for name in (*_fields(value), *_made_lazily(value)):
            yield from _patterns(getattr(value, name))


def _alternatives(pattern: re.Pattern[str]) -> Iterator[tuple[str, re.Pattern[str]]]:
    """(words of it, the pattern that never takes it) of each alternative; cut out, groups would be numbered anew.

    Two of one group that mean the same are one entry.
    """
    text = pattern.pattern
    open_at: list[list[int]] = [[0]]
    found: dict[tuple[int, str], list[int]] = defaultdict(list)
    for part in [*PART.finditer(text), None]:
        sign, at = (part[0], part.start()) if part else (")", len(text))
        if sign == "(":
            opened = OPENED.match(text, at)
            open_at.append([opened.end() if opened else at + 1])
        elif sign == "|":
            open_at[-1].append(at + 1)
        elif sign == ")":
            starts = open_at.pop()
            for start, end in pairwise([*starts, at + 1]) if len(starts) > 1 else ():
                if WORD.search(text[start : end - 1]):
                    found[starts[0], _shown(text[start : end - 1])].append(start)
    for (_, words), starts in sorted(found.items(), key=lambda each: each[1]):
        without = "(?!)".join(text[a:b] for a, b in pairwise([0, *starts, len(text)]))
        yield words[:60], re.compile(without, pattern.flags)


def _shown(text: str) -> str:
    """The words of a pattern, each character once for all its forms."""
    return re.sub(r"\[([\u3400-\u9fff])[\u3400-\u9fff]+\]", r"\1", text)


def _trace(units: Sequence[Unit]) -> dict[int, Traced]:
    """Read every page and case once; by the identity of each pattern, what it was asked."""
    traced: dict[int, Traced] = {}
    values = [(held, value) for _, held, value in _tables()]
    for _, value in values:
        for pattern in _patterns(value):
            traced.setdefault(id(pattern), Traced(pattern))
    with _put(
        [(held, _held(held, _mapped(value, traced))) for held, value in values if any(_patterns(value))]
    ):
        for Traced.unit, (_, read, _) in enumerate(units):
            _forget()
            if (got := read()) is False or (
                isinstance(got, Page) and (got.reason or "").startswith("failed:")
            ):
                raise AssertionError(f"unit {Traced.unit} reads otherwise when it is traced: {got}")
    return traced


def _mapped(value: Any, new: dict[int, Any]) -> Any:
    """The value with what `new` names by its identity in the place of that, inside tuples and records too."""
    if id(value) in new:
        return new[id(value)]
    if isinstance(value, tuple | list) and type(value) in (tuple, list):
        made = type(value)(_mapped(each, new) for each in value)
        return made if any(a is not b for a, b in zip(made, value, strict=True)) else value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        record: Any = dataclasses.replace(
            value, **{name: _mapped(getattr(value, name), new) for name in _fields(value)}
        )
        for name in _made_lazily(value):
            record.__dict__[name] = _mapped(getattr(value, name), new)
        return record
    return value


def _fields(record: Any) -> list[str]:
    return [field.name for field in dataclasses.fields(record)]


def _made_lazily(record: Any) -> list[str]:
    """The names of what a record makes when it is first asked."""
    return [name for name, each in vars(type(record)).items() if isinstance(each, functools.cached_property)]


@contextmanager
def _put(changes: Sequence[tuple[Any, Any]]) -> Iterator[None]:
    """Let the modules hold other things, and forget what they remember; afterwards as before."""
    new = {id(old): made for old, made in changes}
    before = []
    for module in MODULES:
        for name, value in list(vars(module).items()):
            other = _mapped(value, new)
            if other is not value and not name.startswith("__"):
                before.append((module, name, value))
                setattr(module, name, other)
    _forget()
    try:
        yield
    finally:
        for module, name, value in before:
            setattr(module, name, value)
        _forget()


def _forget() -> None:
    """Empty the caches that hold answers; those that hold tables stay."""
    for cached in _remembering():
        cached.cache_clear()


@functools.cache
def _remembering() -> list[Any]:
    held = [value for module in MODULES for value in vars(module).values() if hasattr(value, "cache_clear")]
    return [value for value in held if value.cache_parameters()["maxsize"]]
