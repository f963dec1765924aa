"""The rules in the bytes of a robots.txt, read and matched as RFC 9309 says.

Where the RFC is silent we do as google/robotstxt does, against which benchmarks/robots.py holds us. protego 0.7.0 takes
all bytes that are not UTF-8 for one character: with it a rule for 新闻 in GBK closed 体育 as well.

Whose rules hold when there is no such file, or something else in its place, is `crawl.robots`'s to say.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote, urlsplit

from pipeline.records import Right
from pipeline.rules import table
from pipeline.rules.signatures import GZIP

MAX_BYTES = 500 * 1024
"""Of robots.txt that are read (RFC 9309 §2.5: at least 500 KiB)."""
MOST_CONTROLS = 0.05
"""Share of control characters from which a file without a single known line is no text (ours)."""

_TOKEN = re.compile(r"[A-Za-z_-]+")
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_LINE_END = re.compile(r"\r\n|\r|\n")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffd\udc80-\udcff]")
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{0,9})?")
_RATE = re.compile(r"(\d{1,9})\s{0,9}/\s{0,9}(\d{1,9})\s{0,9}([smhd]?)", re.IGNORECASE)
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_SAFE = "".join(map(chr, range(33, 127)))
_BLANKS = " \t\v\f"
AGENT, ALLOW, DISALLOW, SITEMAP, DELAY, RATE = "user-agent", "allow", "disallow", "sitemap", "delay", "rate"
_WORDS: tuple[tuple[str, str], ...] = (
    *((spelt, AGENT) for spelt in ("user-agent", "useragent", "user agent")),
    (ALLOW, ALLOW),
    *(
        (spelt, DISALLOW)
        for spelt in ("disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw")
    ),
    *((spelt, SITEMAP) for spelt in ("sitemap", "site-map")),
    *((spelt, DELAY) for spelt in ("crawl-delay", "crawl delay")),
    *((spelt, RATE) for spelt in ("request-rate", "request rate")),
)
"""How a line begins, and what it says: the spellings that google/robotstxt takes, robots.cc, and those of the pace."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One line of a robots.txt that says something to us."""

    word: str
    value: str


def product_token(user_agent: str) -> str:
    """The name a robots.txt knows us by: the leading letters, hyphens, underscores (RFC 9309 §2.2.1)."""
    found = _TOKEN.match(user_agent)
    return found[0] if found else "*"


def within_cap(body: bytes) -> bytes:
    """At most MAX_BYTES of a robots.txt, cut at a line end."""
    if len(body) <= MAX_BYTES:
        return body
    body = body[:MAX_BYTES]
    return body[: max(body.rfind(b"\n"), body.rfind(b"\r")) + 1]


def text_of(body: bytes) -> str:
    """The bytes of a robots.txt as text, at most MAX_BYTES of them; bytes that are not UTF-8 stand as surrogates.

    Packed once more without a header saying so, or in UTF-16, it is read as what it is: a browser would.
    """
    if body.startswith(GZIP):
        try:
            body = zlib.decompressobj(31).decompress(body, MAX_BYTES + 1)
        except zlib.error:
            return body.decode("utf-8", "surrogateescape")
    body = within_cap(body)
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    for half, name in ((body[1::2], "utf-16-le"), (body[::2], "utf-16-be")):
        if half and half.count(0) > 0.8 * len(half):
            return body.decode(name, "replace")
    return body.decode("utf-8", "surrogateescape")


def is_text(text: str, said: Sequence[Statement]) -> bool:
    """Whether a file is to be believed that says nothing: it may be something that could not be read."""
    return bool(said) or len(_CONTROL.findall(text)) <= MOST_CONTROLS * len(text)


def statements(text: str) -> tuple[Statement, ...]:
    """The lines of a robots.txt that say something, in order; every other is no line at all (RFC 9309 §2.2.4).

    Only CR and LF end a line. A colon may be full-width, or forgotten between two words; byte order marks and NULs
    may stand anywhere: files are pasted together.
    """
    found = []
    for line in _LINE_END.split(text.replace("\ufeff", "").replace("\0", "")):
        line = line.partition("#")[0].strip(_BLANKS)
        name, colon, value = line.replace("：", ":", 1 if ":" not in line else 0).partition(":")
        if not colon:
            name, *values = line.split()[:3] or [""]
            if len(values) != 1:
                continue
            value = values[0]
        name = name.strip(_BLANKS).lower()
        word = next((word for spelt, word in _WORDS if name.startswith(spelt)), None)
        if word is not None:
            found.append(Statement(word, value.strip(_BLANKS)))
    return tuple(found)


def of_agent(
    said: Iterable[Statement], agent: str, token_of: Callable[[str], str] = product_token
) -> list[Statement]:
    """What a robots.txt says to the crawler of a product token: the groups of its name, else those of `*`.

    A group's names end with its first rule; what is said of the pace ends them not (RFC 9309 §2.2.4). A name that
    begins with no letter, as 360Spider, is somebody else's: google/robotstxt takes `*` alone, or before a blank.
    """
    own: list[Statement] = []
    others: list[Statement] = []
    is_named = in_own = in_others = in_rules = False
    for each in said:
        if each.word == AGENT:
            if in_rules:
                in_own = in_others = in_rules = False
            is_star = each.value.split(None, 1)[:1] == ["*"]
            is_us = not is_star and agent != "*" and token_of(each.value).lower() == agent.lower()
            in_own, in_others, is_named = in_own or is_us, in_others or is_star, is_named or is_us
        elif each.word != SITEMAP:
            in_rules = in_rules or each.word in (ALLOW, DISALLOW)
            own += [each] if in_own else []
            others += [each] if in_others else []
    return own if is_named else others


@dataclass(frozen=True, slots=True)
class _Rule:
    """One Allow or Disallow line."""

    allows: bool
    weight: int
    """Octets of its path: of the rules that match the longest holds (RFC 9309 §2.2.2)."""
    parts: tuple[str, ...]
    """What stands between its `*`."""
    to_the_end: bool
    """Whether a `$` closes it."""

    def matches(self, path: str) -> bool:
        """Whether a path, spelt as `_spelt` does, begins like it."""
        first, *rest = self.parts
        if not path.startswith(first):
            return False
        at = len(first)
        last = rest.pop() if rest else None
        for part in rest:
            if (found := path.find(part, at)) < 0:
                return False
            at = found + len(part)
        if last is None:
            return not self.to_the_end or at == len(path)
        if self.to_the_end:
            return path.endswith(last) and len(path) - len(last) >= at
        return path.find(last, at) >= 0


class Rules:
    """The paths that one crawler may fetch and may not."""

    def __init__(self, said: Iterable[Statement]) -> None:
        rules = [rule for each in said if each.word in (ALLOW, DISALLOW) for rule in _rules_of(each)]
        self._rules = sorted(rules, key=lambda rule: (-rule.weight, not rule.allows))

    def allow(self, url: str) -> bool:
        """Whether `url` (in fetch form) may be fetched; of two rules as long, the one that allows holds."""
        parts = urlsplit(url)
        if parts.path == "/robots.txt":
            return True
        path = _spelt(parts.path or "/") + ("?" + _spelt(parts.query) if "?" in url else "")
        return next((rule.allows for rule in self._rules if rule.matches(path)), True)


def _rules_of(said: Statement) -> Iterator[_Rule]:
    """The rule in a line; to allow index.html is to allow its folder, as google/robotstxt has it."""
    value = quote(said.value.encode("utf-8", "surrogateescape"), _SAFE)
    if not value:
        return
    to_the_end = value.endswith("$")
    parts = tuple(_spelt(part) for part in re.split(r"\*+", value.removesuffix("$")))
    allows = said.word == ALLOW
    yield _Rule(allows, len(value), parts, to_the_end)
    folder, slash, name = value.rpartition("/")
    if allows and slash and name.startswith("index.htm"):
        yield _Rule(True, len(folder) + 2, (_spelt(folder + "/"),), True)


def _spelt(path: str) -> str:
    """A path with escapes of unreserved characters undone, the others in upper case, and `*` and `$` escaped.

    Raw bytes beyond ASCII were escaped as they are before: a GBK rule meets a GBK address, and no other.
    """
    path = path.replace("*", "%2A").replace("$", "%24")
    return _ESCAPE.sub(_escape, path)


def _escape(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()


def pace_of(said: Iterable[Statement]) -> float | None:
    """Seconds between two requests that a crawler is asked to keep: Crawl-delay or Request-rate, the longer one."""
    waits = []
    for each in said:
        if each.word == DELAY and (number := _NUMBER.match(each.value)):
            waits.append(float(number[0]))
        elif each.word == RATE and (rate := _RATE.match(each.value)) and int(rate[1]):
            waits.append(int(rate[2]) * _UNITS[rate[3].lower()] / int(rate[1]))
    return max(waits, default=None)


def barred(body: bytes, url: str) -> list[Right]:
    """The AI crawlers of rules/ai-agents.tsv that a robots.txt keeps from `url` (in fetch form) by their own name.

    What is forbidden to all is no word on AI: it is not told.
    """
    return [
        Right(name="ai_barred", place="robots.txt", said=agent)
        for agent, rules in _of_agents(within_cap(body))
        if not rules.allow(url)
    ]


@lru_cache(maxsize=64)
def _of_agents(body: bytes) -> tuple[tuple[str, Rules], ...]:
    """The AI crawlers that a robots.txt has groups for, with their rules, read once for all of its pages."""
    said = statements(text_of(body))
    named = {_named(each.value).lower() for each in said if each.word == AGENT}
    agents = (token for token, *_ in table("ai-agents"))
    return tuple((agent, Rules(of_agent(said, agent, _named))) for agent in agents if agent.lower() in named)


def _named(name: str) -> str:
    """The token that a line `User-agent:` names; with digits, which some have although RFC 9309 knows none (AI2Bot)."""
    found = _NAME.match(name)
    return found[0] if found else "*"
