"""The next part of an article that a site spreads over several pages (下一页), as one pure decision.

Crawl (which fetches the parts) and extract (which joins them) must agree and may not import each
other, so the rule stands here once.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

MAX_PARTS = 20
"""An article of more parts than this is a listing or a trap (issue 3, item 5)."""

NEXT_WORDS = re.compile(
    r"(?:下一?[页頁]|后一?页|後一?頁|下一?[页頁]阅读|余下全文|閱讀下一頁)[>›»→]*|[›>»]|[Nn]ext(?: [Pp]age)?"
)
"""Anchor texts, matched whole: 下一篇 and 下一页：标题 are other articles."""

HINT = re.compile(
    r"[下后後]一?[页頁]|余下全文|rel=.{0,12}next|[_\-/=]p?a?g?e?[2-9]\b|[_\-]1\d?\.s?html?|>\s*[›»]|[Nn]ext"
)
"""A page without any of these has no next part; it saves the parse. Bounded repeats, so linear."""

PART_NAME = re.compile(r"^(.*?[^_\-/])(?:_p|[_\-])([1-9]\d?)$")
PART_FOLDER = re.compile(r"^(.*/\d{3,}(?:\.s?html?)?)/p?([1-9]\d?)/?$")
PART_KEYS = frozenset({"page", "p", "pn", "pageno", "pagenum", "pageindex", "pg", "curpage"})
DATE_STEM = re.compile(r"\d{4}-\d{1,2}$")


def next_part(html: str, url: str) -> str | None:
    """Absolute URL of the next part of the article on this page, or None.

    A link counts when it stands on the same host, its address is this page's address with the next
    part number (`_2.html`, `-2.html`, `/2`, `?page=2`; TRS counts `x.html`, `x_1.html`, `x_2.html`),
    and its text is a word for the next page, its `rel` is next, or its text is the number itself.
    Source: fetch-and-archive reference §1.3.
    """
    if not HINT.search(html):
        return None
    try:
        tree = LexborHTMLParser(html)
        base = tree.css_first("base[href]")
        here = urljoin(url, (base.attributes.get("href") or "") if base is not None else "")
        stem, number = part_of(url)
        for link in tree.css("a[href], link[rel=next]"):
            href = (link.attributes.get("href") or "").strip()
            if not href or href.startswith(("#", "javascript:", "mailto:")):
                continue
            target = urljoin(here, href).partition("#")[0]
            other, other_number = part_of(target)
            if other != stem or not number < other_number <= MAX_PARTS:
                continue
            text = (link.text() or "").strip() if link.tag == "a" else ""
            named = (
                NEXT_WORDS.fullmatch(text) is not None or "next" in (link.attributes.get("rel") or "").split()
            )
            if named and other_number <= max(number, 1) + 1:
                return target
            if _counted(text) == other_number == max(number, 1) + 1:
                return target
    except ValueError:  # an address urllib cannot split
        return None
    return None


def part_of(url: str) -> tuple[str, int]:
    """(address without its part number, part number; 0 where the address has none)."""
    split = urlsplit(url)
    host = (split.hostname or "").removeprefix("www.") + (f":{split.port}" if split.port else "")
    query = [(k, v) for k, v in parse_qsl(split.query) if k.lower() not in PART_KEYS]
    asked = [v for k, v in parse_qsl(split.query) if k.lower() in PART_KEYS and re.fullmatch(r"[1-9]\d?", v)]
    rest = f"?{urlencode(query)}" if query else ""
    if asked:
        return f"{host}{split.path}{rest}", int(asked[-1])
    folder, _, name = split.path.rpartition("/")
    name, dot, ending = name.partition(".")
    found = PART_NAME.match(name)
    if found and not DATE_STEM.search(found[1]):
        return f"{host}{folder}/{found[1]}{dot}{ending}{rest}", int(found[2])
    inside = PART_FOLDER.match(split.path)
    if inside:
        return f"{host}{inside[1]}{rest}", int(inside[2])
    return f"{host}{split.path.rstrip('/') if not dot else split.path}{rest}", 0


def _counted(text: str) -> int:
    """The number an anchor text consists of (2, [2], 第2页), else -1."""
    found = re.fullmatch(r"[\[(（【第]?([1-9]\d?)[\])）】页頁]?", text)
    return int(found[1]) if found else -1
