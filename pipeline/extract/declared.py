"""What a page declares about itself for machines: title, meta elements, JSON-LD, script variables."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

MAX_LD = 200_000
"""Code points of JSON-LD read; larger blocks are data dumps."""

MAX_SCRIPT = 400_000
"""Code points of inline script searched for variables."""

SCRIPT_NAMES = (
    "ct",
    "publish_time",
    "oriCreateTime",
    "create_time",
    "nickname",
    "user_name",
    "msg_title",
    "pubdate",
    "publishTime",
    "pubTime",
    "publish_date",
    "publishDate",
)
SCRIPT = re.compile(
    r"(?<![\w.])(" + "|".join(SCRIPT_NAMES) + r")[\"']?\s{0,4}[=:]\s{0,4}"
    r"(?:htmlDecode\()?(?:[\"']([^\"'\\\n]{1,120})[\"']|(\d{10,13})\b)"
)
"""`var ct = "1581418070"` of WeChat, and the like; the value ends at the first quote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """Machine-readable facts, unjudged."""

    title: str
    """The `title` element."""
    meta: dict[str, str]
    """name, property or itemprop (lower case) → content; the first of each."""
    ld: dict[str, str]
    """headline, datePublished, author, publisher of the first JSON-LD article."""
    script: dict[str, str]
    """Variables of SCRIPT_NAMES; the first of each."""
    canonical: str
    """rel=canonical, as written."""


def read_declared(tree: LexborHTMLParser) -> Declared:
    """Title, meta, JSON-LD, script variables and canonical link. Call before scripts are stripped."""
    meta: dict[str, str] = {}
    for node in tree.css("meta[content]"):
        attributes = node.attributes
        name = attributes.get("name") or attributes.get("property") or attributes.get("itemprop") or ""
        content = (attributes.get("content") or "").strip()
        if name and content:
            meta.setdefault(name.strip().lower(), content[:500])
    ld: dict[str, str] = {}
    script: dict[str, str] = {}
    budget = MAX_SCRIPT
    for node in tree.css("script"):
        text = node.text() or ""
        if "json" in (node.attributes.get("type") or "").lower():
            ld = ld or _read_ld(text[:MAX_LD])
        elif budget > 0:
            for found in SCRIPT.finditer(text[:budget]):
                script.setdefault(found[1], (found[2] or found[3]).strip())
            budget -= len(text)
    title = tree.css_first("title")
    canonical = tree.css_first("link[rel=canonical]")
    return Declared(
        title=" ".join((title.text() if title is not None else "").split())[:500],
        meta=meta,
        ld=ld,
        script=script,
        canonical=(canonical.attributes.get("href") or "").strip() if canonical is not None else "",
    )


def _read_ld(text: str) -> dict[str, str]:
    try:
        data = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return {}
    queue = data if isinstance(data, list) else [data]
    for item in queue[:20]:
        if isinstance(item, dict) and isinstance(item.get("@graph"), list):
            queue = [*queue, *item["@graph"][:20]]
    for item in queue[:40]:
        if isinstance(item, dict) and ("headline" in item or "datePublished" in item or "pubDate" in item):
            return _ld_facts(item)
    return {}


def _ld_facts(item: dict[str, object]) -> dict[str, str]:
    facts: dict[str, str] = {}
    for key in ("headline", "title", "datePublished", "pubDate", "author", "publisher"):
        value = item.get(key)
        if isinstance(value, list):
            value = "、".join(str(v.get("name", "") if isinstance(v, dict) else v) for v in value[:10])
        elif isinstance(value, dict):
            value = value.get("name")
        if isinstance(value, str) and value.strip():
            facts[key] = value.strip()[:300]
    return facts
