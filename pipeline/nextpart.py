"""The next part of an article that a site spreads over several pages (下一页), as one pure decision.

Crawl (which fetches the parts) and extract (which joins them) must agree and may not import each
other, so the rule stands here once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import chain, islice
from string import printable
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.parsing import tamed

MAX_PARTS = 20
"""An article of more parts than this is a listing or a trap (ours)."""

MAX_LINKS = 10_000
"""Links looked at; a page of more is no article."""

NEXT_WORDS = re.compile(
    r"(?:下一?[页頁]|后一?页|後一?頁|下一?[页頁]阅读|阅读下一页|閱讀下一頁|余下全文)[>›»→]*|[›»>]|[Nn]ext(?: [Pp]age)?"
)
"""Anchor texts, matched whole: 下一篇 and 下一页：标题 are other articles."""

FIRST = frozenset("下后後阅閱余›»>Nn[(（【第123456789")
"""What NEXT_WORDS and NUMBER begin with: most links are done with at once."""

LONGEST_LABEL = 16
"""Code points of the longest link text that is read; those of NEXT_WORDS are shorter."""

NUMBER = re.compile(r"[\[(（【第]?([1-9]\d?)[\])）】页頁]?")

HINTS = (
    *(
        "下一页",
        "下页",
        "下一頁",
        "下頁",
        "后页",
        "后一页",
        "後一頁",
        "余下全文",
        "›",
        "»",
        "&rsaquo;",
        "&raquo;",
        "&gt;</a",
    ),
    *('"next"', "'next'", "=next", ">next", ">Next"),
)
"""A page without any of these and without the next number as a link has no next part: it saves the parse."""

_HINT = re.compile("|".join(map(re.escape, HINTS)))
"""One search: of a page of 148 kB a third of what eighteen take."""

_PLAIN = "".join(printable.split())
"""What of a query is sent as it stands."""

PART_NAME = re.compile(r"^(.*?[^_\-/])(?:_p|[_\-])([1-9]\d?)$")
PART_FOLDER = re.compile(r"^(.*/\d{3,}(?:\.s?html?)?)/p?([1-9]\d?)/?$")
PART_KEYS = frozenset({"page", "p", "pn", "pageno", "pagenum", "pageindex", "pg", "curpage"})
DATE_STEM = re.compile(r"\d{4}-\d{1,2}$")


def next_part(
    html: str, url: str, elements: Mapping[str, Sequence[LexborNode]] | None = None, encoding: str = "utf-8"
) -> str | None:
    """Absolute URL of the next part of the article on this page, or None.

    A link counts when it stands on the same host, its address is this page's address with the next
    part number (`_2.html`, `-2.html`, `/2`, `?page=2`; TRS counts `x.html`, `x_1.html`, `x_2.html`),
    and its text is a word for the next page, its `rel` is next, or its text is the number itself.
    `elements` are those of the page by tag where the caller has parsed it already, `encoding` the codec in which it
    means the raw Han in the queries of its links. Of 69 real pages (62 from the tests of
    GeneralNewsExtractor) 4 have a 下一页 link and 1 a rel=next.
    """
    try:
        stem, number = part_of(url)
        following = max(number, 1) + 1
        if elements is None:
            if not _hinted(html, following):
                return None
            tree = LexborHTMLParser(tamed(html))
            elements = {tag: tree.css(tag) for tag in ("base", "link", "a")}
        bases = (node.attributes for node in elements["base"])
        here = urljoin(url, next((base["href"] or "" for base in bases if "href" in base), ""))
        for link in islice(chain(elements["link"], elements["a"]), MAX_LINKS):
            named, counted = _says(link)
            if not named and counted != following:
                continue
            href = (link.attributes.get("href") or "").strip()
            if not href or href.startswith(("#", "javascript:", "mailto:")):
                continue
            target = _escaped(urljoin(here, href).partition("#")[0], encoding)
            other, other_number = part_of(target)
            if other != stem or not number < other_number <= min(following, MAX_PARTS):
                continue
            if named or other_number == counted:
                return target
    except ValueError:  # an address urllib cannot split
        return None
    return None


def _escaped(url: str, encoding: str) -> str:
    """A URL with the raw non-ASCII of its query escaped as a browser would (WHATWG URL, "query state")."""
    path, mark, query = url.partition("?")
    return url if query.isascii() else path + mark + quote(query, _PLAIN, encoding, "replace")


def _hinted(html: str, following: int) -> bool:
    """Whether a page may have a next part; cheaper than parsing it."""
    return (
        _HINT.search(html) is not None
        or re.search(rf">[^<]{{0,3}}{following}[^<]{{0,3}}</", html) is not None
    )


def part_of(url: str) -> tuple[str, int]:
    """(address without its part number, part number; 0 where the address has none).

    A name that ends in a date (2024-05-20.html) has no part number.

    >>> part_of("https://www.example.cn/a/1024_2.html")
    ('example.cn/a/1024.html', 2)
    >>> part_of("https://example.cn/2024-05-20.html")
    ('example.cn/2024-05-20.html', 0)
    """
    split = urlsplit(url)
    port = split.port
    host = (split.hostname or "").removeprefix("www.") + (f":{port}" if port else "")
    # every byte as it is, be it GBK
    pairs = parse_qsl(split.query, max_num_fields=100, encoding="latin-1") if split.query else []
    query = [(k, v) for k, v in pairs if k.lower() not in PART_KEYS]
    asked = [v for k, v in pairs if k.lower() in PART_KEYS and re.fullmatch(r"[1-9]\d?", v)]
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
    return f"{host}{split.path if dot else split.path.rstrip('/')}{rest}", 0


def _says(link: LexborNode) -> tuple[bool, int]:
    """(whether text or rel says next page, the number the text consists of or -1)."""
    if link.tag == "link":
        return (link.attributes.get("rel") or "").lower() == "next", -1
    text = (link.text() or "").strip()
    if len(text) > LONGEST_LABEL:
        return False, -1
    if "next" in (link.attributes.get("rel") or "").split():
        return True, -1
    if text[:1] not in FIRST:
        return False, -1
    counted = NUMBER.fullmatch(text)
    return NEXT_WORDS.fullmatch(text) is not None, int(counted[1]) if counted else -1
