"""What a page says of its own use: meta elements, licence links and items, lines printed beside the article.

Only what the page says of itself counts. Licences of pictures and of comments are theirs, and an article that speaks of
licences or of copyright says nothing of its own: of the article's text only the first and last lines are looked at,
and only for a licence that names the article as its subject.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice

from selectolax.lexbor import LexborNode

from pipeline.extract.body import Reading
from pipeline.extract.declared import Declared
from pipeline.extract.elements import Elements
from pipeline.extract.images import absolute
from pipeline.extract.layout import Attributes, Layout, Line
from pipeline.extract.variants import either_script
from pipeline.records import Right
from pipeline.rights import directives, licences, tdmrep
from pipeline.rights.facts import LONGEST
from pipeline.rules import table

MAX_METAS = 500
"""Meta elements that are read."""

MAX_LINKS = 100
"""Links and items with a licence that are read."""

MAX_UP = 30
"""Elements above one of these in which a picture or a comment is looked for."""

MAX_LINE = 400
"""Code points of a line that are read."""

EDGE = 3
"""Lines at either end of a body in which it may name its own licence."""

META_LICENCES = frozenset({"dcterms.license", "dc.license", "cc:license", "license", "licence", "og:license"})
META_RIGHTS = frozenset({"dcterms.rights", "dc.rights", "rights", "copyright"})
"""These mostly name an owner: they count where they name a licence."""

NOT_THE_TEXT = re.compile(r"comment|review|reply|ImageObject|photo|gallery|figure", re.I)
"""In class, id, itemprop or itemtype of an element: what stands in it is not of the article's text."""

TRIGGER = either_script(
    r"转载|转贴|版权|许可|授权|协议|条款|必究|挖掘|训练|訓練|机器学习|CC|Creative|[Ll]icen[sc]e"
)
"""In every line that a rule of rights-lines.tsv can match: most lines are done with at once."""

NOTICE = either_script(r"\W{0,6}(?:转载|版权(?:声明|所有)|本(?:文|站|网|报|刊|公众号))")
"""How a notice begins that links to something, or stands amid an article and was taken out of it."""

ITSELF = either_script(
    r"\W{0,6}(?:(?:版权|著作权|许可|授权|转载)(?:声明|说明|协议|许可|信息)?\W{1,4})?"
    r"(?:除(?:非|特别|另|有)|本(?:文|作品|站|博客|网站|篇|页|博文|著作)|此(?:文|作品)|(?:以上|上述)(?:文章|内容)|(?:文章|内容|原创))"
    r"[^。图圖照摄攝视視频頻音乐樂代码碼字体體数數软軟译譯]{0,30}(?:采用|使用|遵循|依据|适用|按照|基于|以|系)"
)
"""How a line of the article begins that gives its own licence, not that of its pictures, code or data."""

OF_OTHERS = either_script(
    r"图|照片|摄影|视频|音乐|字体|素材|代码|数据集|软件|封面|[Pp]hoto|[Ii]mage|[Pp]icture"
)
"""Before the licence in a line beside the article: it is that of something else."""


REPRINT = frozenset({"reprint_forbidden", "reprint_credited"})
"""Facts of rules/rights-lines.tsv that are terms of reprinting."""

ONE_NOTICE = 100
"""Code points of a line that is one notice as a whole."""

SENTENCE = re.compile(r"[^。！？]{1,400}[。！？]?")

PERMITTED = either_script(
    r"(?:经|获|得到?|取得)[^。；，]{0,24}(?:授权|许可|同意)[^。；，]{0,6}(?:转载|发布|刊发|发表|编译)|"
    r"(?:已获|独家)?授权转载|欢迎(?:自由|随意|非商业)?转载|可(?:自由|随意)?转载"
)
"""By whose leave a page reprints the article, or that all may."""


def declared_statements(elements: Elements, declared: Declared, url: str) -> list[Right]:
    """What the page says for machines; call before elements are taken out of the tree."""
    metas = [
        ((a.get("name") or a.get("property") or "").strip(), (a.get("content") or "").strip())
        for a in elements.metas[:MAX_METAS]
    ]
    found = tdmrep.reserved_by_fields(metas, "meta")
    found += directives.by_meta(metas)
    for name, content in metas:
        kind = name.lower()
        if kind in META_LICENCES or (kind in META_RIGHTS and licences.licence_in(content)):
            found += _licence(content, "meta", url)
    for place, has in (("link", _links_licence), ("item", _is_licence)):
        for node in islice((node for node, said in elements.saying if has(said)), MAX_LINKS):
            found += _of_node(node, place, url)
    for value in declared.licenses:
        found += _licence(value, "json-ld", url)
    return found


def _links_licence(attributes: Attributes) -> bool:
    rel = (attributes.get("rel") or "").lower().split()
    linked = "href" in attributes and ("license" in rel or "cc:license" in rel)
    return linked or "cc:license" in (attributes.get("property") or "").split()


def _is_licence(attributes: Attributes) -> bool:
    return "license" in (attributes.get("itemprop") or "").split()


def _of_node(node: LexborNode, place: str, url: str) -> list[Right]:
    if _of_something_else(node):
        return []
    said = node.attributes.get("href") or node.attributes.get("content") or (node.text() or "")[:MAX_LINE]
    return _licence(said, place, url)


def _of_something_else(node: LexborNode) -> bool:
    """Whether an element stands in a picture's frame, a comment or the item of a picture."""
    at: LexborNode | None = node.parent
    for _ in range(MAX_UP):
        if at is None or at.tag in ("body", "article", "main"):
            return False
        said = at.attributes
        names = " ".join((said.get(key) or "")[:200] for key in ("class", "id", "itemprop", "itemtype"))
        if at.tag in ("figure", "figcaption") or NOT_THE_TEXT.search(names):
            return True
        at = at.parent
    return False


def _licence(said: str, place: str, url: str) -> list[Right]:
    said = " ".join(said.split())
    if not said:
        return []
    is_address = "/" in said and " " not in said
    return [Right(name="license", place=place, said=absolute(url, said) or said if is_address else said)]


def printed_statements(layout: Layout, reading: Reading | None) -> list[Right]:
    """What the lines above and below the article say, each fact in its first line, and notices amid it.

    Of the article's own lines only the first and last are looked at, for a licence that names the article.
    """
    kept = reading.kept if reading is not None else ()
    inside, own = range(kept[0], kept[-1] + 1) if kept else range(0), set(kept[EDGE:-EDGE])
    found: list[Right] = []
    told: set[str] = set()
    for index, line in enumerate(layout.lines):
        if index in own or not TRIGGER.search(line.text, 0, MAX_LINE):
            continue
        if index not in inside or (index not in kept and NOTICE.match(line.text)):
            said = list(_of_line(line))
        else:
            said = _licence_of(line) if ITSELF.match(line.text[:MAX_LINE]) else []
        found += [right for right in said if right.name == "license" or right.name not in told]
        told |= {right.name for right in found}
    return found


def reprint_terms(layout: Layout, reading: Reading) -> str | None:
    """The line nearest to the body that says who may reprint the article, or by whose leave it is reprinted."""
    kept = set(reading.kept)
    first, last = (reading.kept[0], reading.kept[-1]) if reading.kept else (reading.start, reading.stop)
    nearest: tuple[int, str] | None = None
    for index, line in enumerate(layout.lines):
        text = line.text[:MAX_LINE]
        if (
            index in kept
            or not TRIGGER.search(text)
            or (line.linked * 2 > len(text) and not NOTICE.match(text))
        ):
            continue
        away = max(first - index, index - last, 0)
        if (nearest is None or away < nearest[0]) and (said := _terms_in(text)):
            nearest = away, said
    return nearest[1] if nearest else None


def _terms_in(text: str) -> str | None:
    """A line that is terms of reprinting; of a long one only the sentence."""
    for part in [text] if len(text) <= ONE_NOTICE else SENTENCE.findall(text):
        patterns = (*(pattern for name, pattern in _patterns() if name in REPRINT), PERMITTED)
        if said := next(filter(None, (pattern.search(part) for pattern in patterns)), None):
            return part.strip() if len(part) <= LONGEST else said[0]
    return None


def _of_line(line: Line) -> Iterator[Right]:
    if line.linked * 2 > len(line.text) and not (NOTICE.match(line.text) or _address_in(line)):
        return  # a title of another article
    text = line.text[:MAX_LINE]
    told = set()
    for name, pattern in _patterns():
        match = pattern.search(text)
        if match is None or name in told:
            continue
        told.add(name)
        if name == "license":
            yield from _licence_of(line)
        else:
            yield Right(name=name, place="printed", said=text if len(text) <= LONGEST else match[0])


def _licence_of(line: Line) -> list[Right]:
    """The licence a line names, by the address it links to or in words."""
    text = line.text[:MAX_LINE]
    address = _address_in(line)
    named = address or licences.licence_in(text)
    if named is None or OF_OTHERS.search(text[: licences.begins(text)]):
        return []
    return [Right(name="license", place="printed", said=address or text)]


def _address_in(line: Line) -> str | None:
    """The first licence that a line links to."""
    return next((found for piece in line.pieces if (found := licences.licence_at(piece.href))), None)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, either_script(pattern)) for name, pattern, _reason in table("rights-lines"))
