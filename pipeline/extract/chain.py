"""The way an article came to its page: what it names as its source, from where that was reprinted, the original.

`origin.py` decides the one source of a row; here every further step that the page prints is put behind it, in the order
of ORIGIN_STEPS. What is in doubt stands there too, with less confidence: nothing that decides reads a mention.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

from pipeline.extract.byline import agency, clean_source, source_in
from pipeline.extract.declaredtitle import letters
from pipeline.extract.evidence import LABEL, MACHINE, PLACE, Evidence
from pipeline.extract.origin import ELSEWHERE, PICTURES, SAID, Origin, link_of
from pipeline.extract.variants import either_script
from pipeline.records import ORIGIN_STEPS, OriginStep

CONFIDENCE = {LABEL: 0.9, PLACE: 0.7, MACHINE: 0.5}
"""Of what says it: on 63 pages of 40 sites the labels were never wrong, names without one seldom, what is only
declared often (it is the site itself, or its system)."""

MENTIONED = 0.3
MENTIONS = 2
"""So many people speak to the same paper before it is a hint: one may have been asked by another paper."""

APP = re.compile(r"(?<=.{2})[Aa][Pp][Pp]$")
"""示例评论App is 示例评论."""

MOST = 6
"""Steps kept."""

READ = 200_000
"""Code points of a text in which mentions are looked for."""

_NAME = (
    r"[\s\x1f]{0,2}[:：]?[\s\x1f]{0,2}(?:微信)?(?:公众号|公众平台|微信号|微博|客户端)?[\s:：]{0,2}[《“「『【\[]?"
    r"([^\s\x1f《》“”「」『』【】\[\]，,。；;：:|｜（()）]{2,24})"
)
_BEGINS = r"(?:^|[\s\x1f（(【。；，])(?:本文|文章|内容|原文|此文|本篇)?(?:系|为)?"
_REPRINT = r"(?:转自|转载自|转载于|转载来源|转引自|编译自|搬运自|摘编自|节选自)"
_ORIGINAL = (
    r"(?:原载于?|首发于|首发自|原刊于?|原发于|原发表于|选自|摘自|刊于|刊载于|原文刊于|最初发表于|"
    r"原(?:文|始)(?:来源|出处)(?=[\s\x1f]{0,2}[:：]))"
)
_ACCOUNT = r"(?:来自于?|来源于?)(?:微信)?(?:公众号|公众平台|微信号)"
STEPS = (
    ("reprint", either_script(_BEGINS + _REPRINT + _NAME)),
    ("original", either_script(_BEGINS + _ORIGINAL + _NAME)),
    ("source", either_script(_BEGINS + _ACCOUNT + _NAME)),
)
"""What a line says of where the article was before, and the name behind it."""

ORIGINAL_LINK = either_script(
    r"原文(?:链接|地址|网址|连结|出处)?[\s\x1f]{0,3}[:：]?[\s\x1f]{0,3}[（(【]?\s?(https?://[^\s\x1f，,。）)】\]\"'<>]{4,300})"
)
TO_ORIGINAL = either_script(r"\W{0,3}(?:阅读|查看|浏览|点击查看)?原文(?:链接|地址|网址|出处)?\W{0,3}")
"""The whole text of a link to the original."""

_PAPER = (
    r"[《“]?(?!记者|本[报刊网台])([\u4e00-\u9fffA-Za-z0-9·]{2,10}?"
    r"(?:[Aa][Pp][Pp]|[报网社台刊]|新闻|周刊|财经|杂志|媒体|日报|商业))[》”]?(?:客户端)?(?:记者|编辑)?"
)
SPOKEN_TO = either_script(
    rf"告诉{_PAPER}[，,：:]|接受{_PAPER}(?:独家|专访|采访)|(?:对|向){_PAPER}(?:独家)?(?:表示|透露|介绍|称|坦言|解释|指出|直言|说|分析)"
)
"""王某告诉《示例周刊》: those who speak in it spoke to the paper whose text it is."""

ASKED = either_script(
    r"(?:^|[，。；“\n])据?([\u4e00-\u9fffA-Za-z0-9·]{2,10}?[Aa][Pp][Pp])(?:独家|从.{1,12})?(?:获悉|了解到?|注意到|统计|询问|梳理)"
)
"""据示例App了解: an app speaks of itself."""

NO_NAME = either_script(
    r"网络|网站|互联网|微信|微博|朋友圈|手机|本站|本文|作者|其[他它].{0,4}|国外.{0,4}|外媒|媒体|多家媒体|记者|官网|公司官网"
)


def origin_chain(
    page: Evidence, origin: Origin | None, found_by: str | None, text: str
) -> tuple[OriginStep, ...]:
    """The steps from the source of a page (`origin`, by the rule `found_by`) back to the original, each name once."""
    steps = list(_printed(page))
    if origin is not None and not any(
        _same(_first(origin, found_by), step) for step in steps if step.how != "source"
    ):
        steps.insert(0, _first(origin, found_by))
    if page.printed.first and (name := agency(page.printed.first[0])):
        steps.append(OriginStep(name=name, url=None, how="agency", confidence=CONFIDENCE[PLACE]))
    steps += _mentions(text)
    steps.sort(key=lambda step: ORIGIN_STEPS.index(step.how))  # stable: of one kind in the order of the page
    return tuple(_once(steps))[:MOST]


def _first(origin: Origin, found_by: str | None) -> OriginStep:
    voice = next((voice for name, voice, *_ in (*SAID, *ELSEWHERE) if name == found_by), MACHINE)
    how = "agency" if found_by == "agency" else "source"
    return OriginStep(name=origin[0], url=origin[1], how=how, confidence=CONFIDENCE[voice])


def _printed(page: Evidence) -> Iterator[OriginStep]:
    host = _host(page.url)
    for line in (*page.printed.above, *page.printed.head, *page.printed.own):
        if not (name := source_in(line)) or PICTURES.search(line):
            continue
        if not any(pattern.search(line) for _, pattern in STEPS):
            yield OriginStep(
                name=name, url=link_of(page.printed, name), how="source", confidence=CONFIDENCE[LABEL]
            )
    for line in page.sentences:
        for how, pattern in STEPS:
            for said in pattern.finditer(line[:READ]):
                name = clean_source(APP.sub("", said[1]))
                if name and not NO_NAME.fullmatch(name):
                    yield OriginStep(
                        name=name, url=link_of(page.printed, name), how=how, confidence=CONFIDENCE[LABEL]
                    )
        for said in ORIGINAL_LINK.finditer(line):
            if _host(said[1]) not in (host, None):
                yield OriginStep(name=None, url=said[1], how="original", confidence=CONFIDENCE[LABEL])
    for text, href in page.printed.links:
        if not href.startswith("http") or not TO_ORIGINAL.fullmatch(text):
            continue
        if _host(href) not in (host, None):
            yield OriginStep(name=None, url=href, how="original", confidence=CONFIDENCE[LABEL])


def _host(address: str) -> str | None:
    """The host of an address, None of one that is damaged: http://[示例."""
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _mentions(text: str) -> Iterator[OriginStep]:
    """The one app or paper that people in the text speak to."""
    told = Counter(
        re.sub(r"[Aa][Pp][Pp]$", "", next(filter(None, said.groups())))
        for pattern in (SPOKEN_TO, ASKED)
        for said in pattern.finditer(text[:READ])
    )
    named = [(name, times) for name, times in told.most_common(2) if not NO_NAME.fullmatch(name)]
    if named and named[0][1] >= MENTIONS and (len(named) == 1 or named[1][1] * 2 <= named[0][1]):
        yield OriginStep(name=named[0][0], url=None, how="mention", confidence=MENTIONED)


def _once(steps: list[OriginStep]) -> list[OriginStep]:
    """Steps of one name, or of one address, as one: where it first stands, with all that is known of it."""
    kept: list[OriginStep] = []
    for step in steps:
        same = next((at for at, other in enumerate(kept) if _same(step, other)), None)
        if same is None:
            kept.append(step)
        else:
            other = kept[same]
            surest = max(step.confidence, other.confidence)
            kept[same] = replace(
                other, name=other.name or step.name, url=other.url or step.url, confidence=surest
            )
    return kept


def _same(step: OriginStep, other: OriginStep) -> bool:
    if step.name and other.name and step.how == "mention":
        return step.name in other.name or other.name in step.name
    if step.name and other.name:
        return letters(APP.sub("", step.name)) == letters(APP.sub("", other.name))
    return step.url is not None and step.url == other.url
