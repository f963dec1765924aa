"""Read and check the source declarations: one TOML file per source.

Everything wrong in every file is reported at once, each with file, line and key, before anything runs.
"""

from __future__ import annotations

import codecs
import difflib
import math
import re
from collections.abc import Callable
from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from pipeline.errors import UsageError
from pipeline.records import EXTRACTORS, PERSONAL, RENDER_WORDS, RESERVED_WORDS, Listing, Selector, Source
from pipeline.rules import table
from pipeline.tomlerrors import ASSIGNED
from pipeline.tomlfile import parsed, unknown
from pipeline.web.urls import fetch_form, parse_url

DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(Source)}
KEYS = tuple(DEFAULTS)
LISTING_KEYS = ("url", "links")
SELECTOR_KEYS = ("css", "since", "until")
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}

TERMS = 'terms = ""  # the licence, or by what right this is gathered; copied to every row'
"""The line of a source file that only a person can fill in."""

NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_GLOB_HOST = re.compile(r"(https?://|\*\.)([^/]*)(.*)", re.DOTALL)
_BRACKETS = re.compile(r"\[([^\]]{0,60})\]")
_ASCII = "".join(map(chr, range(33, 127)))
_SPAN = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s?([smhdw])")
_HEADER = re.compile(r"""\s*\[\[?\s*["']?([A-Za-z0-9_-]+)["']?\s*\]""")


class SourceError(UsageError):
    """The source declarations cannot be used; `problems` holds one line for each thing that is wrong."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def load(folder: Path) -> tuple[Source, ...]:
    """All sources declared by `folder`/*.toml, by name; SourceError names every problem of every file."""
    if not folder.is_dir():
        raise SourceError((f"{folder}: no such folder of source files",))
    declarations = [_Declaration(path) for path in sorted(folder.glob("*.toml"))]
    sources = [declaration.source() for declaration in declarations]
    problems = [problem for declaration in declarations for problem in declaration.problems]
    first: dict[str, _Declaration] = {}
    for declaration in declarations:
        earlier = first.setdefault(declaration.name, declaration)
        if earlier is not declaration:
            declaration.problem("name", f"{declaration.name!r} is already the name of {earlier.path}")
            problems.append(declaration.problems[-1])
    if problems:
        raise SourceError(tuple(problems))
    return tuple(source for source in sources if source is not None)


def parse(path: Path) -> Source:
    """The source declared by one TOML file; SourceError names every problem of the file."""
    declaration = _Declaration(path)
    source = declaration.source()
    if source is None:
        raise SourceError(tuple(declaration.problems))
    return source


class _Declaration:
    """One file while it is read: its text, its table, and what is wrong with it so far."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[str] = []
        read = parsed(path)
        if read.problem:
            self.problems.append(read.problem)
        self.lines, self.table = read.lines, read.table
        declared = self.table.get("name", path.stem)
        self.name: str = declared if isinstance(declared, str) else path.stem

    def source(self) -> Source | None:
        """The declared source, or None with `problems` saying why not."""
        if self.problems:
            return None
        for key in self.table:
            if key not in KEYS:
                self.problem(key, unknown(key, KEYS))
        feeds, sitemaps, urls = self._urls("feeds"), self._urls("sitemaps"), self._urls("urls")
        listings = self._listings()
        if not any(self.table.get(key) for key in ("feeds", "sitemaps", "listings", "urls")):
            self.problem("", "no way to find articles: give feeds, sitemaps, listings or urls")
        found = (*feeds, *sitemaps, *(listing.url for listing in listings), *urls)
        source = Source(
            name=self._name(),
            home=self._home(found),
            feeds=feeds,
            sitemaps=sitemaps,
            listings=listings,
            urls=urls,
            include=self._globs("include"),
            exclude=self._globs("exclude"),
            body=self._selectors("body"),
            drop=self._selectors("drop"),
            delay=self._number("delay", DEFAULTS["delay"]),
            every=self._every(),
            terms=self._terms(),
            expect_links=int(self._number("expect_links", 0, whole=True)),
            expect_kept=self._number("expect_kept", 0.0, most=1.0),
            expect_own=self._number("expect_own", DEFAULTS["expect_own"], most=1.0),
            harm_articles=int(self._number("harm_articles", DEFAULTS["harm_articles"], whole=True)),
            harm_share=self._number("harm_share", DEFAULTS["harm_share"], most=1.0),
            allow_private=self._typed("allow_private", bool, "true or false", False),
            charset=self._charset(),
            extractor=self._word("extractor", EXTRACTORS, "reader"),
            reserved=self._word("reserved", RESERVED_WORDS, "word for it") or DEFAULTS["reserved"],
            render=self._word("render", RENDER_WORDS, "word for it") or DEFAULTS["render"],
            answer_to=self._answer_to(),
            mask=self._checked("mask", self._strings("mask"), _mask_fault),
            robots_sitemaps=self._typed("robots_sitemaps", bool, "true or false", False),
            twins=self._typed("twins", bool, "true or false", True),
        )
        return None if self.problems else source

    def problem(self, key: str, what: str, value: object = None) -> None:
        """Note that `key` is wrong, at the line where it (or, further on, `value`) stands."""
        line = self._line(key, value) if key else 1
        self.problems.append(f"{self.path}:{line}: {key + ': ' if key else ''}{what}")

    def _line(self, key: str, value: object) -> int:
        top, _, inner = key.partition(".")
        at = 1
        for number, line in enumerate(self.lines, 1):
            matched = ASSIGNED.match(line) or _HEADER.match(line)
            if matched and matched[1] == top:
                at = number
                break
        if not isinstance(value, str) or not value:
            value = None
        for number, line in enumerate(self.lines[at - 1 :], at):
            if (value and str(value) in line) or (
                not value and inner and re.search(rf"\b{re.escape(inner)}\b", line)
            ):
                return number
        return at

    def _typed(self, key: str, kind: type, called: str, default: Any) -> Any:
        value = self.table.get(key, default)
        if key in self.table and not isinstance(value, kind):
            self.problem(key, f"must be {called}, not {value!r}", value)
            return default
        return value

    def _strings(self, key: str) -> list[str]:
        values = self._typed(key, list, "a list of strings", [])
        for value in values:
            if not isinstance(value, str):
                self.problem(key, f"must be a list of strings, but holds {value!r}", value)
        return [value for value in values if isinstance(value, str)]

    def _checked(self, key: str, values: list[str], fault: Callable[[str], str | None]) -> tuple[str, ...]:
        for value in values:
            if wrong := fault(value):
                self.problem(key, f"{value!r} {wrong}", value)
        return tuple(dict.fromkeys(values))

    def _urls(self, key: str) -> tuple[str, ...]:
        checked = self._checked(key, self._strings(key), _url_fault)
        return tuple(dict.fromkeys(fetch_form(url) or url for url in checked))

    def _globs(self, key: str) -> tuple[str, ...]:
        return tuple(glob_form(glob) for glob in self._checked(key, self._strings(key), glob_fault))

    def _listings(self) -> tuple[Listing, ...]:
        listings = []
        for entry in self._typed("listings", list, "a list of {url, links}", []):
            table = {"url": entry} if isinstance(entry, str) else entry
            if not self._has_keys("listings", table, LISTING_KEYS, "url"):
                continue
            (url,) = self._checked("listings", [table["url"]], _url_fault)
            links = table.get("links", "a[href]")
            if wrong := selector_fault(links):
                self.problem("listings.links", f"{links!r} {wrong}", links)
            listings.append(Listing(url=fetch_form(url) or url, links=str(links)))
        return tuple(listings)

    def _selectors(self, key: str) -> tuple[Selector, ...]:
        value = self.table.get(key, [])
        selectors = []
        for entry in value if isinstance(value, list) else [value]:
            table = {"css": entry} if isinstance(entry, str) else entry
            if not self._has_keys(key, table, SELECTOR_KEYS, "css"):
                continue
            if wrong := selector_fault(table["css"]):
                self.problem(f"{key}.css", f"{table['css']!r} {wrong}", table["css"])
            since, until = self._day(key, table, "since"), self._day(key, table, "until")
            if since and until and until < since:
                self.problem(f"{key}.until", f"{until} is before since ({since})", str(until))
            selectors.append(Selector(css=str(table["css"]), since=since, until=until))
        return tuple(selectors)

    def _has_keys(self, key: str, table: object, known: tuple[str, ...], needed: str) -> bool:
        """Whether one entry of a list is a table with only known keys and the needed one."""
        if not isinstance(table, dict):
            self.problem(key, f"must hold strings or tables with {', '.join(known)}, not {table!r}")
            return False
        for inner in table:
            if inner not in known:
                self.problem(f"{key}.{inner}", unknown(inner, known))
        if not isinstance(table.get(needed), str):
            self.problem(key, f"each entry needs a string {needed!r}: {table!r}")
            return False
        return True

    def _day(self, key: str, table: dict[str, Any], which: str) -> date | None:
        value = table.get(which)
        if isinstance(value, str):
            try:
                return date.fromisoformat(value)
            except ValueError:
                self.problem(f"{key}.{which}", f"{value!r} is not a day (2026-11-01)", value)
                return None
        if value is not None and (isinstance(value, datetime) or not isinstance(value, date)):
            self.problem(f"{key}.{which}", f"must be a day (2026-11-01), not {value!r}")
            return None
        return value

    def _number(self, key: str, default: float, *, most: float = math.inf, whole: bool = False) -> float:
        value = self.table.get(key, default)
        called = "a whole number" if whole else "a number"
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            self.problem(key, f"must be {called}, not {value!r}", value)
        elif not (0 <= value <= most and math.isfinite(value)):
            span = "not be negative" if most == math.inf else f"lie between 0 and {most:g}"
            self.problem(key, f"must {span}, but is {value!r}")
        else:
            return float(value)
        return default

    def _every(self) -> float:
        value = self.table.get("every", DEFAULTS["every"])
        if isinstance(value, str) and (span := _SPAN.fullmatch(value.strip())):
            value = float(span[1]) * UNITS[span[2]]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not (0 < value < math.inf):
            self.problem("every", f"must be a span such as '30m', '6h', '1d', or seconds, not {value!r}")
            return 1.0
        return float(value)

    def _terms(self) -> str:
        given: str = self._typed("terms", str, "a string", "")
        if not given.isprintable():
            self.problem("terms", f"must be one line without control signs, not {given!r}", given)
        return given

    def _charset(self) -> str | None:
        given: str | None = self._typed("charset", str, "a charset label", None)
        if given is None:
            return None
        label = given.strip().lower()
        if label not in (labels := [row[0] for row in table("labels")]):
            near = _nearest_label(label, labels)
            known = f"did you mean {near!r}?" if near else "such as utf-8, gb18030, big5"
            self.problem("charset", f"{given!r} is no charset label of the web; {known}", given)
        return label

    def _word(self, key: str, words: tuple[str, ...], called: str) -> str | None:
        given: str | None = self._typed(key, str, "a string", None)
        if given is not None and given not in words:
            self.problem(key, f"{given!r} is no {called}; {_nearest(given, words)}", given)
        return given

    def _answer_to(self) -> tuple[str, ...]:
        tokens = {token.lower(): token for token, *_ in table("ai-agents")}
        given = self._strings("answer_to")
        for token in given:
            if token.lower() not in tokens:
                near = _nearest(token, tuple(tokens.values()))
                self.problem("answer_to", f"{token!r} is no token of rules/ai-agents.tsv; {near}", token)
        return tuple(dict.fromkeys(tokens.get(token.lower(), token) for token in given))

    def _name(self) -> str:
        self._typed("name", str, "a string", "")
        if not NAME.fullmatch(self.name):
            self.problem("name", f"{self.name!r} must be lower-case letters, digits and single hyphens")
        if self.name != self.path.stem:
            self.problem("name", f"{self.name!r} is not the file's name {self.path.stem!r}")
        return self.name

    def _home(self, found: tuple[str, ...]) -> str:
        home: str = self._typed("home", str, "a URL", "")
        if "home" in self.table:
            self._checked("home", [home], _url_fault)
        elif found and not _url_fault(found[0]):
            first = parse_url(found[0])
            home = f"{first.protocol}//{first.host}/"
        return fetch_form(home) or home


def _mask_fault(kind: str) -> str | None:
    if kind in PERSONAL:
        return None
    near = difflib.get_close_matches(kind.lower(), PERSONAL, 1, 0.5)
    known = f"did you mean {near[0]!r}?" if near else f"{', '.join(PERSONAL)} are"
    return f"is nothing we mask; {known}"


def _url_fault(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        port_ok = parts.port is None or parts.port > 0
    except ValueError as error:
        return f"is not a URL ({error})"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "is not an absolute http:// or https:// URL"
    if any(character.isspace() or character < " " for character in url):
        return "holds white space"
    if parts.username is not None or not port_ok:
        return "must not hold a user name, a password or port 0"
    return None if fetch_form(url) else "is not a URL that can be fetched"


def glob_fault(pattern: str) -> str | None:
    """Why fnmatch over whole URLs can never match the pattern as it was meant."""
    if not pattern.startswith(("http://", "https://", "*", "?", "[")):
        return "can match no URL: it is held against the whole URL, so begin it with * or http"
    if pattern.count("[") > pattern.count("]"):
        return "has a [ that is never closed"
    if any(not inner.isascii() for inner in _BRACKETS.findall(pattern)):
        return "can match no URL: addresses hold %XX for what is not ASCII, so no [ ] can name it"
    return None


def glob_form(pattern: str) -> str:
    """A glob in the spelling of the URLs it is held against: hosts in punycode, other non-ASCII as UTF-8 escapes."""
    if (found := _GLOB_HOST.fullmatch(pattern)) is not None and not found[2].isascii():
        host = fetch_form(f"http://{found[2]}/")
        pattern = f"{found[1]}{parse_url(host).host if host else found[2]}{found[3]}"
    return quote(pattern, _ASCII)


def _nearest_label(label: str, labels: list[str]) -> str | None:
    """The label of the codec that Python knows by this name, else the one spelled most alike."""
    try:
        codec = codecs.lookup(label).name
    except (LookupError, ValueError):
        codec = ""
    alike = difflib.get_close_matches(label, labels, 1, 0.75)
    return codec if codec in labels else alike[0] if alike else None


def _nearest(given: str, words: tuple[str, ...]) -> str:
    spelled = {word.lower(): word for word in words}
    near = difflib.get_close_matches(given.lower(), spelled, 1, 0.5)
    return f"did you mean {spelled[near[0]]!r}?" if near else f"known are {', '.join(words)}"


def selector_fault(css: object) -> str | None:
    """Why this is no CSS selector that Lexbor can parse; None: it is one."""
    try:
        LexborHTMLParser("<p>").css(css if isinstance(css, str) else "")
    except SelectolaxError:
        return "is not a CSS selector"
    return None
