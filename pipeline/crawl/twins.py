"""How a site writes one page under several URLs: rules learned from pairs of them, and what a URL comes to by these.

    query   a key of the query does not count          /a/1.html?wid=7     → /a/1.html
    path    a word of the path does not, or is another /amp/a/1.html       → /a/1.html
    host    a host prints the pages of another         m.x.cn/a/1.html     → x.cn/a/1.html

A rule holds for one host and for the paths of one folder and ending (digits aside), where it was seen.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

QUERY, PATH, HOST = KINDS = ("query", "path", "host")
DEVICES = frozenset(
    {"m", "wap", "3g", "h5", "amp", "mobile", "touch", "print", "printer", "printable", "index"}
)
"""Words of the addresses that are not the page's own where both are (ours)."""
MAX_STEPS = 8
"""Rules that one URL is taken through at most."""
LONGEST = 24
"""Characters of a word that a path may have more (ours): /print/, index.html, -amp."""

_TOKEN = re.compile(r"([/._-])")
_DIGITS = re.compile(r"\d+")
_ENDING = re.compile(r"\.[A-Za-z]{1,6}$")
_SLUG = re.compile(r"[^/]{12,}")


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """One way in which a site writes a page under another URL."""

    kind: str
    """A word of KINDS."""
    host: str
    """Host of the URLs it is for, with :port when not the default."""
    shape: str
    """Folder and ending of their paths, digits as `#`."""
    what: str
    """The query key, or the piece of the path; empty for a host."""
    to: str = ""
    """What stands in its place: in the path, or as the host."""

    def __str__(self) -> str:
        """It as archive and ledger name it; `parsed` reads it."""
        return " ".join((self.kind, self.host, self.shape, self.what, self.to))

    @property
    def words(self) -> str:
        """It for people."""
        where = f"{self.host}{self.shape}"
        if self.kind == QUERY:
            return f"?{self.what}= on {where}"
        return f"{where} is {self.to}" if self.kind == HOST else f"{self.what!r} in {where}"

    def apply(self, key: str) -> str | None:
        """What a URL key comes to by it; None: it is for others."""
        parts = urlsplit(key)
        if parts.netloc != self.host or shape(parts.path) != self.shape:
            return None
        if self.kind == HOST:
            return urlunsplit(parts._replace(netloc=self.to))
        if self.kind == QUERY:
            pairs = parts.query.split("&") if parts.query else []
            left = [pair for pair in pairs if pair.partition("=")[0] != self.what]
            return urlunsplit(parts._replace(query="&".join(left))) if len(left) < len(pairs) else None
        path = _replaced(parts.path, self.what, self.to)
        return None if path is None else urlunsplit(parts._replace(path=path))


def parsed(text: str) -> Rule | None:
    """A rule as it was written; None where it is none."""
    parts = text.split(" ")
    return Rule(*parts) if len(parts) == 5 and parts[0] in KINDS else None


def shape(path: str) -> str:
    """The folder of a path and the ending of its name, digits as `#`.

    >>> shape("/2026/11/a-b_17.shtml")
    '/#/#/*.shtml'
    """
    folder, _, name = path.rpartition("/")
    ending = _ENDING.search(name)
    return f"{_DIGITS.sub('#', folder)}/{'*' if name else ''}{ending[0] if ending else ''}"


def step(a: str, b: str) -> Rule | None:
    """The rule by which two URL keys of one page are one; None: they are the same, or differ by more than one thing.

    >>> step("https://x.cn/a/1.html?wid=7", "https://x.cn/a/1.html?wid=8").what
    'wid'
    """
    one, two = urlsplit(a), urlsplit(b)
    differs = (one.netloc != two.netloc, one.path != two.path, one.query != two.query)
    if sum(differs) != 1:
        return None
    if differs[0]:
        main, other = sorted((one.netloc, two.netloc), key=_plainness)
        return Rule(HOST, other, shape(one.path), "", main)
    if differs[1]:
        return _path_step(one.netloc, one.path, two.path)
    names = {pair.partition("=")[0] for pair in set(one.query.split("&")) ^ set(two.query.split("&")) if pair}
    rule = Rule(QUERY, one.netloc, shape(one.path), names.pop()) if len(names) == 1 else None
    return rule if rule is not None and _names_a_page(rule.apply(a) or a) else None


def are_two_articles(a: str, b: str) -> bool:
    """Whether two URL keys name two articles: other numbers in their paths, or without any other names.

    Where such have one body it is none of an article: a wall, an error, a notice.
    """
    one, two = urlsplit(a).path, urlsplit(b).path
    if (numbers := sorted(_DIGITS.findall(one))) or _DIGITS.search(two):
        return numbers != sorted(_DIGITS.findall(two))
    names = [_ENDING.sub("", path.rpartition("/")[2]) for path in (one, two)]
    return not any(x in y or y in DEVICES for x, y in (names, names[::-1]))


def pair_of(rule: Rule, key: str) -> str:
    """What makes the evidence of a URL one of its own: other values of a query key, else other articles."""
    parts = urlsplit(key)
    if rule.kind == QUERY or not _DIGITS.search(parts.path):
        return key
    return parts.path


def fold(key: str, rules: Collection[Rule]) -> tuple[str, tuple[Rule, ...]]:
    """What a URL key comes to by the rules, and by which; each is taken once."""
    used: list[Rule] = []
    while len(used) < MAX_STEPS:
        for rule in sorted(rules, key=lambda each: (KINDS.index(each.kind), each)):
            applied = rule.apply(key) if rule not in used else None
            if applied is not None and applied != key:
                key = applied
                used.append(rule)
                break
        else:
            break
    return key, tuple(used)


def _plainness(text: str) -> tuple[bool, int, str]:
    """How much an address, or a piece of one, is the page's own."""
    return bool(DEVICES & set(_TOKEN.split(text))), len(text), text


def _path_step(host: str, a: str, b: str) -> Rule | None:
    one, two = _TOKEN.split(a), _TOKEN.split(b)
    least = min(len(one), len(two))
    start = next((n for n in range(least) if one[n] != two[n]), least)
    end = next((n for n in range(least - start) if one[-1 - n] != two[-1 - n]), least - start)
    pieces = [("".join(tokens[start : len(tokens) - end]), path) for tokens, path in ((one, a), (two, b))]
    (to, _), (what, path) = sorted(pieces, key=lambda each: _plainness(each[0]))
    is_replaced_name = bool(what and to) and "/" not in "".join(one[len(one) - end :])
    if len(what) > LONGEST or len(to) > LONGEST or _DIGITS.search(what + to) or is_replaced_name or not what:
        return None
    rule = Rule(PATH, host, shape(path), what, to)
    return rule if _replaced(path, what, to) == (b if path == a else a) else None


def _replaced(path: str, what: str, to: str) -> str | None:
    """A path with the first whole piece `what` replaced; a lone slash is that at the end."""
    start = len(path) - 1 if what == "/" and path.endswith("/") else path.find(what)
    while start >= 0:
        end = start + len(what)
        begins = start == 0 or _TOKEN.fullmatch(path[start - 1]) or _TOKEN.fullmatch(what[0])
        if begins and (end == len(path) or _TOKEN.fullmatch(path[end]) or _TOKEN.fullmatch(what[-1])):
            return path[:start] + to + path[end:]
        start = path.find(what, start + 1)
    return None


def _names_a_page(key: str) -> bool:
    """Whether what is left of a URL still names one page of many: by a number, or a long name."""
    parts = urlsplit(key)
    return bool(_DIGITS.search(parts.path + parts.query) or _SLUG.search(parts.path))
