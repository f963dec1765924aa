"""A declared title: the parts it has, the names of site and column round it, the letters it is compared by."""

from __future__ import annotations

import re
from functools import cache, lru_cache

from pipeline.extract.variants import either_script
from pipeline.rules import table

SHORTEST = 4
"""Letters a title has at least; shorter headings are column names."""

HEADING_SHORTEST = 6
"""Letters of a heading that is believed before the body is known; a site's name is shorter or comes last."""

SITE_LONGEST = 14
"""Letters of the longest name of a site."""

WORK_PAGE = either_script(
    r"(?:[\u4e00-\u9fff]{0,6})(?:原文|全文|译文|翻译|赏析|鉴赏|注释|拼音)[\u4e00-\u9fff]{0,12}|"
    r"的(?:[\u4e00-\u9fff]{0,4}(?:做法|制作方法|烹饪方法|腌制方法))[\u4e00-\u9fff]{0,8}|(?:怎么|如何)(?:做|炒|煮|炖|蒸)[\u4e00-\u9fff]{0,10}"
)
"""What the page of a poem or a dish adds to its title, letters only: 原文及赏析, 李小山原文译文, 的家常做法."""

PIECE_OF_WORK = 24

NO_LETTERS = re.compile(r"[\W_]+")
CUT = re.compile(r"(?:\.(?<!\.\.)\.{2,}+|…(?<!……)…*+)$")
"""A look-behind stands behind the first sign, so that the search can skip to these signs."""

SEPARATOR = re.compile(r"\s{0,4}(?:[_|｜¦]+|\s[-–—@·•∙]+\s|\s?－\s?|--+|\s::+\s|\s[»«>＞›]\s|\s/\s)\s*")
LEADING_DAY = re.compile(r"^\s{0,4}(?:19|20)\d\d[-/.年]\d{1,2}[-/.月]\d{1,2}日?\s{1,4}")
DASHED = re.compile(r"[-–—_|｜]")
BEFORE_SITE = re.compile(r"\s?[-–—_|｜－·]+\s?")
PIECE = re.compile(r"[-–—_|｜¦丨>＞»·:：,，]")
GLUED_SITE = re.compile(
    r"[-–—](?=[^-–—]{2,24}$)[^-–—]*(?:网|網|新闻|新聞|频道|頻道|报|報|中心|博客|论坛|門戶|门户|社|台|"
    r"\.(?:com|cn|net|org|tw|hk)|NET|News|news|资讯|資訊|财经|財經|客户端|首页|在线|杂志|号|園|园|圈|站|家|吧|谈|豆瓣|知乎|简书|36氪)\s*$"
)


SITE_NAME = either_script(
    r"(?:网站?|新闻|频道|日报|晚报|时报|早报|报社|报|论坛|社区|门户|官网|平台|电视台|博客|客户端|首页|在线|杂志|资讯|快讯|要闻"
    r"|文学社|出版社|杂志社|旅行社|政府|公司|集团|大学|学院|医院|[协商]会|联合会|基金会|幼儿园|(?:实验|中心)小学|BBS|News)$",
    re.I,
)
"""How the name of a site or a column ends."""

NO_TITLE = either_script(
    r"正文|首页|主页|新闻(?:中心|详情|内容|正文)?|文章(?:详情|内容|正文|阅读)?|详情页?|内容页?|欢迎(?:您|光临).{0,20}|.{0,12}欢迎您|.{0,12}门户网站|.{0,12}官方网站|您?(?:当前|现在|所在)?的?(?:所在)?位置\s?[:：].{0,60}|"
    r"[Pp]owered [Bb]y .{0,40}|"
    r"无标题(?:文档|页)?|新建网页\s?\d{0,3}|[Uu]ntitled(?: [Dd]ocument)?|[Nn]ew [Pp]age\s?\d{0,3}|[Dd]ocument"
)
"""A heading or a part of a title that says only what kind of page it is."""


@lru_cache(maxsize=1_000)
def letters(text: str) -> str:
    """The text without marks and spaces: titles differ in these between heading and `title`.

    A page asks 270 times, of 60 texts.
    """
    return "".join(filter(str.isalnum, text)).lower()


def form_title(title: str) -> str | None:
    """The word of a notice that is all that stands before the site's name in a declared title, or None.

    >>> form_title("讣告-城北大学")
    '讣告'
    """
    first = BEFORE_SITE.split(title.strip(), maxsplit=1)
    return first[0] if len(first) > 1 and _forms().fullmatch(first[0]) else None


@cache
def _forms() -> re.Pattern[str]:
    return either_script("|".join(word for word, _ in table("form-titles")))


def ends_as_site(text: str) -> bool:
    """Whether a short text ends as the name of a site or a column does."""
    return len(letters(text)) <= SITE_LONGEST and SITE_NAME.search(text.strip()) is not None


def is_of_work(bare: str, opening: set[str]) -> bool:
    """Whether a declared title is this one and the words of its page: 山居原文及赏析."""
    return any(
        title.startswith(bare) and WORK_PAGE.fullmatch(title[len(bare) : len(bare) + PIECE_OF_WORK])
        for title in opening
    )


def clean_title(title: str) -> str:
    """A declared title without the site and column names round it.

    >>> clean_title("小镇新闻网_河边小镇的一天_社会")
    '河边小镇的一天'
    """
    if short := form_title(title):
        return short
    parts = [p for p in SEPARATOR.split(title.strip()) if p]
    if not parts:
        return title.strip()
    own = [p for p in parts if not NO_TITLE.fullmatch(p.strip())] or parts
    head = own[0]
    if len(letters(head)) <= SITE_LONGEST and SITE_NAME.search(head.strip()) and len(own) > 1:
        head = max(own[1:], key=lambda p: len(letters(p)))
        head = head if len(letters(head)) > len(letters(own[0])) else own[0]
    elif len(letters(head)) < HEADING_SHORTEST and len(own) > 2:
        head = max(own, key=lambda p: len(letters(p)))
    cut = GLUED_SITE.sub("", head)
    return (cut if len(letters(cut)) >= SHORTEST else head).strip()
