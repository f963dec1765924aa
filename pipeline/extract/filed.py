"""Under what the site files an article: the trail of sections above its title, and its tags.

Keywords of a meta element are written for search engines: they are tags only where the article itself has the words.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from pipeline.extract.dates import find_day
from pipeline.extract.declared import Declared
from pipeline.extract.declaredtitle import CUT, SEPARATOR, SITE_NAME, letters
from pipeline.extract.evidence import Evidence, is_the_site
from pipeline.extract.layout import Layout, Line, collapse
from pipeline.extract.names import GAP, no_names
from pipeline.extract.printed import Printed
from pipeline.extract.variants import either_script

REACH = 12
"""Lines above the title searched for the breadcrumb."""

BREADCRUMB = 200
"""Code points read of it."""

SECTION = 40
"""Code points kept of a section's name."""

STEPS = 8
"""Steps of the longest trail."""

STEP = re.compile(r"\s?[>＞»›/→|]+\s?|\s-+\s")
PLACE = re.compile(r"首页|首頁|位置|Home")
SEPARATED = re.compile(r"[>＞»›/→-]")
LABEL = re.compile(r"^.{0,10}位[置于於]\s?[:：]?")
NO_SECTION = frozenset(
    {"", "正文", "首页", "首頁", "Home", "内容", "內容", "详情", "文章", "主页", "主頁", "返回"}
)
NOT_A_STEP = either_script(
    r"(?:网站|新闻|本站)?主页|Home|.{0,16}(?:首页|门户网站)|正文\s.*|.{0,10}位[置于]\s?[:：]?", re.I
)
"""The way home, what stands behind 正文, and the words before a trail."""

CRUMB = re.compile(
    r"crumb|(?:^|[\s_\-])(?:mbx|weizhi|dangqian|location|position|cur-?pos|path)\d?(?:$|[\s_])", re.I
)
"""Class and id of an element that holds the breadcrumb."""

ROOT = re.compile(r"(?:https?:)?//[^/?#]{1,200}/?|/|(?:\.{1,2}/)?(?:index|default)\.\w{2,5}", re.I)
"""The address of a site's first page."""

TAG_LABEL = either_script(
    r"\W{0,3}(?:(?:文章|本文|相关|热门)?(?:标签|关键[词字]|话题)|TAGS?|Tags?|Tagged(?: with)?|Keywords?|Filed under)"
    r"(?:\s{0,3}[:：﹕]|[\s\x1f]{1,3}|(?=$))"
)
"""How a line begins that is tags."""

TAG_CLASS = re.compile(
    r"(?:^|[\s_\-])(?:(?:article|post|entry|news|content|info|arc)[\-_]?)?"
    r"(?:tags?|taglist|keys?|keywords?|biaoqian|labels?|topics?)(?:[\-_](?:links?|list|box|wrap(?:per)?|item|cloud))?(?:$|[\s_\-])",
    re.I,
)
"""Class and id of an element below the body that holds tags."""

HASHTAGS = re.compile(r"(?:[#＃][^\s#＃。，]{1,20}[#＃]?[\s\x1f、,，]{0,3}){1,12}")
HASHTAG = re.compile(r"[#＃]([^\s\x1f#＃。，、]{1,20})")
SPLIT_TAGS = re.compile(r"[\x1f,，、;；|｜/\s]{1,40}")
BETWEEN_PHRASES = re.compile(r"[\x1f,，、;；|｜/#＃]{1,40}")
TAG_LONGEST = 20
"""Code points of the longest tag."""

MOST_TAGS = 20
NO_TAG = either_script(
    r"标签|关键[词字]|话题|暂无|无|没有|更多|全部|分类|来源|作者|编辑|责任编辑|分享|收藏|评论|点赞|上一篇|下一篇|阅读|原创|转载|打印|点击|未分类|其他|其它|Uncategorized",
    re.I,
)

KEYWORDS = 12
"""Most keywords of a meta element that are tags; search engines are sent more."""

IN_TEXT = 2 / 3
"""Share of them that the article must have."""

OF_TITLE = 0.8
"""Share of a title's letters from which the words are only the title in pieces."""

SAME_WORD = 0.5
"""Share of them that may have one pair of characters in common; 高山茶价格, 高山茶哪里买 are what people search for."""


def find_sections(layout: Layout, declared: Declared, before: int, title: str | None) -> tuple[str, ...]:
    """The steps of the breadcrumb above line `before`, else of the one declared, without site, home and title."""
    for line in reversed(layout.lines[max(0, before - REACH) : before]):
        if (steps := _trail(layout, line)) is not None:
            return _sections(steps, declared, title)
    return _sections(declared.trail, declared, title)


def _trail(layout: Layout, line: Line) -> list[str] | None:
    """The steps of a line that is a breadcrumb, or None."""
    named = any(CRUMB.search(layout.boxes[at].names) for at in layout.up(line.box, 3))
    said = PLACE.search(line.text)
    if not (said or named):
        return None
    links = [piece for piece in line.pieces if piece.href and piece.text.strip()]
    separated = SEPARATED.search(line.text)
    if not separated and not links:
        return None
    if not separated and (len(links) > STEPS - 2 or not (named or LABEL.match(line.text))):
        return None
    roots = {collapse(piece.text) for piece in links if ROOT.fullmatch(piece.href.strip()[:300])}
    if separated:
        steps = STEP.split(LABEL.sub("", line.text[:BREADCRUMB]))
    else:
        steps = [collapse(piece.text[:BREADCRUMB]) for piece in line.pieces[: 2 * STEPS]]
    return [step.strip() for step in steps if step.strip() not in roots]


def _sections(steps: Sequence[str], declared: Declared, title: str | None) -> tuple[str, ...]:
    whole = letters(title or "")
    kept = []
    for step in steps:
        bare = letters(CUT.sub("", step))
        is_title = bare and (bare == whole or (CUT.search(step) and whole.startswith(bare)))
        if step in NO_SECTION or is_title or NOT_A_STEP.fullmatch(step):
            continue
        kept.append(step[:SECTION])
    named = (declared.meta.get("og:site_name", ""), *SEPARATOR.split(declared.title)[1:])
    if len(kept) > 1 and (SITE_NAME.search(kept[0]) or kept[0] in named):
        kept = kept[1:]
    return tuple(kept[-STEPS:])


def find_tags(page: Evidence, text: str) -> tuple[str, ...]:
    """The tags that are printed by the article, else those declared as such, else the keywords that are tags."""
    printed, declared = page.printed, page.declared
    linked = {said for said, _ in printed.links}
    for found in (
        _labelled(printed),
        _hashtags(printed),
        [said for names, said in printed.cards if TAG_CLASS.search(names) and said in linked],
        declared.tags,
        _keywords(declared.keywords, page, text),
        _keywords(_phrases(declared.meta.get("keywords", "")), page, text),
    ):
        if tags := tuple(dict.fromkeys(tag for said in found if (tag := _tag(said, page))))[:MOST_TAGS]:
            return tags
    return ()


def _tag(said: str, page: Evidence) -> str | None:
    """A text without the signs round it, where it can be a tag: no sentence, button or day, and not the title."""
    tag = said.strip(" \u3000#＃[]【】“”\"'·•,，.。:：|｜>＞»" + GAP)
    fits = 0 < len(tag) <= TAG_LONGEST and letters(tag) not in ("", letters(page.title or ""))
    if not fits or re.search(r"[。！？!?：:\n]|https?|^\d{1,4}$", tag) or find_day(tag):
        return None
    is_other = tag in (page.author, page.origin) or NO_TAG.fullmatch(tag) or no_names().fullmatch(tag.lower())
    return None if is_other else tag


def _labelled(printed: Printed) -> list[str]:
    """What stands behind 标签： in a line of the header or the foot, or, where that is all, in the line below."""
    lines = (*printed.own, *printed.head, *printed.above)
    linked = {text for text, _ in printed.links}
    for at, line in enumerate(lines):
        label = TAG_LABEL.match(line)
        if label is None:
            continue
        said = line[label.end() :]
        if not said.strip(" " + GAP) and at + 1 < len(lines):
            said = lines[at + 1]
            if not all(part.strip() in linked for part in said.split(GAP) if part.strip()):
                continue
        parts = said.split(GAP)
        runs = parts if any(part.strip() in linked for part in parts) else _phrases(said)
        if runs:
            return runs
    return []


def _phrases(said: str) -> list[str]:
    """Tags as commas part them, or spaces where there are none."""
    parts = [part for part in BETWEEN_PHRASES.split(said) if part.strip()]
    return parts if len(parts) > 1 else [part for part in SPLIT_TAGS.split(said) if part]


def _hashtags(printed: Printed) -> list[str]:
    for line in printed.own:
        if HASHTAGS.fullmatch(line.strip()):
            return HASHTAG.findall(line)
    return []


def _keywords(words: Sequence[str], page: Evidence, text: str) -> list[str]:
    """The words of a list written for search engines where they are tags of this article, and no spam."""
    words = [word for said in words if (word := said.strip())]
    title = page.title or ""
    article = (title + text).lower()
    had = [word for word in words if word.lower() in article and not _names_a_site(word, page)]
    pairs = Counter(pair for word in words for pair in {word[i : i + 2] for i in range(len(word) - 1)})
    most = max(pairs.values(), default=0)
    is_spam = len(words) > 3 and most > SAME_WORD * len(words)
    is_title = sum(len(letters(word)) for word in words if word in title) >= OF_TITLE * max(
        len(letters(title)), 1
    )
    if not 2 <= len(words) <= KEYWORDS or len(had) < IN_TEXT * len(words) or is_spam or is_title:
        return []
    return had


def _names_a_site(word: str, page: Evidence) -> bool:
    site = (page.declared.meta.get("og:site_name", ""), *SEPARATOR.split(page.declared.title)[1:])
    return SITE_NAME.search(word) is not None or word in site or is_the_site(word, page.url)
