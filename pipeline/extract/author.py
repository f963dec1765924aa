"""Who wrote the article: an ordered table of rules, from a label that says so to an account above the day.

The order was found on 63 pages of 40 sites that we did not write, 29 of which name an author: the table gives
all 29 and none on the others. `meta author` alone is mostly the web editor and is not believed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from urllib.parse import urlsplit

from pipeline.extract.account import (
    AUTHOR_ALONE,
    NOT_THE_STARTER,
    blog,
    card,
    follow,
    profile,
    signature,
    site_part,
    together,
)
from pipeline.extract.byline import author_in, closing_author
from pipeline.extract.creditline import staff_of_a_paper
from pipeline.extract.dateline import ROLE, dateline_author
from pipeline.extract.dates import find_day
from pipeline.extract.ending import MONTH
from pipeline.extract.evidence import (
    DESK,
    HEADER_LINES,
    LABEL,
    MACHINE,
    NAME_AND_PAPER,
    NOT_A_NAME,
    PAPER_AND_NAME,
    PLACE,
    REPRINTED,
    Evidence,
    Rule,
    below_label,
    decide,
    is_the_site,
    original_by,
    source_and_author,
)
from pipeline.extract.mastline import round_day
from pipeline.extract.names import (
    GAP,
    HAN,
    HAN_NAME,
    OFFICE,
    ORG,
    SPACED_NAME,
    closed_up,
    is_name,
    is_personal_name,
    is_sure_name,
    names_of,
)
from pipeline.extract.names import ROLE as IS_ROLE
from pipeline.extract.unlabelled import AFTER_DAY, COLUMN, COUNTED, PAPER_ALONE, above_day, beside_day
from pipeline.extract.variants import either_script

NO_AUTHOR = either_script(
    r"未知|佚名|不详|匿名|未署名|无名氏|^N/?A$|^admin|^(?:来自|来源于|转自|本文)?(?:互联)?(?:网络|网路)(?:整理|综合|转载|收集|来源|作者)?$",
    re.I,
)
"""Printed behind the label of an author where there is none."""

SLOGAN = either_script(
    r"^(?:让|为[您你]|专注|致力|打造)[\u4e00-\u9fff]{5,}|的(?:网站|平台|媒体|门户|社区|公众号)$|(?:手机版|官网|官方网站|首页|下载)$"
)
"""What a site says of itself where the author should be, or the words by which it wants to be found."""

PERSON_CLASS = either_script(
    r"(?:^|\s)name(?:\s|$)|(?:^|[\s_\-])(?:author|byline|writer|nick|nickname|reporter|zuozhe)(?:$|[\s_\-])|author\w{0,8}[_\-]{0,2}name|user-?link|nick[_\-]?name|(?:news|post|topic|article|blog|entry)author(?:$|[\s_\-])|"
    r"(?:account|user|read|poster)[_\-]?name|post-author|author-?info|d_name|authi(?:$|[\s_\-])|(?:^|[\s_\-])poster(?:$|[\s_\-])|"
    r"(?-i:[a-z](?:Author|Writer|Reporter)(?:$|[\s_\-]))|(?:^|[\s\-_])(?:fa|icon|iconfont|bi|ri|glyphicon|dashicons)[\w\-]{0,10}-(?:user|author)(?:$|[\s\-])|(?:^|\s)作者$",
    re.I,
)
"""Class and id of an element that holds a person's name."""

DESK_ENDS = either_script(r"(?:中心|[部处科组室])$")
"""How a newsroom ends that is called as a column is: 新闻中心."""

ROLE_BEHIND = either_script(r"\s(?:记者|撰文|作者|报道)$")
ENGLISH_BY = either_script(r"\bby\b", re.I)
"""In a page's foot it names who made the theme."""

CHANGED = either_script(r"(?:最后|更新|修改|编辑|updated|modified|edited).{0,30}\bby\b", re.I)
ABOUT_AUTHOR = either_script(
    r"[\s（(【\[]{0,3}(?:本文|文章)?作者(?:简介|介绍)?[\s:：】\]]{0,3}(?!简介|介绍|单位)([\u4e00-\u9fff]{2,4}?)(?=[，,：:]|系|为|是|现[任为]|[，,]|[（(])"
)
"""作者简介：李小山，… below a body."""

ABOUT_ALONE = either_script(r"\W{0,3}(?:关于)?(?:本文)?作者(?:简介|介绍|信息)?\W{0,3}")
INTRODUCED = re.compile(r"\W{0,3}([\u4e00-\u9fff]{2,6})\s?([，,：:（(])")
WHAT_AUTHOR_IS = either_script(
    r"[\s（(【\[]{0,3}作者[系为是][\u4e00-\u9fff·、，]{2,40}(?:教授|研究员|讲师|院士|博士|硕士|学者|作家|记者|编辑|主任|院长|所长|会长|主席|校长|馆长|"
    r"站长|律师|医生|医师|教师|工程师|农艺师|经济师|分析师|评论员|撰稿人|专家|总监|经理|学生|会员)[\s，,、：:]{0,2}([\u4e00-\u9fff]{2,4})[\s）)】\]。]{0,4}$"
)
"""（作者系示例大学历史系教授李小山） as a last line: the name behind what it is."""

EDITOR = either_script(r"编辑|责编|校对|审核|录入|编审|监制")
"""In a line that names who worked on the page, not who wrote it."""

AGENCY_ALONE = either_script(
    r"(?:中央|新华|中新|中评|路透|法新|美联|共同|塔斯)[通讯]{0,2}社|.{2,8}通讯社|综合外电"
)
"""A news agency behind the label of an author: the reporter it names in the text goes first."""

META_AUTHORS = (
    "og:article:author",
    "article:author",
    "author",
    "dc.creator",
    "dcterms.creator",
    "citation_author",
    "parsely-author",
    "sailthru.author",
)
TITLE_NAME = re.compile(r"([\u3400-\u9fff]{2,4})[:：]")
"""李小山：旧磨坊又转了起来, as opinion pages set it."""

ANOTHERS = either_script(
    r"[\u4e00-\u9fff]{0,4}(?:编辑|责编|校对|审核|录入|签发|终审|摄影|摄像|翻译|[联系络办核发责审]人|[责管辑审]员)\s?[:：]?"
)
"""A line that is the label of what another person did, above the name."""

EDITION = either_script(r"(?:第\s?|[\s\x1f]|^)[A-Z]?\d{1,3}\s?版|[上下]一[版期]|版面导航|数字报|电子报")
"""Round the text of a paper's edition: its page, and the way to the next."""

EDITION_ADDRESS = re.compile(r"//(?:e-?paper|paper|szbz?|dzb|digital)\.|/(?:szb|dzb|epaper|paper)/", re.I)

IS_A_REPORTER = either_script(r"(?:记者|特约撰稿人?|专栏作家|撰稿人|评论员|分析师)$")
SIGNED_BY = either_script(r"\d\s?[.、]\s?(?:完整)?(?:记者|作者)(?:署名|姓名)\s?[:：]\s?")
"""In a board's form for news the label of who wrote it, above which the board names who posted it."""

DOCTOR = either_script(
    r"(?:副?主任|主治|住院|执业)(?:中?医师|药师|护师)|(?:执业|专职|主任)律师|(?:副?教授|主任医师)[\s、，,/]{0,2}(?:副?主任医师|博士生导师)"
)
"""What somebody is who answers or advises, and no word besides."""

WITH_SCHOOL = either_script(
    r"(?:[\u4e00-\u9fff]{2,18}?(?:小学|中学|学校|附小|附中|[一二三四五六七八九十]中)(?:[\d一二三四五六七八九十初高]{1,4}[年级（(）)\d一二三四五六七八九十]{0,8}班?)?)[\s\x1f]{1,3}([\u4e00-\u9fff]{2,4})"
)
"""示例小学五（1）班 李小山 as a whole line, below the title of what pupils write."""

BETWEEN_STROKES = re.compile(r"[-—–~～·]{1,3}\s{0,2}([\u4e00-\u9fff·]{2,8})\s{0,2}[-—–~～·]{1,3}")
"""- 李小山 - as a whole line."""

IS_WRITER = either_script(
    r"(?:资深|特约|专栏|首席|高级|见习|[\u4e00-\u9fff]{2,4}[报网刊台社])?(?:记者|作者|撰稿人|评论员|作家)"
)
"""What somebody is who writes, and no word besides."""

QUOTED_AUTHOR = either_script(r"作者\s?[:：]?\s?[“\"「『]([^”\"」』]{2,30})[”\"」』]")
AUTHOR_IN_SENTENCE = either_script(
    r"(?<![合原])作者(?:\s?[:：为是]\s?|\s)?([^\s，,。；;：:（()）]{2,16})(?=[\s，,。；;（()）]|$)"
)
"""本文转载自示例评论，作者李小山，版权归原作者所有。"""

BEHIND_SOURCE = either_script(
    r"(?:来源|稿源)\s?[:：]\s?[^\s\x1f|｜丨:：（(]{2,20}(?:[（(]([\u4e00-\u9fff]{2,4})[)）]|[\s\x1f]{0,3}[|｜丨/／][\s\x1f]{0,3}([\u4e00-\u9fff]{2,4})|[\s\x1f]{1,3}([\u4e00-\u9fff]{3}))"
    r"(?=[\s\x1f]{1,6}(?:(?:19|20)\d\d|\d{1,2}[-/月]|(?:通讯员|记者)\s)|[\s\x1f]{0,6}[|｜丨]|[\s\x1f]{0,6}$)"
)
"""来源：示例晚报 | 李小山 2023-03-11"""

ORG_OR_POST = either_script(
    r"(?:大学|学院|研究院|研究所|中心|中学|小学|医院|公司|委员会|协会|学会|[局厅部系社]|教授|研究员|作家|博士|记者|主任)$"
)
WITH_OFFICE = re.compile(r"([\u4e00-\u9fff]{2,4})\s?[（(]([^（()）]{4,30})[）)]")
"""李小山（示例大学历史学院） as a whole line."""

WITH_POST = re.compile(r"([\u4e00-\u9fff]{2,4})[ ，,|｜\x1f]{1,3}([\u4e00-\u9fff]{6,30})")
"""李小山 示例大学历史学院教授 as a whole line."""

LATIN_BEHIND = re.compile(r"(?<=[\u4e00-\u9fff])\s?[（(][A-Za-z][A-Za-z .'\-]{2,40}[)）]")
"""约翰·史密斯（John Smith）"""

NOTE_MARKS = re.compile(
    r"\x1f?[¹²³⁰⁴-⁹*＊†‡]{1,4}\x1f?|(?<=[\u4e00-\u9fff])\d(?:[,，]\d){0,3}(?=[\s,，、;；]|$)"
)
"""What points from a name to its office: 李小山¹，王建国²"""

ENDS_IN = 60
"""Code points at the end of a body's last line that may hold a byline behind the last sentence."""

ENDING = re.compile(
    r"[。！？!?…”」』]\s?((?:[（(【\[][^（()）【】\[\]]{4,40}[）)】\]]|[^。！？!?”」』（()）]{4,40})\d{0,7})$"
)

CLOSING_NAME = re.compile(r"[（(]\s?([\u4e00-\u9fff]{2,4})\s?[)）]")
NO_BYLINE = either_script(
    r"[完续略图文终编删选译注]$|^[完未待下上接转全本附见详]|删节|节选|连载|转载|原创|综合|整理|网络|佚名|掌声|鞠躬|答案|谢谢|微笑|[日月年]$"
)
"""In brackets below a text, and no name: （待续）, （有删节）."""

SIGNED_DAY = 16

POSTED_BY = either_script(r"posted @[\s\x1f]{0,4}.{0,40}?\d{1,2}:\d{2}[\s\x1f]{1,6}([^\s\x1f]{2,20})")
OWN_HOST = re.compile(
    r"\.(?:(?:github|gitee|gitlab|coding)\.io|(?:netlify|vercel|web)\.app|pages\.dev|(?:blogspot|wordpress|tumblr|lofter|cnblogs)\.com)$"
)
"""Hosts whose first label is the name of who writes there."""

BLOG_SYSTEM = re.compile(r"(?:Hexo|Hugo|Jekyll|Typecho|Gridea|Octopress|Zola|Pelican)\b", re.I)
"""In `meta generator`: systems that mostly make the blog of one person."""

ORIGINAL = ("原创", "原創", "Original")
"""WeChat's mark of an author's own work."""


def _reprint(page: Evidence) -> str | None:
    for line in page.sentences:
        if found := source_and_author(line):
            return found[2]
        if not REPRINTED.match(line):
            continue
        if quoted := QUOTED_AUTHOR.search(line):
            names = [name for name in names_of(re.sub(r"\s+", "、", quoted[1])) if is_personal_name(name)]
            return "、".join(names) if names else quoted[1]
        if name := author_in(line) or _in_sentence(line):
            return name
    return None


def _in_sentence(line: str) -> str | None:
    said = AUTHOR_IN_SENTENCE.search(line)
    return "、".join(names_of(said[1])) or None if said else None


def _labelled(page: Evidence) -> Iterator[str]:
    named = ((author_in(line), line[:2]) for line in (*page.printed.head, *page.printed.above))
    own = page.origin  # of an account's own work its name comes right behind the mark
    return (
        together(name, page)
        for name, label in named
        if name and _believed(name, page) and not (name == own and label in ORIGINAL)
    )


def _form(page: Evidence) -> str | None:
    """Who wrote it by a board's form for news, in its label's line or the next."""
    for line, below in zip(page.printed.head, (*page.printed.head[1:], ""), strict=False):
        if label := SIGNED_BY.match(line):
            return "、".join(names_of(line[label.end() :] or below)) or None
    return None


def _label(page: Evidence) -> str | None:
    if signed := _form(page):
        return signed
    name = next((name for name in _labelled(page) if not _are_agencies(name)), None)
    return None if name and _uploader(page) == name and _opening(page) else name


def _uploader(page: Evidence) -> str | None:
    """Who put the article up, as a content system prints it: By X."""
    return next(filter(None, (author_in(line) for line in page.printed.head if ENGLISH_BY.match(line))), None)


def _under_uploader(page: Evidence) -> str | None:
    return _opening(page) if _uploader(page) else None


def _are_agencies(names: str) -> bool:
    return all(map(AGENCY_ALONE.fullmatch, names.split("、")))


def _agency(page: Evidence) -> str | None:
    return next(_labelled(page), None)


def _behind_source(page: Evidence) -> str | None:
    for line in page.printed.head:
        said = BEHIND_SOURCE.search(line)
        name = next(filter(None, said.groups())) if said else ""
        if is_personal_name(name) and not COLUMN.fullmatch(name):
            return name
    return None


def _cell(page: Evidence) -> str | None:
    value = below_label(page.printed.head, AUTHOR_ALONE)
    return "、".join(names_of(value)) if value else None


def _original(page: Evidence) -> str | None:
    account = page.declared.script.get("nickname")
    for (_, mark), (_, text) in pairwise(page.printed.marked):
        if mark in ORIGINAL and account and text != account and not NOT_A_NAME.search(text):
            return None if find_day(text) else "、".join(names_of(text))
    said = original_by(page.printed.head)
    return said[1] if said else None


def _twice(page: Evidence) -> str | None:
    above = (line for line in page.printed.above if GAP not in line or find_day(line))  # 欢迎，李小山
    printed = [
        run.strip()
        for line in (*page.printed.head, *above)
        if not EDITOR.search(line)
        for run in re.split(rf"[{GAP}|｜\s]", line)
    ]
    first = TITLE_NAME.match(page.title or "")
    titled = [first[1]] if first and is_personal_name(first[1]) else []
    for named in (*_declared_names(page, META_AUTHORS), *titled):
        if named in printed and named != page.origin:
            return named
    return None


def _element(page: Evidence) -> str | None:
    name = _marked(page)[0]
    return together(name, page) if name else None


def _dateline(page: Evidence) -> str | None:
    first = (  # who signs a motto above the text has not written it
        line
        for above, line in pairwise(("", *page.printed.first))
        if not (line.startswith("—") and above.endswith(("”", "」", "』", "。")))
    )
    for line in (*page.printed.head, *first, *reversed(page.printed.above)):
        day = find_day(line)
        sides = (AFTER_DAY.sub("", line[day.end :]), line[: day.start]) if day else (line,)
        runs = [run for side in sides for run in side.split(GAP) if ROLE.search(run)] if day else []
        for side in (*sides, *runs):
            line = COUNTED.sub("", side.replace(GAP, " ")).strip()
            name = dateline_author(line) or (_described(line) if "作者" in line[:8] else None)
            if name and _believed(name, page) and not _are_agencies(name):
                return name
    return None


def _opening(page: Evidence) -> str | None:
    """The reporter whom the first lines of the body name."""
    return next(filter(None, map(dateline_author, page.printed.first)), None)


def _with_paper(page: Evidence) -> str | None:
    for line in page.printed.head[:HEADER_LINES]:
        both = NAME_AND_PAPER.fullmatch(line)
        if both and is_personal_name(both[1]):
            return both[1]
        both = PAPER_AND_NAME.fullmatch(line)
        if both and is_personal_name(both[2]):
            return both[2]
    return None


def _foot(page: Evidence) -> str | None:
    for line in (*_ending(page.printed.last), page.printed.last, *page.printed.own):
        name = (
            (None if ENGLISH_BY.search(line) else author_in(line))
            or (None if CHANGED.search(line) else dateline_author(line))
            or closing_author(line)
            or _described(line)
            or "、".join(staff_of_a_paper(line))
        )
        if name and _believed(name, page):
            return name
        if posted := POSTED_BY.search(line):
            return posted[1]
    return _introduced(page) or _signed(page)


def _ending(text: str) -> tuple[str, ...]:
    """What stands behind the last sentence of a text longer than a byline."""
    found = ENDING.search(text[-ENDS_IN:])
    return (found[1],) if found and len(text) > len(found[1]) else ()


def _signed(page: Evidence) -> str | None:
    """A person alone in the line above the day that ends a text."""
    *_, name, day = ("", "", *page.text[-ENDS_IN:].split("\n"))
    is_day = len(day) <= SIGNED_DAY and (find_day(day) or MONTH.fullmatch(day))
    name = SPACED_NAME.sub(closed_up, name)
    return name if is_day and len(name) > 2 and is_sure_name(name) else None


def _introduced(page: Evidence) -> str | None:
    """作者简介, and below it 李小山，示例大学教授。"""
    for above, line in pairwise(page.printed.own):
        said = INTRODUCED.match(line) if ABOUT_ALONE.fullmatch(above) else None
        if said and (is_personal_name(said[1]) or (is_name(said[1]) and said[2] in "，,")):
            return said[1]
    return None


def _described(line: str) -> str | None:
    said = (ABOUT_AUTHOR.match(line[:60]), WHAT_AUTHOR_IS.match(line[:80]))
    return next((found[1] for found in said if found and is_personal_name(found[1])), None)


def _closing(page: Evidence) -> str | None:
    for line in (page.printed.last, *page.printed.own):
        said = CLOSING_NAME.fullmatch(line)
        if said and not (NO_BYLINE.search(said[1]) or NOT_A_NAME.search(said[1])):
            is_office = ORG.search(said[1]) or OFFICE.search(said[1])
            return None if is_office or names_of(said[1]) != [said[1]] else said[1]
    return None


def _desk(page: Evidence) -> str | None:
    """A newsroom in an element named as a person's, unless its place is that of a paper."""
    desk = _marked(page)[1]
    return None if desk and PAPER_ALONE.fullmatch(desk) and desk == beside_day(page)[1] else desk


def _beside_day(page: Evidence) -> str | None:
    account = beside_day(page)[0]
    return None if account == page.origin else account


def _alone(page: Evidence) -> str | None:
    """A line of the header that is personal names and nothing else, or a name above a line of what it is."""
    near = (*page.printed.head[:HEADER_LINES], *page.printed.above)
    for name, role in (pair for line in near for pair in pairwise(re.split(rf"[{GAP} ]", line))):
        if is_personal_name(name) and DOCTOR.fullmatch(role):
            return name
    for line in page.printed.head[:HEADER_LINES]:
        for name, role in pairwise(line.split(GAP)):
            if HAN_NAME.fullmatch(name) and IS_WRITER.fullmatch(role) and not COLUMN.fullmatch(name):
                return name  # 李小山 <small>特约作者</small>
        said = BETWEEN_STROKES.fullmatch(line) or WITH_SCHOOL.fullmatch(line)
        if said and is_personal_name(said[1]):
            return said[1]
    bare = (LATIN_BEHIND.sub("", line) for line in page.printed.head)
    head = [NOTE_MARKS.sub("", SPACED_NAME.sub(closed_up, line)) for line in bare]
    for above, line, below in zip(("", *head), head, (*head[1:], ""), strict=False):
        if ANOTHERS.fullmatch(above):
            continue
        office = WITH_OFFICE.fullmatch(line) or WITH_POST.fullmatch(line)
        if office and ORG_OR_POST.search(office[2]) and is_personal_name(office[1]):
            return office[1]
        names = re.split(r"[ 、,，]+", line)
        told = HAN_NAME.fullmatch(line) and IS_A_REPORTER.search(below)
        people = max(map(len, names)) > 2 and all(map(is_personal_name, names))
        if (told or people) and not (NOT_A_NAME.search(line) or COLUMN.fullmatch(line)):
            return "、".join(names)
    return _opens_alone(page)


def _opens_alone(page: Evidence) -> str | None:
    """Names that are the body's first line in a paper's edition, told of neither in it nor in the title.

    Elsewhere such a line is a heading: many words of three characters begin with a family name.
    """
    printed = page.printed
    if not (EDITION_ADDRESS.search(page.url) or any(map(EDITION.search, (*printed.above, *printed.head)))):
        return None
    for line in printed.first[:1]:
        names = re.split(r"[ 、,，]+", SPACED_NAME.sub(closed_up, line).strip())
        told = (page.title or "") + page.text[len(line) :]
        is_people = all(map(is_personal_name, names)) and max(map(len, names)) > 2
        if is_people and not (NOT_A_NAME.search(line) or any(name in told for name in names)):
            return "、".join(names)
    return None


def _declared_names(page: Evidence, metas: tuple[str, ...]) -> list[str]:
    """The authors a page declares: no addresses, not the site, no organizations."""
    declared = page.declared
    said = (
        declared.ld.get("author", ""),
        declared.items.get("author", ""),
        *(declared.meta.get(n, "") for n in metas),
    )
    found = []
    for named in said:
        names = names_of(named) if not named.startswith("http") else []
        site = (declared.meta.get("og:site_name"), *site_part(declared.title))
        if names and named not in site and not any(ORG.search(n) or is_the_site(n, page.url) for n in names):
            found.append("、".join(names))
    return found


def _declared(page: Evidence) -> str | None:
    if _is_personal(page) and (owner := next(filter(is_name, _declared_names(page, META_AUTHORS)), None)):
        return owner
    sure = next(iter(_declared_names(page, META_AUTHORS[:1])), None)
    return sure or next(filter(is_personal_name, _declared_names(page, META_AUTHORS[1:2])), None)


def _above_day(page: Evidence) -> str | None:
    people, papers, _ = round_day(page.printed.head[:HEADER_LINES])
    if papers and any(map(is_sure_name, people)):
        return "、".join(people)
    return None if page.origin else above_day(page.printed, page.title)[0]


AUTHORS: tuple[Rule[str], ...] = (
    ("reprint", LABEL, _reprint, "a sentence that says from where and by whom: 来源：示例晚报，作者：李小山"),
    ("label", LABEL, _label, "作者：李小山 in the header"),
    (
        "behind_source",
        LABEL,
        _behind_source,
        "a person right behind the source: 来源：示例晚报 | 李小山",
    ),
    ("cell", LABEL, _cell, "a line 作者 and below it the name, as tables print it"),
    ("original", LABEL, _original, "the name behind WeChat's mark 原创; the account's name comes after it"),
    (
        "opening",
        LABEL,
        _under_uploader,
        "the reporter whom the text's first lines name, where the header has By and who put it up",
    ),
    ("twice", LABEL, _twice, "a name that the page declares and the header prints alone"),
    ("element", PLACE, _element, "a person in an element named author, byline, nickname …"),
    ("profile", PLACE, profile, "the text of the header's first link to a person's page: /u/12"),
    ("follow", PLACE, follow, "an account right before the button 关注"),
    ("dateline", LABEL, _dateline, "（记者李小山） or 記者李小山／台北報導 in the header or the first lines"),
    ("with_paper", PLACE, _with_paper, "李小山／示例晚报 or 示例晚报　李小山 as a line of the header"),
    ("foot", LABEL, _foot, "a label, a byline or names in brackets in the last line or below the body"),
    ("alone", PLACE, _alone, "a line of the header that is personal names and nothing else"),
    ("agency", LABEL, _agency, "作者：示例通讯社 in the header, where no reporter is named"),
    ("desk", PLACE, _desk, "a newsroom in an element named author, byline, nickname …"),
    ("beside_day", PLACE, _beside_day, "a name without a label in the line of the day"),
    ("signature", MACHINE, signature, "`meta author` that the page's `title` ends with: a blog"),
    ("blog", MACHINE, blog, "李小山的博客 in the page's `title`"),
    ("card", PLACE, card, "a name in an author's card below the body"),
    ("declared", MACHINE, _declared, "JSON-LD or og:article:author, neither the site nor an organization"),
    ("above_day", PLACE, _above_day, "a name alone above the line of the day, where no source is named"),
    ("closing", PLACE, _closing, "（阿山） as the whole last line"),
)
"""Name, voice, function and what it believes of every rule, in the one order they are asked in."""


def find_author(page: Evidence) -> tuple[str | None, str | None]:
    """(name of the rule, names) by AUTHORS; no answer holds an address, a day, a button, a system or a place."""
    return decide(
        AUTHORS, page, accept=lambda name, voice: _believed(name, page) and _is_other(name, voice, page)
    )


def _believed(name: str, page: Evidence) -> bool:
    """Whether an answer can be an author, by whatever rule it came."""
    if not all(map(is_name, name.split("、"))) or NO_AUTHOR.search(name) or SLOGAN.search(name):
        return False
    if (name in page.printed.trail or COLUMN.fullmatch(name)) and not (
        is_personal_name(name) or DESK_ENDS.search(name)
    ):
        return False
    return not is_the_site(name, page.url) or (_is_personal(page) and not DESK.search(name))


def _is_other(name: str, voice: str, page: Evidence) -> bool:
    """Whether an answer is not the source over again; one that a label calls both is, if it is an organization."""
    return name != page.origin or (voice == LABEL and not ORG.search(name))


def _is_personal(page: Evidence) -> bool:
    """Whether the site is one person's: named after who writes it, or made by a blog system."""
    host = urlsplit(page.url).hostname or ""
    return bool(OWN_HOST.search(host) or BLOG_SYSTEM.match(page.declared.meta.get("generator", "")))


def _marked(page: Evidence) -> tuple[str | None, str | None]:
    """(author, desk) from elements named as a person's; beside a nickname in the same element a full name wins."""
    found: tuple[str, str] | None = None
    desk = None
    for names_and_ids, text in page.printed.marked:
        if text == page.declared.script.get("nickname"):  # the account of a WeChat page, not its author
            continue
        if not PERSON_CLASS.search(names_and_ids) or NOT_THE_STARTER.search(names_and_ids):
            continue
        if not is_name(text):
            continue
        text = ROLE_BEHIND.sub("", text)
        if NOT_A_NAME.search(text) or find_day(text):
            continue
        is_account = text in page.printed.accounts and HAN.fullmatch(text) and not IS_ROLE.match(text)
        people = [
            name for name in ([text] if is_account else names_of(text)) if not is_the_site(name, page.url)
        ]
        named = "、".join(people)
        if not people or any(ORG.search(name) for name in people):
            desk = desk or named or None
        elif found is None or (
            found[0] == names_and_ids
            and not is_personal_name(found[1].split("、")[0])
            and all(map(is_personal_name, people))
        ):
            found = (names_and_ids, named)
    return (found[1] if found else None), desk
