"""Who wrote it and where it first appeared, read out of printed lines.

A printed line is given with `GAP` where the markup changes inside it (`来源：<a>新京报</a><span>张三</span>`),
because the page's designer, not the text, often separates two facts.
"""

from __future__ import annotations

import re
from functools import cache

from pipeline.extract.dates import find_day
from pipeline.extract.variants import either_script
from pipeline.rules import table

GAP = "\x1f"
"""Stands between two pieces of a line that have different elements around them."""

_STOP = (
    r"作者|编辑|編輯|责编|责任|責任|记者|記者|发布|發布|发表|發表|时间|時間|日期|点击|點擊|阅读|閱讀|浏览|瀏覽|字号|字體|字体|评论|評論|"
    r"分享|收藏|打印|来源|來源|稿源|信区|看板|站内|来[^\S\x1f]{1,4}源|作[^\S\x1f]{1,4}者|日[^\S\x1f]{1,4}期|发信站|IP属地|选稿|校对|审核|摄影|通讯员|访问|人气|查看|关注|我要|责任编辑|更新|上传|举报|人参与|相关|题图|題圖|头图|頭圖|原文标题|原标题|图片|Author|Editor|（|\("
)
_BLANK = r"[^\S\x1f]"
_PARTED = rf"(?:{_BLANK}{{0,3}}+[:：﹕|｜︱丨/／]{_BLANK}{{0,3}}+|{_BLANK}{{0,2}}+{GAP}{_BLANK}{{0,3}}+)+"
"""Between a label and its value. GAP is white space to `\\s`: each must be read one way alone, or a run of GAPs takes
twice as long with each more."""
SOURCE_LABEL = either_script(
    r"(?<![图圖片影照频頻面乐樂材料])(?:(?:资料)?(?:来[^\S\x1f]{0,4}源|稿源|出处)(?:于)?|转载自|转自|"
    r"转载于|来自|摘自|原载|原載|source|Source)" + _PARTED + r"([^\x1f|｜:：\n\t]{2,40})"
)
AUTHOR_LABEL = either_script(
    r"(?:(?<![\u4e00-\u9fff])(?:本文|特约)?|(?<![合原续写])(?=作者\s?[:：]))(?:文/图|作[^\S\x1f]{0,4}者|发信人|楼主|发[帖贴]人|撰文者?|撰稿|执笔|執筆|主笔|文(?!\s?[/／]\s?[图圖])|文字|口述|记者|本报记者|本刊记者|本网记者|"
    r"采写|采访|编译|原创|张贴者|發文者|图文|author|Author|By|by)" + _PARTED + r"([^\x1f|｜\n\t]{1,60})"
)
NOT_BY = re.compile(
    r"(?:powered|designed|design|theme|hosted|developed|built|made|created|generated|sponsored|supported|provided|presented|"
    r"published|edited|reviewed|translated|photo|photos|template|skin|site|copyright)\W{0,3}$",
    re.I,
)
"""What stands before a `by` that names no author: powered by, theme by."""

PAPER_AND_REPORTER = either_script(
    r"[\s\x1f]{0,3}(《[^《》]{2,16}》|[\u4e00-\u9fff]{2,12}?(?:日报|晚报|时报|早报|晨报|都市报|商报|周刊|网|社|电视台|新闻|杂志))\s{0,2}"
    r"(?:首席|特约|见习|实习|全媒体|驻.{2,4}?)?(?:记者|通讯员|撰稿人|评论员|编辑)[\s\x1f:：]{0,3}"
)
"""《示例周刊》记者 before a name, behind the label of an author."""

AFFILIATION = either_script(
    r"[\u4e00-\u9fff]{4,}(?:大学|学院|研究院|研究所|研究中心|中学|小学|医院|公司|委员会|总工会|宣传部|协会|[局厅系])$"
)
"""What may stand before a person's name with nothing between: 示例大学历史学院李小山."""

NO_SOURCE = either_script(
    r"(?:来自)?(?:网络|網路|互联网|投稿|读者投稿|作者投稿|自己|会员|网友|用户|手机|电脑|客户端|iPhone客户端|Android客户端|網際網路|本站|本网|未知|不详|佚名|其他|其它|整理|综合)(?:整理|综合|原创|转载|编辑)?"
)
"""Printed where a source should be; it names none."""

NEXT_FACT = either_script(rf"(?<!\s)\s*+(?:(?<!\w)(?:{_STOP})|(?:{_STOP})\s?[:：]|图\s?[/／|｜:：]|[【\[])")
LABEL_AT_END = either_script(rf"(?:{_STOP})[\u4e00-\u9fff]{{0,2}}$")
"""The next fact's label, glued to a value that ends at that label's colon."""

ORG = either_script(
    r"(?:网|網|报|報|台|臺|社|新闻|新聞|传媒|傳媒|周刊|杂志|雜誌|频道|頻道|客户端|發布|发布|公众号|公號|财经|財經|科技|"
    r"电视|電視|在线|在線|中心|办公室|办事处|委员会|政府|学会|协会|大学|公司|观察|评论|健康|体育|娱乐|资讯|快讯|记者站|"
    r"局|厅|部|院|App|APP|com|cn|综合|整理|博客|微博|论坛|集团|News|Times|Daily)$"
)
ROLE = either_script(r"^\S{0,11}?(?:记者|通讯员|评论员|作者|撰稿人|研究员|实习生)\s*[:：/／]?\s*")
TAIL = either_script(
    r"(?:(?<!\s)\s*+[/／|｜]\s*+)?(?:报道|報導|编译|整理|撰文|文并摄|文/图|图/文|文|摄|著|专电|电|等)$"
)
NO_NAME = either_script(
    r"综合|即时|关闭|打印|国际|体育|娱乐|政治|生活|社会|财经|返回|登录|全文|高清|完毕|时评|评论|记者|快讯|专题|特约|网络|佚名|匿名|未知|编辑部|本报|本刊|本站"
)
"""Printed where a name should be: 國際中心／綜合報導."""

PLACED = either_script(r"(?:报道|報導|电)$")
"""What a reporter's place stands before: 李小華基隆報導."""

PLACE = 2
"""Code points of such a place."""

AFTER_ROLE = either_script(r"(?<=[\u4e00-\u9fff](?:编译|整理|撰文|报道|報導))\s.*")
IN_BRACKETS = re.compile(r"(?<=\S{2})\s?[（(].*")
"""约翰·史密斯（John Smith）"""

SIGNS = " \u3000()（）:：/／|©®™@★☆●■◆"
LONGEST_BESIDE = 6
"""Han characters of the longest name beside a personal one: 李小山，系示例大学教授."""

SPLIT_NAMES = either_script(r"\s*(?:[、,，;；&＆]|\s和\s|\s与\s|\s{2,}|\u3000|\x1f)\s*")
HAN = either_script(r"[\u3400-\u9fff]{1,12}")
SPACED_NAME = re.compile(
    r"(?<![\u4e00-\u9fff])([\u4e00-\u9fff])[ \u3000]{1,3}([\u4e00-\u9fff])(?![\u4e00-\u9fff]|\s?[:：﹕])"
)
"""A name of two characters set as wide as one of three: 王 水."""

HAN_NAME = either_script(r"[\u3400-\u9fff]{2,4}|[\u3400-\u9fff]{1,6}[·•・][\u3400-\u9fff·•・]{1,12}")
AGENCY = either_script(
    r"^[\s\u3000]*+[（(〔【\[]?\s*+((?:新华社|中新社|中新网|人民网|新华网|央视网|央视新闻|中国新闻网|环球网|法新社|路透社|美联社|共同社|澎湃新闻|财联社|"
    r"中評社|韩联社|塔斯社|俄新社)(?=[^\u4e00-\u9fff]|记者|讯|[\u4e00-\u9fff]{0,12}?(?:\d{1,2}月)?\d{1,2}日?[专專]?[电電讯訊])|中央社|中時|工商)"
)
DATELINE = (
    # 记者唐霁 in brackets near a place and day; the names end at the bracket
    either_script(
        r"[（(〔【\[][^（()）〔〕【】\[\]]{0,14}?记者[\s:：]{0,2}([^（()）〔〕【】\[\]\d]{2,40}?)[\s\u3000]*[／/|｜][^）)〕】\]]{0,14}电[）)〕】\]]"
    ),
    either_script(
        r"[（(〔【\[](?:[^（()）〔〕【】\[\]]{0,10}?)(?:记者|記者)[\s:：]{0,2}([^（()）〔〕【】\[\]\d]{2,40})[）)〕】\]]"
    ),
    either_script(
        r"[（(〔【\[]中央社[駐驻]?\S{0,6}?(?:记者|記者)\s?([\u4e00-\u9fff]{3}|[\u4e00-\u9fff]{2})[\u4e00-\u9fff]{2,3}\d{1,2}日"
    ),
    either_script(
        r"^(?:\S{0,10}?\s?)(?:记者|記者)\s?([\u4e00-\u9fff]{2,4}(?:[、，,\s][\u4e00-\u9fff]{2,4}){0,3})\s?[／/｜|]\s?\S{2,10}$"
    ),
    either_script(r"^(?:綜合報導|\S{2,6}中心|\S{0,4}快訊)\s?[／/]\s?([\u4e00-\u9fff]{2,4}?)(?:報導|整理)?$"),
    either_script(
        r"^[（(]?[\u4e00-\u9fffA-Za-z]{2,14}(?:记者)[\s\u3000:：]{1,3}([\u4e00-\u9fff\s、，,·]{2,40}?)(?:\s(?:报道|摄影报道|通讯员.{0,20}))?[）)]?$"
    ),
    either_script(
        r"(?:社|网|報|报)[\u4e00-\u9fff]{2,12}\d{1,2}月\d{1,2}日[专專]?[电電讯訊]\s?[（(]((?:[\u4e00-\u9fff]{2,4}[、，,\s]?){1,4})[）)]"
    ),
)
ENDING_REPORTER = either_script(
    r"[社网报](?:首席|特约)?记者[ \u3000]{1,3}([\u4e00-\u9fff]{2,4}(?:[、 ][\u4e00-\u9fff]{2,4}){0,3})$"
)
"""How the first line of an agency's feature ends: 题：…　示例社记者 李小山."""

CLOSING = either_script(
    r"[（(【\[]\s*((?:文|摄影)?(?:[/／:：\s|]|图){0,3})([^（()）【】\[\]]{2,30})[）)】\]]\s*$"
)
REPORTER_ALONE = either_script(
    r"(?:(?:特约)?记者\s{0,2}|(?:作者|撰文)\s{1,2}|(?:.{0,20}\s)?[Bb]y\s)"
    r"([\u4e00-\u9fff]{2,4}(?:[、\s][\u4e00-\u9fff]{2,4}){0,3}?)\s?(?:专题|综合|独家|即时)?(?:报道|报导|摄影|整理)?$"
)
"""A line of its own: 記者 林小美 報導, 作者 林小美; only for names that begin with a family name."""

OPENING_REPORTER = either_script(
    r"[\s\u3000（(【\[〔]{0,4}(?:[^\s，。,（()）记]{0,14}(?:讯|电|消息)[\s\u3000（(]{0,3})?(?:[\u4e00-\u9fffA-Za-z]{2,12}?)?"
    r"(?:记者|通讯员)[\s:：]{0,3}"
    r"([\u4e00-\u9fff]{2,4}?(?:[、，,\s][\u4e00-\u9fff]{2,4}?){0,3}?)[\s\u3000]{0,2}"
    r"(?:[/／|｜]\s?)?(?:(?:联合|专题|独家|现场|即时|图文)?(?:报道|报导)|摄|实习生|通讯员|采写|整理|综合|编译|文[/／]|\d{1,2}月\d{1,2}日)"
)
"""How a reporter opens a body: 本报记者李小山报道, 记者李小山 摄影王建国, 记者李小山6月10日报道."""

NOT_A_REPORTER = either_script(r"连[日线续]|全[程面]|万里|于[是此]|向.{1,3}|来[到自电]|应[邀约]|和.{1,3}")
"""What is no name although it begins with a family name, behind 记者."""

PRINTED_BYLINE = either_script(r"^(?:文|撰文|执笔|執筆|作者|采写|文字)\s?[/／|｜:：︱丨]\s?(\S.{0,50})$")


def source_in(text: str) -> str | None:
    """The name after a source label in a printed line, or None."""
    for match in SOURCE_LABEL.finditer(text):
        value = match[1]
        if text[match.end() : match.end() + 1] in (":", "："):
            value = LABEL_AT_END.sub("", value)
        name = clean_source(value)
        if name:
            return name
    return None


def clean_source(value: str) -> str | None:
    """A source name without what runs on after it; None where nothing name-like is left."""
    stop = NEXT_FACT.search(value)
    if stop and stop.start() >= 2:
        value = value[: stop.start()]
    day = find_day(value)
    if day:
        value = value[: day.start]
    value = re.sub(r"(?<![A-Za-z])\s+(?![A-Za-z]).*", "", value.strip())
    value = value.strip(" \u3000:：>【】[](（)）,，;；-—。·/／")
    value = value.strip("《》") if ("《" in value) != ("》" in value) else value
    if (
        not 2 <= len(value) <= 30
        or re.search(r"[。！？；，@]|://|^[\w.-]+\.(?:com|cn|net|org)/", value)
        or _no_names().fullmatch(value.lower())
        or NO_SOURCE.fullmatch(value)
        or value.isdigit()
        or value.startswith(("http", "www."))
        or NEXT_FACT.fullmatch(value)
    ):
        return None
    return value


def author_in(text: str) -> str | None:
    """The names after an author label in a printed line, joined with 、, or None."""
    for match in AUTHOR_LABEL.finditer(text):
        value = match[1]
        if match[0][:2].lower() == "by" and NOT_BY.search(text[max(0, match.start() - 20) : match.start()]):
            continue
        if reporter := PAPER_AND_REPORTER.match(value):
            value = value[reporter.end() :]
        stop = NEXT_FACT.search(value)
        if stop:
            value = value[: stop.start()]
        day = find_day(value)
        names = names_of(value[: day.start] if day else value)
        if names:
            return "、".join(names)
    return None


def paper_in(text: str) -> str | None:
    """The paper whose reporter an author label names (作者：《示例周刊》记者 李小山), or None."""
    for match in AUTHOR_LABEL.finditer(text):
        if (reporter := PAPER_AND_REPORTER.match(match[1])) and names_of(match[1][reporter.end() :]):
            return reporter[1].strip("《》")
    return None


def is_name(text: str) -> bool:
    """Whether a text can be a name: no address, day, sentence, software, button, role or place."""
    return not (
        re.search(r"[。！？；@]|^[—–_>《“\"]|https?:|www\.|\.(?:com|cn|net|org|html?)\b", text, re.I)
        or find_day(text)
        or _no_names().fullmatch(text.lower())
    )


def names_of(value: str) -> list[str]:
    """The single names of a byline, without roles; [] for a sentence (a full stop, or more than 20 code points)."""
    value = ROLE.sub("", SPACED_NAME.sub(r"\1\2", value).strip(" \u3000()（）[]【】:：/／|｜\x1f"))
    if re.search(r"[。！？]", value):
        return []
    slashed = [part.strip() for part in re.split(r"[/／|｜]", value)]
    if len(slashed) > 1 and any(map(is_personal_name, slashed)):
        value = "、".join(filter(is_personal_name, slashed))
    parts = [p for p in SPLIT_NAMES.split(value) if p]
    names = []
    for part in parts:
        part = _single_name(part)
        words = part.split()
        if NO_NAME.fullmatch(part) or (words and NO_NAME.fullmatch(words[-1])):
            continue
        if len(words) > 1 and all(HAN_NAME.fullmatch(word) for word in words):
            names.extend(words)
        elif (
            part
            and 2 <= len(part) <= 20
            and not part.isdigit()
            and is_name(part)
            and not re.search(r"[。！？\d]{3,}|[。！？:：]|https?:|www\.", part)
        ):
            names.append(part)
    if any(map(is_personal_name, names)):
        names = [n for n in names if is_personal_name(n) or not (HAN.fullmatch(n) and _is_other(n))]
    return names if len(names) <= 8 else []


def _is_other(name: str) -> bool:
    """Whether what stands beside a person is a paper, an office, or what the person is."""
    return len(name) > LONGEST_BESIDE or ORG.search(name) is not None


def _single_name(part: str) -> str:
    """One name without role, signs, and the words and the place that follow it; '' for a place alone."""
    part = IN_BRACKETS.sub("", ROLE.sub("", AFTER_ROLE.sub("", part.strip(SIGNS))))
    if is_personal_name(part):
        return part
    for size in (2, 3, 4):
        if is_personal_name(part[-size:]) and AFFILIATION.fullmatch(part[:-size]):
            return part[-size:]
    name = TAIL.sub("", part).strip(SIGNS)
    if not PLACED.search(part) or not HAN.fullmatch(name) or is_personal_name(name):
        return name
    name = name.removesuffix("即時").removesuffix("即时")
    if len(name) <= PLACE:
        return ""
    return name[:-PLACE] if is_personal_name(name[:-PLACE]) else name


def dateline_author(text: str) -> str | None:
    """The reporter in a byline or dateline such as （记者唐霁） or 記者林恩如／台北報導, or None."""
    text = SPACED_NAME.sub(r"\1\2", text[:140])
    for pattern in DATELINE:
        match = pattern.search(text[:140])
        if match:
            names = [
                n
                for n in names_of(match[1].replace("通讯员", "、").replace("通訊員", "、"))
                if HAN_NAME.fullmatch(n)
            ]
            if names:
                return "、".join(names)
    opening = OPENING_REPORTER.match(text[:80]) or ENDING_REPORTER.search(text[:140])
    if opening:
        names = [name for name in re.split(r"[、，,\s]", opening[1]) if not NOT_A_REPORTER.fullmatch(name)]
        if names and all(map(is_personal_name, names)):
            return "、".join(names)
    alone = REPORTER_ALONE.match(text[:40])
    if alone and all(is_personal_name(name) for name in re.split(r"[、\s]", alone[1])):
        return "、".join(re.split(r"[、\s]", alone[1]))
    match = PRINTED_BYLINE.match(text[:60])
    return "、".join(names_of(match[1])) or None if match else None


def closing_author(text: str) -> str | None:
    """Names in the last line's closing brackets: labelled, or nothing but Chinese personal names."""
    match = CLOSING.search(text[-50:])
    if not match or re.search(r"[:：]", match[2]):
        return None
    names = names_of(re.sub(r"\s+", "、", match[2]))
    if names and all(is_personal_name(name) for name in names):
        return "、".join(names)
    return None


def is_personal_name(name: str) -> bool:
    """Two or three Han characters beginning with a family name, or four with one of two characters."""
    if HAN_NAME.fullmatch(name) is None or ORG.search(name):
        return False
    return (2 <= len(name) <= 3 and name[0] in _surnames()) or (
        3 <= len(name) <= 4 and name[:2] in _surnames()
    )


def agency(text: str) -> str | None:
    """The news agency a text begins with (〔中央社〕, 新华社北京3月1日电), or None."""
    match = AGENCY.match(text[:60])
    return match[1] if match else None


@cache
def _no_names() -> re.Pattern[str]:
    return either_script("|".join(re.escape(row[0]) for row in table("no-names")))


@cache
def _surnames() -> frozenset[str]:
    single, double = (row[0] for row in table("surnames"))
    return frozenset(single) | frozenset(double.split("、"))
