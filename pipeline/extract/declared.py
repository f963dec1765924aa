"""What a page declares about itself for machines: title, meta elements, JSON-LD, microdata, RDFa, script variables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from selectolax.lexbor import LexborNode

from pipeline.extract.elements import Elements
from pipeline.extract.layout import Attributes

MAX_LD = 200_000
"""Code points of one JSON-LD block read; larger blocks are data dumps."""

MAX_LD_ITEMS = 200
"""Objects of JSON-LD looked at, nested ones included."""

MAX_SCRIPT = 3_000_000
"""Code points of inline script searched for variables: WeChat has 1.4 million before its own, and the search takes
30 ms a million."""

MAX_SCRIPTS = 3_000
"""Scripts of one page that are read; real pages have a few hundred at most."""

MAX_ITEMS = 2_000
"""Elements with microdata or RDFa that are looked at."""

MAX_SHOWN = 20
"""Nodes of an element that are looked at for the day it shows."""

MAX_TAGS = 50
"""Declared tags and steps of a breadcrumb that are read."""

MAX_UP = 30
"""Elements above one of these in which a comment is looked for."""

VALUE = 300
"""Code points kept of a declared value."""

SCRIPT_NAMES = (
    "ct",
    "publish_time",
    "oriCreateTime",
    "ori_create_time",
    "createTime",
    "create_time",
    "nickname",
    "nick_name",
    "user_name",
    "msg_title",
    "pubdate",
    "pubDate",
    "publishTime",
    "pubTime",
    "publish_date",
    "publishDate",
    "publishedAt",
    "published_at",
    "datePublished",
)
_ANY_NAME = "|".join(
    rf"{first}(?<!\w.)(?:{'|'.join(name[1:] for name in SCRIPT_NAMES if name[0] == first)})"
    for first in dict.fromkeys(name[0] for name in SCRIPT_NAMES)
)
"""The look-behind is a `\\b` behind the first letter: so the search can skip to these letters, and is done with most of
them at once."""

SCRIPT = re.compile(
    rf"({_ANY_NAME})\b[\"']?\s{{0,4}}[=:]\s{{0,4}}(?:(?:\"\"|'')\s{{0,3}}\|\|\s{{0,3}})?"
    r"(?:(?:htmlDecode|JsDecode|decodeURIComponent|String)\()?"
    r"(?:[\"']((?:[^\"'\\\n]|\\u[0-9a-fA-F]{4}){1,120})[\"']|(\d{10}(?:\d{3})?)\b)"
)
"""`var ct = "1581418070"` of WeChat, `create_time: JsDecode('…')`, and the like; the value ends at the first quote."""

ACCOUNTS = ("nickname", "nick_name")
"""WeChat's variables of the account; as a key of a plain object (Nuxt, Vuex) they are of whoever reads the page."""

ATTRIBUTE = re.compile(r"[\w)\]]\.$")
"""What stands before the name of another object's attribute."""

ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
ITEMS = {
    "headline": "headline",
    "datepublished": "datePublished",
    "issued": "datePublished",
    "datemodified": "dateModified",
    "modified": "dateModified",
    "author": "author",
    "creator": "author",
    "publisher": "publisher",
}
"""itemprop, or property without its prefix (lower case) → the fact; of schema.org and Dublin Core."""

SHOWN_DAY = re.compile(r"(?:19|20)\d\d[-/]\d{1,2}[-/]\d{1,2}(?:[ T]|$)")
AGO = re.compile(r"(?:前|ago)$|^(?:昨天|前天|刚刚|剛剛)")
"""How a time is shown as long ago as it is."""
YEARLESS = re.compile(
    r"(?:1[0-2]|0?[1-9])\s?月\s?\d{1,2}\s?[日号號]?|\d{1,2}\s?[一二三四五六七八九十]{1,2}月|[A-Z][a-z]{2,8}\s\d{1,2}|\d{1,2}\s[A-Z][a-z]{2,8}"
)
"""How a `time` shows a day of this year."""

SHOWS_TIME = frozenset(["abbr", "span", "em", "time"])

ARTICLE_TYPE = re.compile(r"Article|Posting|Report|CreativeWork")
"""schema.org types of an item that is the article itself, not the page or the site around it."""

LICENSED = re.compile(r"Article|Posting|Report|CreativeWork|WebPage|WebSite")
"""schema.org types of an item whose licence is the article's."""

ARTICLE_OR_PAGE = re.compile(r"Article|Posting|Report|CreativeWork|WebPage$")
"""schema.org types of an item whose being free is the article's."""

FREE = "isAccessibleForFree"

LD_KEYS = ("headline", "title", "datePublished", "pubDate", "dateModified", "author", "publisher")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """Machine-readable facts, unjudged."""

    title: str
    """The `title` element."""
    meta: dict[str, str]
    """name, property or itemprop (lower case) → content; the first of each."""
    ld: dict[str, str]
    """LD_KEYS → value in the JSON-LD items that are articles, the most article-like first."""
    items: dict[str, str]
    """The facts of ITEMS in microdata and RDFa; `time`: the day all `time` elements of the page agree in; `shown`: the
    day in the `title` of the first element that shows how long ago it is."""
    script: dict[str, str]
    """Variables of SCRIPT_NAMES; the first of each."""
    canonical: str
    """rel=canonical, as written."""
    tags: tuple[str, ...] = ()
    """`article:tag` of Open Graph, each element one tag."""
    keywords: tuple[str, ...] = ()
    """`keywords` of the JSON-LD items that are articles."""
    trail: tuple[str, ...] = ()
    """The names of the JSON-LD item BreadcrumbList, in their order."""
    licenses: tuple[str, ...] = ()
    """`license` of the JSON-LD items that are the article or its page, as written: addresses or names."""
    free: str = ""
    """`isAccessibleForFree` of the first of these items that has one, as a word; "": none has."""
    paid_parts: tuple[str, ...] = ()
    """CSS selectors of the parts of these items that are not free
    (developers.google.com/search/docs/appearance/structured-data/paywalled-content)."""


NOTHING = Declared(title="", meta={}, ld={}, items={}, script={}, canonical="")
"""What a page declares that declares nothing."""


def read_declared(elements: Elements) -> Declared:
    """All that a page declares, and its canonical link. Call before scripts are stripped."""
    meta: dict[str, str] = {}
    for attributes in elements.metas:
        name = attributes.get("name") or attributes.get("property") or attributes.get("itemprop") or ""
        content = (attributes.get("content") or "").strip()
        if name and content:
            meta.setdefault(name.strip().lower(), content[:500])
    blocks: list[Any] = []
    script: dict[str, str] = {}
    budget = MAX_SCRIPT
    for node in elements.by_tag["script"][:MAX_SCRIPTS]:
        text = node.text() or ""
        if "ld+json" in (node.attributes.get("type") or "").lower():
            data = _parsed(text[:MAX_LD])
            blocks.append(data)
            if data is not None:
                continue
        if budget > 0:
            _read_script(text[:budget], script)
            budget -= len(text)
    title = next(iter(elements.by_tag["title"]), None)
    canonical = (a for node, a in elements.saying if node.tag == "link" and _said(a, "rel") == "canonical")
    return Declared(
        title=" ".join((title.text() if title is not None else "").split())[:500],
        meta=meta,
        ld=_ld_facts(blocks),
        tags=tuple(_meta_tags(elements)),
        keywords=tuple(_ld_keywords(blocks))[:MAX_TAGS],
        trail=tuple(_ld_trail(blocks)),
        licenses=tuple(_ld_licenses(blocks)),
        free=next(_ld_free(blocks), ""),
        paid_parts=tuple(_ld_paid_parts(blocks)),
        items=_items(elements),
        script=script,
        canonical=next((href.strip() for a in canonical if (href := a.get("href") or "")), ""),
    )


def _read_script(text: str, found: dict[str, str]) -> None:
    for match in SCRIPT.finditer(text):
        before = text[max(0, match.start() - 7) : match.start()]
        if ATTRIBUTE.search(before) and before != "window.":
            continue
        if (
            match[1] in ACCOUNTS
            and ":" in match[0].partition(match[2] or "")[0]
            and "Decode(" not in match[0]
        ):
            continue
        value = ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), match[2] or match[3])
        found.setdefault(match[1], value.strip())


def _parsed(text: str) -> Any:
    """The value of a JSON-LD block, None for one that is no JSON."""
    text = text.strip().removeprefix("<!--").removesuffix("-->").strip()
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _objects(blocks: list[Any]) -> Iterator[dict[str, Any]]:
    """The objects of JSON-LD blocks, in order: lists, @graph and the main entity of a page are opened."""
    queue, seen = list(blocks), 0
    while queue and seen < MAX_LD_ITEMS:
        value = queue.pop(0)
        seen += 1
        if isinstance(value, list):
            queue[:0] = value[:MAX_LD_ITEMS]
        elif isinstance(value, dict):
            yield value
            queue[:0] = [value[key] for key in ("@graph", "mainEntity") if key in value]


def _ld_facts(blocks: list[Any]) -> dict[str, str]:
    objects = list(_objects(blocks))
    named = {
        item["@id"]: item["name"]
        for item in objects
        if isinstance(item.get("@id"), str) and isinstance(item.get("name"), str)
    }
    articles = [item for item in objects if {"headline", "datePublished", "pubDate"} & item.keys()]
    articles.sort(key=lambda item: ARTICLE_TYPE.search(str(item.get("@type", ""))[:200]) is None)
    facts: dict[str, str] = {}
    for item in articles:
        for key in LD_KEYS:
            if value := _name(_persons(item.get(key)) if key == "author" else item.get(key), named):
                facts.setdefault(key, value[:VALUE])
    return facts


def _ld_licenses(blocks: list[Any]) -> Iterator[str]:
    """The licences that the items of an article or a page name; those of pictures are theirs."""
    for item in _objects(blocks):
        if LICENSED.search(str(item.get("@type", ""))[:200]):
            given = item.get("license")
            for value in given[:10] if isinstance(given, list) else [given]:
                if isinstance(value, dict):
                    value = value.get("url") or value.get("@id") or value.get("name")
                if isinstance(value, str) and value.strip():
                    yield value.strip()[:VALUE]


def _meta_tags(elements: Elements) -> Iterator[str]:
    tags = (a for a in elements.metas if "article:tag" in (a.get("property"), a.get("name")))
    return ((attributes["content"] or "")[:VALUE] for attributes in islice(tags, MAX_TAGS))


def _ld_keywords(blocks: list[Any]) -> Iterator[str]:
    for item in _objects(blocks):
        given = item.get("keywords")
        if ARTICLE_TYPE.search(str(item.get("@type", ""))[:200]):
            words = re.split("[,，、]", given) if isinstance(given, str) else given
            words = words if isinstance(words, list) else []
            yield from (word[:VALUE] for word in words[:MAX_TAGS] if isinstance(word, str))


def _ld_trail(blocks: list[Any]) -> list[str]:
    """The steps of the first BreadcrumbList: by `position` where all have one."""
    for item in _objects(blocks):
        steps = item.get("itemListElement")
        if item.get("@type") != "BreadcrumbList" or not isinstance(steps, list):
            continue
        steps = [step for step in steps[:MAX_TAGS] if isinstance(step, dict)]
        if all(isinstance(step.get("position"), int) for step in steps):
            steps.sort(key=lambda step: step["position"])
        named = (_name(step.get("name") or step.get("item"), {}) for step in steps)
        return [name[:VALUE] for name in named if name and not name.startswith("http")]
    return []


def _ld_free(blocks: list[Any]) -> Iterator[str]:
    """Whether an article or its page is free, by each item that says so."""
    for item in _objects(blocks):
        given = item.get(FREE)
        if ARTICLE_OR_PAGE.search(str(item.get("@type", ""))[:200]) and isinstance(given, str | bool | int):
            yield str(given).strip()[:VALUE]


def _ld_paid_parts(blocks: list[Any]) -> Iterator[str]:
    """The selectors of what is not free of an article or its page."""
    for item in _objects(blocks):
        parts = item.get("hasPart")
        if not ARTICLE_OR_PAGE.search(str(item.get("@type", ""))[:200]):
            continue
        for part in parts[:10] if isinstance(parts, list) else [parts]:
            if isinstance(part, dict) and str(part.get(FREE)).strip().lower().endswith(("false", "0")):
                css = part.get("cssSelector")
                yield from (each[:VALUE] for each in ([css] if isinstance(css, str) else css or ()) if each)


def _persons(value: Any) -> Any:
    """An author without organizations: these are the site."""
    if isinstance(value, list):
        return [inner for inner in value[:10] if _persons(inner) is not None]
    is_site = isinstance(value, dict) and "Organization" in str(value.get("@type", ""))[:200]
    return None if is_site else value


def _name(value: Any, named: dict[str, str]) -> str:
    """A JSON-LD value as a string: the names of objects, also of those it points at, lists joined with 、."""
    if isinstance(value, list):
        return "、".join(
            filter(None, (_name(inner, named) for inner in value[:10] if not isinstance(inner, list)))
        )
    if isinstance(value, dict):
        name = value.get("name") or named.get(str(value.get("@id")), "")
        return _name(name, named) if isinstance(name, list) else name.strip() if isinstance(name, str) else ""
    return value.strip() if isinstance(value, str) else ""


def _items(elements: Elements) -> dict[str, str]:
    found: dict[str, str] = {}
    items = (each for each in elements.saying if _is_item(*each))
    for node, attributes in islice(items, MAX_ITEMS):
        said = attributes.get("itemprop") or attributes.get("property") or attributes.get("rel") or ""
        for word in said.lower().split():
            fact = ITEMS.get(word.rpartition(":")[2])
            if fact and fact not in found and not _in_comment(node) and (value := _item_value(node)):
                found[fact] = value[:VALUE]
    times = [a["datetime"] or "" for node in elements.by_tag["time"] if "datetime" in (a := node.attributes)]
    days = {time.strip()[:10] for time in times[:MAX_ITEMS]}
    if len(days) == 1 and days.pop():
        found["time"] = times[0][:VALUE]
    shows = (each for each in elements.saying if _shows_time(*each))
    for node, attributes in islice(shows, MAX_ITEMS):
        if said := _shown_day(node, attributes):
            found["shown"] = said[:VALUE]
            break
    return found


def _shows_time(node: LexborNode, attributes: Attributes) -> bool:
    if node.tag == "time" and "datetime" in attributes:
        return True
    return "title" in attributes and node.tag in SHOWS_TIME


def _shown_day(node: LexborNode, attributes: Attributes) -> str:
    """The day in an attribute of an element that shows how long ago it was, or shows it without its year; else ""."""
    said = {name: (attributes.get(name) or "").strip() for name in ("datetime", "title")}
    if not any(map(SHOWN_DAY.match, said.values())):
        return ""
    shown = _beginning(node)[:40].strip()
    is_day = node.tag == "time" and YEARLESS.fullmatch(shown) is not None
    day = said["datetime" if is_day else "title"]
    return day if SHOWN_DAY.match(day) and (is_day or AGO.search(shown)) else ""


def _beginning(node: LexborNode) -> str:
    """The text of an element's first nodes; all of it would be the rest of the page where it is never closed."""
    inside = islice(node.traverse(include_text=True), MAX_SHOWN)
    return "".join(each.text_content or "" for each in inside if each.tag == "-text")


def _is_item(node: LexborNode, attributes: Attributes) -> bool:
    if "itemprop" in attributes or ("property" in attributes and node.tag != "meta"):
        return True
    return node.tag == "a" and "author" in _said(attributes, "rel").split()


def _said(attributes: Attributes, name: str) -> str:
    return (attributes.get(name) or "").lower()


def _item_value(node: LexborNode) -> str:
    """content or datetime, else the name inside the element, else its text."""
    attributes = node.attributes
    if said := attributes.get("content") or attributes.get("datetime"):
        return said.strip()
    name = node.css_first("[itemprop~=name], [property~=name]")
    if name is not None:
        return (name.attributes.get("content") or name.text() or "").strip()
    return " ".join((node.text() or "")[: 4 * VALUE].split())


def _in_comment(node: LexborNode) -> bool:
    """Whether an element stands in one that is a comment or a review."""
    at: LexborNode | None = node
    for _ in range(MAX_UP):
        at = at.parent if at is not None else None
        if at is None:
            return False
        said = at.attributes
        if re.search(
            r"comment|review", f"{said.get('itemprop') or ''} {said.get('itemtype') or ''}"[:200], re.I
        ):
            return True
    return False
