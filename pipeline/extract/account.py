"""Who posted: the account of a platform, the owner of a blog, the author's card below a body."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise, takewhile
from urllib.parse import urlsplit

from pipeline.extract.dates import find_day
from pipeline.extract.declaredtitle import SEPARATOR
from pipeline.extract.evidence import NOT_A_NAME, Evidence, below_label, is_the_site
from pipeline.extract.names import GAP, ORG, PROVINCES, is_name, is_personal_name, names_of
from pipeline.extract.unlabelled import COLUMN
from pipeline.extract.variants import either_script

SIGNATURE_AFTER = 6
"""Code points of title that stand before a blog's own name in the page's `title`."""

AUTHOR_ALONE = either_script(
    r"(?:\d\s?[.、]\s?)?(?:文章)?(?:作\s{0,4}者|撰文|撰稿|记者(?:署名|姓名)?|文)\s?[:：]?"
)

NOT_THE_STARTER = re.compile(r"last|repl|comment|pinglun|huifu|visitor|guest", re.I)
"""In class and id of an element that names who answered, not who began."""

BLOG_OF = either_script(
    r"(?:^|[\W_])(\w[^\s_|｜:：]{0,15}?)的(?:个人|新浪|网易)?(?:博客|博文|日志|空间|专栏|主页|网志|部落格|日记|BLOG)(?:$|[\W_])",
    re.I,
)
"""李小山的博客, in the page's `title` or above its heading."""

BLOG_HOST = either_script(
    r"[\u4e00-\u9fffA-Za-z]{0,6}博客[园网]?|[\u4e00-\u9fff]{0,4}(?:轻博客|部落格|空间)|LOFTER|Blogger|痞客邦",
    re.I,
)
"""The last part of a page's `title` where the part before names whose blog it is: title_李小山_示例博客."""

BARS = re.compile(r"[-–—_|｜]")
"""What stands between the owner of a blog and its title in the page's `title`, without spaces."""

FOLLOW = either_script(r"[+＋]?\s?(?:关注|已关注|追踪|订阅|Follow)(?:作者|他|她|TA)?", re.I)
"""The button beside an account."""

POSTED_UNDER = either_script(r"发布\s?[:：]\s?([^\s\x1f|｜:：]{2,16})[\s\x1f]{0,3}[|｜][\s\x1f]{0,3}分类")
"""发布:李小山 | 分类:随笔, below a body."""

POSTED_IN = either_script(r"(?:本文)?由?\s?([^\s\x1f:：]{2,16})[\s\x1f]{1,3}(?:发表|发布|投稿|原创)[于在]")
"""本文由 李小山 发表于 …, below a body."""

HANDED_IN = either_script(
    r"\W{0,3}(?:本文|文章|本帖|内容)由\s?(?:作者|网友|用户|会员|博主)?[\s\x1f“\"「《：:]{0,3}([^\s\x1f“”\"「」《》，,。：:]{2,16}?)"
    r"[\s\x1f”\"」》]{0,3}(?:上传|发布|投稿|原创|整理|分享|提供|发表|撰写|供稿)[^。]{0,20}"
)
"""本文由作者 李小山 上传, above or below a body."""

POSTED_FROM = either_script(
    r"来自[\s\x1f]{0,2}[:：]?[\s\x1f]{0,2}([^\s\x1f:：（()）]{2,16})[\s\x1f]{0,2}(?:[>＞]\s?\x1f?\s?《|的[\u4e00-\u9fff]{0,8}(?:专栏|主页|空间|博客|频道|公众号)|"
    rf"[（(](?:{PROVINCES}|海外)[\u4e00-\u9fff]{{0,6}}[)）])"
)
"""来自 李小山 的专栏, 来自: 李小山(河南), 来自: 李小山 > 《随笔》: who posted, and where."""

OWNER = either_script(
    r"\W{0,3}(?:本文|文章)?(?:的)?(?:版权|著作权)归?属?于?(?:原)?作者[\s\x1f:：]{0,3}([^\s\x1f，,。、:：]{2,16})[\s\x1f]{0,3}所有|"
    r"\W{0,3}(?:本文|文章|本内容)[为系由是]\s?[“\"「《]?(?!本[站网号刊]|小编|编辑)([^“”\"「」《》，,。\s]{2,16})[”\"」》]?\s?(?:独家)?原创"
)
"""本文版权归作者李小山所有, 本文为“示例故事会”原创, below a body."""

AUTHOR_CARD = re.compile(
    r"author[\w\-]{0,12}name|(?:^|[\s_\-])(?:post|entry)-author(?:$|\s)|"
    r"(?:^|[\s_\-])(?:user-?link|author-?info|nickname|(?:user|read|poster)-?name)(?:$|[\s_\-])",
    re.I,
)
"""Class and id of the name in an author's card below a body, or in a linked line above the title."""

JOINED = re.compile(r"[\x1f、，,&＆]+\s?(?:[和与與及]|and)?[\x1f\s]*")
"""What stands between the names of a byline that are links."""

TOGETHER = 4
"""Personal names in links of a header that are the authors together."""

AUTHOR_BOX = re.compile(r"(?:^|[\s_\-])author(?:$|[\s_\-])", re.I)
"""Class and id of an author's box, in which a person's name is the author's."""

ACCOUNT = range(2, 17)
"""Code points of an account's name."""

A_SITE = either_script(r"(?:站|吧|圈|百科|大全|平台|导航|下载|之家|门户|家园|问答|知识|指南|攻略)$")
"""How the name of a site ends, besides those of ORG."""


def profile(page: Evidence) -> str | None:
    """The first link to a person's page in the header; a few that are all personal names are all of them."""
    people = list(dict.fromkeys(page.printed.accounts))
    if 1 < len(people) <= TOGETHER and all(map(is_personal_name, people)):
        return "、".join(people)
    for name in page.printed.accounts:
        if is_account(name, page) and not COLUMN.fullmatch(name):
            return name
    return None


def together(name: str, page: Evidence) -> str:
    """A linked name and those linked beside it with nothing between but a sign: A、B和C."""
    people = page.printed.accounts
    if name not in people:
        return name
    for line in (*page.printed.head, *page.printed.above):
        runs = [run for run in JOINED.split(line) if run]
        if name in runs:
            at = runs.index(name)
            return "、".join(dict.fromkeys((name, *takewhile(people.__contains__, runs[at + 1 :]))))
    return name


def is_account(name: str, page: Evidence) -> bool:
    """Whether a text can be the name of who posted: no button, newsroom or source, and not the site."""
    fits = len(name) in ACCOUNT and is_name(name) and not NOT_A_NAME.search(name) and not ORG.search(name)
    return fits and not find_day(name) and name != page.origin and not is_the_site(name, page.url)


def follow(page: Evidence) -> str | None:
    """The run of text, or the line, right before the button that follows an account."""
    runs = [run.strip() for line in (*page.printed.above, *page.printed.head) for run in line.split(GAP)]
    for name, button in pairwise(runs):
        if FOLLOW.fullmatch(button) and is_account(name, page):
            return name
    return None


def signature(page: Evidence) -> str | None:
    """`meta author` that the page's `title` ends with; a blog may be called as who writes it, a `www.` site is not."""
    signed = re.sub(r"\s?[(（][\w.\- ]{2,30}[)）]$", "", page.declared.meta.get("author", ""))
    is_site = signed == page.declared.meta.get("og:site_name") and not is_personal_name(signed)
    if (is_site and (urlsplit(page.url).hostname or "").startswith("www.")) or signed in site_part(
        page.declared.title
    ):
        return None
    in_title = rf".{{{SIGNATURE_AFTER}}}\W{re.escape(signed)}(?:的|の|\W|$)"
    if (
        len(signed) >= 2
        and not (ORG.search(signed) or A_SITE.search(signed))
        and re.search(in_title, page.declared.title)
    ):
        return signed
    return None


def poster(lines: Iterable[str]) -> str | None:
    """Who posted and from where, or in whose column, as a line of the header says."""
    return next((said[1] for line in lines if (said := POSTED_FROM.search(line))), None)


def blog(page: Evidence) -> str | None:
    """The owner of a blog or a column: in the header, the page's `title`, or above the heading and in the `title`."""
    if (named := poster(page.printed.head)) and is_account(named, page):
        return named
    title = page.declared.title
    if (owner := BLOG_OF.search(title)) and is_account(owner[1], page):
        return owner[1]
    *before, last = SEPARATOR.split(title)
    if len(before) > 1 and BLOG_HOST.fullmatch(last) and is_account(before[-1], page):
        return None if COLUMN.fullmatch(before[-1]) else before[-1]
    parts = [*before, last, *BARS.split(title)]
    for line in (*page.printed.above, *(text for _, text in page.printed.cards)):
        if (owner := BLOG_OF.search(line)) and owner[1] in parts and is_account(owner[1], page):
            return owner[1]
    return None


def card(page: Evidence) -> str | None:
    """A person in an element named so below the body, or before 发表于 there."""
    handed = filter(
        None, map(HANDED_IN.fullmatch, (*page.printed.head, *page.printed.first, *page.printed.own))
    )
    if (by := next(handed, None)) and is_account(by[1], page):
        return by[1]
    if (keeper := poster(page.printed.own)) and is_account(keeper, page):
        return keeper
    for line in page.printed.own:
        if (owned := OWNER.match(line)) and is_account(owned[1] or owned[2], page):
            return owned[1] or owned[2]
        said = POSTED_IN.match(line) or POSTED_UNDER.match(line)
        if said and is_account(said[1], page) and (said[0].startswith("本文") or not find_day(line)):
            return said[1]
    value = below_label(page.printed.own, AUTHOR_ALONE)
    if value and (names := names_of(value)):
        return "、".join(names)
    for marks, text in page.printed.cards:
        named = AUTHOR_CARD.search(marks) or (AUTHOR_BOX.search(marks) and is_personal_name(text))
        if named and not NOT_THE_STARTER.search(marks) and is_account(text, page):
            return text
    return None


def site_part(title: str) -> list[str]:
    """The last of three or more parts of a page's `title`: title | column | site."""
    return [part.strip() for part in SEPARATOR.split(title)[2:][-1:]]
