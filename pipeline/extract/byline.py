"""Who wrote it and where it first appeared, read out of printed lines.

A printed line is given with `GAP` where the markup changes inside it (`来源：<a>新京报</a><span>张三</span>`),
because the page's designer, not the text, often separates two facts.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import takewhile

from pipeline.extract.dates import find_day
from pipeline.extract.names import GAP, OF_CLASS, ORG, is_personal_name, is_sure_name, names_of, no_names
from pipeline.extract.variants import either_script

_STOP = (
    r"作者|编辑|編輯|责编|责任|責任|记者|記者|发布|發布|发表|發表|时间|時間|日期|点击|點擊|阅读|閱讀|浏览|瀏覽|字号|字體|字体|评论|評論|"
    r"分享|收藏|打印|来源|來源|稿源|出处|出處|信区|看板|站内|来[^\S\x1f]{1,4}源|作[^\S\x1f]{1,4}者|日[^\S\x1f]{1,4}期|发信站|IP属地|选稿|校对|审核|摄影|通讯员|访问|人气|查看|关注|我要|责任编辑|更新|上传|举报|人参与|相关|题图|題圖|头图|頭圖|原文标题|原标题|图片|Author|Editor|（|\("
)
_BLANK = r"[^\S\x1f]"
_PARTED = rf"(?:{_BLANK}{{0,3}}+[:：﹕︰|｜︱丨/／＝]{_BLANK}{{0,3}}+|{_BLANK}{{0,2}}+{GAP}{_BLANK}{{0,3}}+)+"
"""Between a label and its value. GAP is white space to `\\s`: each must be read one way alone, or a run of GAPs takes
twice as long with each more."""
SOURCE_LABEL = either_script(
    r"(?<![图圖片影照频頻面乐樂材料明])(?:(?:文章|新闻|新聞|信息|消息|稿件|资料|資料|内容|本文|原文|文字|图文|新聞資料|转载|轉載)?(?:来[^\S\x1f]{0,4}源|稿源|信源|出处|出處)(?:于|於)?|转载自|轉載自|转自|轉自|"
    r"转载于|From|文章来自|本文来自|来自|來自|摘自|原载|原載|source|Source)"
    + _PARTED
    + r"([^\x1f|｜:：\n\t]{2,40})"
)
AUTHOR_LABEL = either_script(
    r"(?:(?<![\u4e00-\u9fff])(?:文章|本文|原文|图文|圖文|原创|特约|学生|校园)?|(?<![合原续写])(?=作者\s?[:：]))(?:[图文][/／、和及与&＆][图文]|原?作[^\S\x1f]{0,4}者|发信人|送交者|楼主|留言[者人]|发言[者人]|网友|昵称|博主|投稿[人者]|[投供]稿(?=[:：])|发[帖贴表]人|撰文者?|撰[^\S\x1f]{0,4}稿(?:人|编辑)?|供稿人|执笔|執筆|主笔|文(?!\s?[/／]\s?[图圖])|文字(?:整理)?|文[案稿]|口述|信息员|UP主|up主|记者|記者|本报记者|本刊记者|本网记者|特约记者|(?:独家|现场|采访)?(?:报道|报导)(?=[:：])|(?<![\u4e00-\u9fff])整理(?=\s?[:：])|回答[者人]|答主|"
    r"采写|采访[人者]?|採訪|通讯员(?=[:：])|編譯|编译|原创|原創|張貼者|张贴者|發文者|图文|author|Author|By|by|(?:Text|Words|Writer)(?=\s?[:：]))"
    + _PARTED
    + r"([^\x1f|｜\n\t]{1,60})"
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

SENT_IN = ("投稿", "供稿")
"""Behind it an office may stand too, which is a source."""

FIRST_WORD = ("原创", "原創")
"""Behind these the name, then the account: 原创：李小山 示例评论 5月13日."""

SPACED_AUTHOR = either_script(
    r"(?:^|[\x1f|｜·•])\s?(?:文章)?(?:作者|撰文|撰稿)\s{1,3}([^\s\x1f|｜:：·•]{2,12})\s?(?=$|[\x1f|｜·•])"
)
"""作者 李小山 between bars."""

REPORTER = either_script(r"记者|采写")
COLLEAGUE_LABEL = either_script(
    r"(?:通讯员|实习生|(?:见习|实习|特约)记者)\s?[:：|｜丨/／]\s?([\u4e00-\u9fff、，,\s]{2,30})"
)

BRACKETED = either_script(
    r"[【\[［〔]\s?(记者|通讯员|撰文|撰稿|采写|作者|文字|摄影|编辑|责编|校对)\s?[】\]］〕]"
)
"""A label in brackets for its colon: 【记者】李小山【通讯员】王建国."""

LABEL_IN_BRACKETS = re.compile(r"[\[【［〔]\s?([\u4e00-\u9fff]{2,6})\s?[\]】］〕]\s?(?=[:：])")
"""[来源]：示例晚报"""

LABELS = 20
"""Labels of an author tried in one line."""

TOGETHER = 8
"""Runs behind the first name of a byline that may hold the others, each with the sign before it."""

ASKED_OF = either_script(r"转载(?:请|时|务必|须)")
"""转载请注明：文章转载自示例网 asks others to name this site."""

PLATFORM = either_script(r"^[\u4e00-\u9fff]{2,4}号\s?[·・•丨|｜]\s?(?=\S{2})")
"""What stands before an account's name: 示例号·城北发布."""

TAKEN_FROM = either_script(r"^(?:摘自|选自|转自|转载自|原载)\s?(?:《([^《》]{2,20})》$)?")
"""Between the label and the source: 来源：摘自《示例文摘》."""

NAME_BEHIND = re.compile(r"\s?[/／（(]\s?([\u4e00-\u9fff]{2,4})\s?[)）]?\s?$")
"""Who wrote it, glued to the paper: 示例晚报/李小山, 示例晚报(李小山)."""

OFFICIAL = either_script(r"(?<=.{2})官方[账帐]号$")
"""Behind a paper's name on the platforms: 示例晚报官方账号."""

CLOCK = re.compile(r"\d{1,2}[:：]\d\d")
REPORTER_OF = either_script(
    r"(?:(?<=[报网社台刊])(?:首席|特约|见习)?记者|\s?[（(](?:(?:公众号\s?)?ID|(?:微信)?公众号)).*", re.I
)
"""What follows a paper's name: 示例晚报记者 李小山, 示例评论（ID：shili）."""

NO_SOURCE = either_script(
    r"(?:来自|來自)?(?:网络|網絡|網路|互联网|投稿|读者投稿|作者投稿|网友投稿|自己|我|会员|网友|用户|手机|电脑|客户端|iPhone客户端|Android客户端|網際網路|本站|本网|发[表布]于?|未知|不详|佚名|转载|原创|原創|其他|其它|整理|综合)(?:整理|综合|原创|转载|编辑|收集|搜集|采集|摘录|资源|素材|资料)?|来自|转自|来源|"
    r"(?:阅读|浏览|点击|访问|查看)(?:量|数|次数)?\s?\d.{0,8}|[〇零一二三四五六七八九十]{1,3}[时点].{0,5}"
)
"""Printed where a source should be, or the count or the hour behind an empty label; it names none."""

NEXT_FACT = either_script(
    rf"(?<!\s)\s*+(?:(?<!\w)(?:{_STOP})|(?:{_STOP})(?:次数|单位|数|量)?\s?[:：]|(?:文\s?[/／]\s?)?图\s?[/／|｜:：]|[【\[])|\s(?:[\u4e00-\u9fff]{{2,6}}[:：丨︱]|[A-Z][a-z]{{3,10}}[:：])|"
    r"\s[\u4e00-\u9fff]{2,4}(?:报道|报导|专电)(?=$|[\s\x1f])"
)
"""Where the next fact begins: a word known as a label, or any short word behind a space and before a colon, or
from where he reports (记者 李小山 台北报道)."""

LABEL_AT_END = either_script(rf"(?:{_STOP})[\u4e00-\u9fff]{{0,2}}$")
"""The next fact's label, glued to a value that ends at that label's colon."""

AGENCY = either_script(
    r"^[\s\u3000]*+[（(〔【\[]?\s*+((?:新华社|中新社|中新网|人民网|新华网|央视网|央视新闻|中国新闻网|环球网|法新社|路透社|美联社|共同社|澎湃新闻|财联社|"
    r"中評社|韩联社|塔斯社|俄新社)(?=[^\u4e00-\u9fff]|记者(?!\s?[:：])|讯|[\u4e00-\u9fff]{0,12}?(?:\d{1,2}月)?\d{1,2}日?[专專]?[电電讯訊])|中央社|中時|工商)"
)
DISPATCH = either_script(
    r"^[\s\u3000（(〔【\[]{0,4}((?!本|记者)[\u4e00-\u9fff]{2,7}(?:[报社网]|台(?![北中南东湾])|在线))(?:数字报)?(?:讯|[\u4e00-\u9fff]{0,8}?(?:\d{1,2}月)?\d{1,2}日?[电讯])"
    r"(?=[\s\x1f）)】〕]{0,3}(?:[（(]|记者|题|\d|$))"
)
"""How a paper begins what it has from nobody else: 示例晚报讯（记者, 示例社高雄3月1日电（记者."""

CLOSING = either_script(r"[（(【\[]\s*(文?(?:[/／:：\s|]|图){0,3})([^（()）【】\[\]]{2,30})[）)】\]]\s*$")


LEADING_ROLE = either_script(
    r"^[\s\x1f]{0,3}(?:本报|本刊|本网|特约|见习|实习|首席)?(?:记者|通讯员)[\s\x1f:：]{0,3}(?=\S{2})"
)
SECOND_ROLE = either_script(
    r"(?<=[\u4e00-\u9fff])[\s\x1f、，,;；]{1,3}(?:本报|本刊|本网|特约|见习|实习|首席|全媒体?|融媒体?){0,2}(?:记者|通讯员|实习生)"
    r"(?:[\s\x1f]{1,3}|\s?[/／|｜]\s?)(?=[\u4e00-\u9fff]{2,4}(?:[\s\x1f、，,]|$))"
)
"""A role between two names: 通讯员 李小山 记者 王建国."""

CLOSING_SOURCE = either_script(
    r"[（(【\[]\s?((?:文章|新闻|稿件|消息|综合)?(?:来源|稿源|转自)"
    r"[^（()）【】\[\]]{3,40})[）)】\]]\s*$"
)
MIDDLE_DOT = re.compile(r"\s[·•‧∙]\s")
"""Between two facts: Author: X · Published: 2023-03-11."""

OF_OFFICE = either_script(
    r"[\u4e00-\u9fff]{2,14}(?:小学|中学|学校|中心校|幼儿园|[一二三四]中|大学|学院|党委|团委|支部|工会|[局处部科室委办院所镇乡村社区队厂站]|街道|公司|中心)"
)
"""What stands before the names in closing brackets: （示例小学 李小山）."""

NOT_WRITTEN = either_script(r"[:：]|编辑|责编|校对|审核|[摄图]$")
"""In closing brackets that name who did something else."""


@lru_cache(maxsize=256)
def source_in(text: str) -> str | None:
    """The name after a source label in a printed line, or None. Several readers ask about each line."""
    text = LABEL_IN_BRACKETS.sub(r" \1", text)
    for match in SOURCE_LABEL.finditer(text):
        value = match[1]
        if ASKED_OF.search(text, 0, match.start()) and match[0][:1] in "转轉":
            continue
        if text[match.end() : match.end() + 1] in (":", "："):
            value = LABEL_AT_END.sub("", value)
        name = clean_source(value)
        if name:
            return name
    return None


ISSUE = re.compile(r"^\s?(?:\d{1,2}月\d{1,2}日|(?:19|20)\d\d年第?\d{1,3}期)\s?(?=《)")
"""Which issue of the paper, before its name: 9月30日《示例日报》."""


def clean_source(value: str) -> str | None:
    """A source name without what runs on after it; None where nothing name-like is left."""
    stop = NEXT_FACT.search(value)
    if stop and stop.start() >= 2:
        value = value[: stop.start()]
    day = find_day(value)
    if day:
        value = value[: day.start]
    value = ISSUE.sub("", value)
    value = re.sub(r"(?<![A-Za-z])\s+(?![A-Za-z]).*", "", value.strip())
    value = OFFICIAL.sub("", value)
    behind = NAME_BEHIND.search(value)
    if behind and is_personal_name(behind[1]) and ORG.search(value[: behind.start()]):
        value = value[: behind.start()]
    value = REPORTER_OF.sub("", PLATFORM.sub("", TAKEN_FROM.sub(r"\1", value)))
    value = value.strip(" \u3000:：>@＠［］【】[](（)）,，;；-—。·/／")
    value = value.strip("《》") if ("《" in value) != ("》" in value) else value
    if (
        not 2 <= len(value) <= 30
        or re.search(r"[。！？；，@〔〕]|://|^[\w.-]+\.(?:com|cn|net|org)/", value)
        or no_names().fullmatch(value.lower())
        or NO_SOURCE.fullmatch(value)
        or value.isdigit()
        or CLOCK.match(value)
        or value.startswith(("http", "www."))
        or NEXT_FACT.fullmatch(value)
    ):
        return None
    return value


def author_in(text: str) -> str | None:
    """The names after an author label in a printed line, joined with 、, or None."""
    at, text = 0, BRACKETED.sub(r" \1：", LABEL_IN_BRACKETS.sub(r" \1", text))
    for _ in range(LABELS):
        if not (match := AUTHOR_LABEL.search(text, at)):
            break
        value, at = match[1], match.start(1)  # a value that is no name may hold the next label
        if match[0][:2].lower() == "by" and NOT_BY.search(text[max(0, match.start() - 20) : match.start()]):
            continue
        if reporter := PAPER_AND_REPORTER.match(value):
            value = value[reporter.end() :]
        value = OF_CLASS.sub("", value, count=1) if OF_CLASS.match(value) else value
        value = MIDDLE_DOT.split(SECOND_ROLE.sub("、", LEADING_ROLE.sub("", value)))[0]
        stop = NEXT_FACT.search(value)
        if stop:
            value = value[: stop.start()]
        day = find_day(value)
        names = names_of(value[: day.start] if day else value)
        if match[0][:2] in FIRST_WORD:
            names = (
                names[:1]
                if is_personal_name(names[0] if names else "")
                else names_of("".join(value.split()[:1]))
            )
        if match[0][:2] in SENT_IN and any(ORG.search(name) or len(name) > 4 for name in names):
            continue
        if names:
            more = (
                _next_names(text[match.end() :]) if not (stop or day) and is_personal_name(names[-1]) else []
            )
            return "、".join(dict.fromkeys((*names, *more, *_colleagues(match[0], text[match.start(1) :]))))
    said = SPACED_AUTHOR.search(text)
    return "、".join(names_of(said[1])) or None if said else None


def _colleagues(label: str, text: str) -> list[str]:
    """The persons behind the labels of other roles in a reporter's line: 记者｜李小山 通讯员｜王建国."""
    if not REPORTER.search(label[:8]):
        return []
    named = (names_of(NEXT_FACT.split(said[1])[0]) for said in COLLEAGUE_LABEL.finditer(text))
    return [name for names in named for name in names if is_personal_name(name)]


def _next_names(text: str) -> list[str]:
    """The names in elements of their own behind the first of a byline: 记者：<a>李小山</a><a>王建国</a>."""
    runs = [run.strip(" 、,，") for run in text.split(GAP)[1 : 1 + TOGETHER]]
    return list(takewhile(lambda run: len(run) > 2 and is_personal_name(run), filter(None, runs)))


def paper_in(text: str) -> str | None:
    """The paper whose reporter an author label names (作者：《示例周刊》记者 李小山), or None."""
    for match in AUTHOR_LABEL.finditer(text):
        if (reporter := PAPER_AND_REPORTER.match(match[1])) and names_of(match[1][reporter.end() :]):
            return reporter[1].strip("《》")
    return None


def closing_source(text: str) -> str | None:
    """The source in a last line's closing brackets: （来源：示例晚报 记者：李小山）."""
    match = CLOSING_SOURCE.search(text[-60:])
    return source_in(match[1]) if match else None


def closing_author(text: str) -> str | None:
    """Names in the last line's closing brackets: labelled, or nothing but Chinese personal names."""
    match = CLOSING.search(text[-50:])
    if not match or NOT_WRITTEN.search(match[2]):
        return None
    names = names_of(re.sub(r"\s+", "、", match[2]))
    people = [name for name in names if is_personal_name(name)]
    beside = [word for word in re.split(r"[\s、,，/／]+", match[2]) if word and word not in people]
    if len(people) < len(names) and not (match[1].strip() or all(map(OF_OFFICE.fullmatch, beside))):
        return None
    is_sure = not beside or match[1].strip() or any(map(is_sure_name, people))
    return "、".join(people) if people and is_sure else None


def agency(text: str) -> str | None:
    """The news agency a text begins with (〔中央社〕, 新华社北京3月1日电), or None."""
    match = AGENCY.match(text[:60]) or DISPATCH.match(text[:60])
    return match[1] if match else None
