"""The reporter a line of text names: （记者唐霁）, 記者林恩如／台北報導, 本报记者李小山报道, 文/李小山, ■李小山.

Each form is a pattern, how many code points it reads, and what its names may be: `han`, any of two to four
characters (persons, where one is); `persons`, nothing but names that begin with a family name; `any`, any name.
"""

from __future__ import annotations

import re

from pipeline.extract.byline import SECOND_ROLE
from pipeline.extract.names import (
    FAR_PLACES,
    HAN_NAME,
    OF_CLASS,
    SPACED_NAME,
    SPLIT_NAMES,
    closed_up,
    is_personal_name,
    names_of,
)
from pipeline.extract.variants import either_script

_NAMES = r"([\u4e00-\u9fff]{2,4}(?:[、，,\s][\u4e00-\u9fff]{2,4}){0,7}?)"
_REPORTER = r"(?:全媒体|融媒体|首席|见习|特约|实习)?(?:记者|通讯员|编译|特派员|评论员|撰稿人?)"
_SIGN = r"\s?[/／|｜＝:：︱丨‧・·•．✎✍●◎▏┃│∣]\ufe0f?\s?"

FORMS = (
    # （李小山 记者 王建国）: a contributor before the reporter
    (
        r"^.{0,16}[（(〔【\[](?![图摄])([\u4e00-\u9fff]{2,4}(?:[、 ][\u4e00-\u9fff]{2,4}){0,2}"
        r"\s(?:本[报刊网台])?(?:记者|通讯员)"
        r"[\s:：]{0,2}[\u4e00-\u9fff、\s]{2,24})[）)〕】\]]",
        60,
        "persons",
    ),
    # （记者唐霁）, （记者唐霁／北京报道）
    (
        r"[（(〔【\[](?![图摄]|[^（()）〔〕【】\[\]]{0,24}摄影?[）)〕】\]])[^（()）〔〕【】\[\]]{0,10}?(?:记者|通讯员|编译|特派员|撰稿人?)[\s:：]{0,2}([^（()）〔〕【】\[\]\d]{2,40})[）)〕】\]]",
        140,
        "han",
    ),
    # （中央社记者李小山高雄1日电）
    (
        rf"[（(〔【\[][\u4e00-\u9fff]{{2,4}}社驻?\S{{0,6}}?记者\s?([\u4e00-\u9fff]{{2,3}}(?={FAR_PLACES})|[\u4e00-\u9fff]{{3}}|[\u4e00-\u9fff]{{2}})(?:{FAR_PLACES}|[\u4e00-\u9fff]{{2,3}})\d{{1,2}}日",
        140,
        "han",
    ),
    # 【示例时报 李小山／高雄报导】, ［李小山／高雄报导］, 李小山／高雄报导 as a line
    (
        r"^.{0,6}[（(〔【\[［](?:[^（()）〔〕【】\[\]［］]{0,24}?[\s/／、─]\s?)?([\u4e00-\u9fff]{2,4})\s?[／/]\s?[\u4e00-\u9fff]{2,4}(?:报道|报导|专电)",
        60,
        "persons",
    ),
    (rf"^{_NAMES}\s?[／/]\s?[\u4e00-\u9fff]{{2,4}}(?:报道|报导|专电)$", 40, "persons"),
    # 示例新闻─李小山／高雄, 示例新闻网 李小山／综合报导
    (
        rf"^[\u4e00-\u9fffA-Za-z]{{1,8}}(?:新闻网?|[报社网]|传媒)\s?[─—－\-／/|｜\s]\s?{_NAMES}\s?[／/]\s?[\u4e00-\u9fff]{{2,3}}[市县]?(?:报道|报导|$|\s)",
        60,
        "persons",
    ),
    # 【李小山记者 高雄报导】
    (rf"^[（(〔【\[［]{_NAMES}记者[\s／/]{{0,2}}[\u4e00-\u9fff]{{2,4}}(?:报道|报导)", 40, "persons"),
    (
        r"^(?:\S{0,10}?\s?)(?:记者|编译|特派员|采访)\s?([\u4e00-\u9fff]{2,4}(?:[、，,\s][\u4e00-\u9fff]{2,4}){0,3})\s?[／/｜|]\s?(?!摄影?[）)]?$)\S{2,10}$",
        140,
        "han",
    ),
    (
        r"^(?:综合报导|\S{2,6}中心|\S{0,4}快讯)\s?[／/]\s?(?:记者\s?)?([\u4e00-\u9fff]{2,4}?)(?:报导|整理)?$",
        140,
        "han",
    ),
    # 示例报 记者 李小山 编辑 何某, 《示例周刊》记者 李小山 | 文
    (
        rf"^(?:[\u4e00-\u9fffA-Za-z]{{2,10}}\s?|《[^《》]{{2,12}}》\s?)?{_REPORTER}[\s:：]{{1,3}}{_NAMES}(?=\s?[|｜]|\s?／\s?[文撰图摄]|\s(?:编辑|责编|校对|审核|摄影|美编))",
        60,
        "persons",
    ),
    # 本报记者 李小山 通讯员 王建国; what is said of a picture ends the names
    (
        rf"^(?!.{{0,40}}摄[）)]?$)[（(□■○●◎◆▪\s]{{0,3}}[\u4e00-\u9fffA-Za-z·/／+＋]{{2,16}}?{_REPORTER}[\s\u3000:：]{{1,3}}([\u4e00-\u9fff\s、，,·]{{2,40}}?)"
        r"(?:\s(?:报道|摄影报道|(?:摄影|摄|图|视频|剪辑|制图|供图)(?![\u4e00-\u9fff]{0,2}报道).{0,12}))?[）)]?$",
        140,
        "han",
    ),
    # 示例社高雄3月1日电（李小山）
    (
        r"[社网报][\u4e00-\u9fff]{2,12}\d{1,2}月\d{1,2}日专?[电讯]\s?[（(]((?:[\u4e00-\u9fff]{2,4}[、，,\s]?){1,4})[）)]",
        140,
        "han",
    ),
    # how a reporter opens a body: 本报记者李小山报道, 记者李小山 摄影王建国, 记者李小山6月10日报道
    (
        r"^[\s\u3000（(【\[〔]{0,4}(?:[^\s，。,（()）记]{0,14}(?:讯|电|消息)[\s\u3000（(]{0,3})?(?:[\u4e00-\u9fffA-Za-z\d]{2,12}?[／/]?)?"
        rf"{_REPORTER}[\s:：]{{0,3}}([\u4e00-\u9fff]{{2,4}}?(?:[、，,\s][\u4e00-\u9fff]{{2,4}}?){{0,3}}?)[\s\u3000]{{0,2}}"
        r"(?:[/／|｜]\s?(?:[\u4e00-\u9fff]{2,3}(?=报道|报导))?|[\u4e00-\u9fff]{2}(?=报道|报导)|(?<=[\s\u3000])[\u4e00-\u9fff]{2,4})?(?:(?:联合|综合|专题|独家|现场|摄影|即时|图文)?(?:报道|报导)|"
        r"摄影?(?=[\s:：/／]?[\u4e00-\u9fff](?![）)]))|实习生|通讯员|采写|整理|综合|编译|发自|文[/／](?![\u4e00-\u9fff]{2,4}(?:报道|报导))|\d{1,2}月\d{1,2}日)",
        80,
        "persons",
    ),
    # 示例讯 记者李小山 …, 本报高雄3月1日电 记者李小山 …
    (rf"^[\u4e00-\u9fffA-Za-z\d]{{1,16}}[讯电]\s{{1,2}}\S{{0,4}}?记者\s?{_NAMES}\s", 60, "persons"),
    # the first line of an agency's feature: 题：…　示例社记者 李小山
    (
        r"[社网报](?:首席|特约)?记者[ \u3000]{1,3}([\u4e00-\u9fff]{2,4}(?:[、 ][\u4e00-\u9fff]{2,4}){0,3})$",
        140,
        "persons",
    ),
    # a line of its own: 記者 林小美 報導, 作者 林小美, By 林小美
    (
        rf"^(?:(?:.{{0,40}}\s)?(?:特约|见习|实习)?记者\s{{0,2}}|(?:.{{0,40}}\s)?(?:(?:特约|专栏|签约)?作者|(?:采访)?撰文|撰稿|采写|(?:独家|特别|专题|现场)报道)\s{{1,2}}|(?!.{{0,20}}(?i:photo|image|design|theme|edit|translat|power|host|built|made))(?:.{{0,20}}\s)?[Bb]y\s){_NAMES}\s?"
        r"(?:专题|综合|独家|即时)?(?:报道|报导|摄影|整理)?$",
        60,
        "persons",
    ),
    # a line of its own: 通讯员 李小山
    (rf"^通讯员[\s\u3000]{{1,2}}{_NAMES}$", 60, "persons"),
    # 示例新闻记者：李小山 示例新闻编辑：王某
    (
        rf"^[\u4e00-\u9fffA-Za-z·/／+＋\-－]{{0,16}}?{_REPORTER}{_SIGN}{_NAMES}(?=$|\s\S{{0,6}}{_SIGN}|\s(?:文[/／]?图|图[/／]?文|摄影|(?:[\u4e00-\u9fff]{{2,4}})?(?:报道|报导)))",
        60,
        "persons",
    ),
    # a line of its own: 示例网记者李小山, 李小山 文/图, 李小山/文, 作者李小山
    (rf"^[\u4e00-\u9fffA-Za-z]{{2,10}}?{_REPORTER}{_NAMES}(?:\s[\u4e00-\u9fff]{{2}})?$", 40, "persons"),
    (
        rf"^(?:[■□●◎◆▪]\s?)?{_NAMES}(?:\s?[/／|｜]\s?|\s)(?:文[/／]图|图[/／]文|文并摄|撰文|文)$",
        40,
        "persons",
    ),
    (
        rf"^[\[【]?(?:文章|本文)?(?:作者[\]】]?[\s＞>－—-]{{0,3}}|文[\]】\s＞>]{{1,3}}){_NAMES}(?=$|\s?[\[【])",
        40,
        "persons",
    ),
    # 【示例日报记者】李小山, [采写] 李小山
    (
        rf"^[（(【\[〔](?:[^（()）【】\[\]〔〕]{{0,20}}?(?:记者|撰稿人?)|文字?|撰文|采写|作者)[）)】\]〕]\s?{_NAMES}$",
        60,
        "persons",
    ),
    # [美]约翰·史密斯/文 李小山/译
    (
        r"^(?:[\[（(【〔][\u4e00-\u9fff]{1,4}[\]）)】〕]\s?)?([\u4e00-\u9fff]{1,8}[·•・][\u4e00-\u9fff·•・]{1,12}|[\u4e00-\u9fff]{2,4})"
        r"\s?[/／]\s?[文著](?=\s[\u4e00-\u9fff·•・]{2,16}\s?[/／]\s?[译图摄])",
        60,
        "any",
    ),
    # 示例网 | 李小山 综合报导, 李小山 报导 / 高雄
    (
        rf"(?:^|[|｜/／\s]){_NAMES}\s(?:综合|即时|专题|独家|现场)?(?:报道|报导)(?:\s?[／/]\s?[\u4e00-\u9fff]{{2,4}})?$",
        60,
        "persons",
    ),
    # 来源：示例晚报记者 李小山
    (rf"来源[:：]\s?[\u4e00-\u9fff]{{2,12}}?[报网社台刊]{_REPORTER}\s?{_NAMES}(?=$|\s|\x1f)", 140, "persons"),
    # in brackets before the first sentence: （文/示例网 李小山）
    (
        r"^[\s\u3000]{0,4}[（(【\[]\s?(?:文|图文|文图|撰文|作者|采写)\s?[/／|｜:：︱丨]\s?([^（()）【】\[\]]{2,30})[）)】\]]",
        60,
        "persons",
    ),
    # （李小山/文）, (李小山报道)
    (
        rf"^[（(【\[]\s?{_NAMES}\s?[/／]?\s?(?:文|文[/／]?图|(?:综合|摄影|专题)?(?:报道|报导))\s?[）)】\]]$",
        40,
        "persons",
    ),
    # 英国《示例时报》 李小山 香港报道, 示例通讯社 李小山 上海报道
    (
        rf"^(?:[\u4e00-\u9fff]{{0,4}}《[^《》]{{2,12}}》|[\u4e00-\u9fffA-Za-z]{{2,8}}(?:[报社网]|新闻))[\s／/]{{0,2}}{_NAMES}\s[\u4e00-\u9fff]{{2,4}}(?:报道|报导)$",
        60,
        "persons",
    ),
    # Text by 李小山 / Photo by 王建国
    (
        rf"(?:^|[/／|｜]\s?)(?i:text|words|story|written|article) ?[Bb]y[\s:：]{{1,2}}{_NAMES}"
        r"(?=\s?[/／|｜]|\s(?i:photo|image)|$)",
        80,
        "persons",
    ),
    # 作者, 李小山
    (r"^(?:作者|撰文|记者|文)\s?[,，]\s?([^,，。\s][^,，。]{1,30})$", 60, "any"),
    # 报告出品方/作者：示例证券，李小山、王建国
    (
        rf"^[（(]?(?:报告)?出品方\s?[/／]\s?(?:作者|分析师)\s?[:：]\s?[\u4e00-\u9fff]{{2,12}}[，,]\s?{_NAMES}(?=[）)]|$)",
        60,
        "persons",
    ),
    # ■李小山（示例市）
    (rf"^(?:[■□●◎◆○◇〇⊙◯▪•/／]|——)\s?{_NAMES}\s?(?:[（(][^（()）]{{1,10}}[）)])?$", 40, "persons"),
    # 李小山　王建国（示例大学）
    (
        rf"^{_NAMES}[\s\u3000]?[（(][\u4e00-\u9fff]{{2,16}}(?:大学|学院|研究[院所]|[中小]学|学校|医院|公司|中心|法院|检察院|[局厅系])[）)]$",
        60,
        "persons",
    ),
    # [法]让·杜邦 著 李小山 译
    (
        r"^(?:[\[（(【〔][\u4e00-\u9fff]{1,4}[\]）)】〕]\s?)?([\u4e00-\u9fffA-Za-z·•・.\s]{2,24}?)\s?(?:著|撰)(?:[\s/／|｜,，].{0,24})?$",
        60,
        "any",
    ),
    (
        r"^(?:(?:采访|策划|图|整理)[、/&＆])?(?:(?:特约|本报|本刊|本网)?记者|(?:独家|现场|采访)?(?:报道|报导)|文|文案|撰文|撰稿|执笔|作者|采写|采访|文字|编译)"
        rf"{_SIGN}(\S.{{0,50}})$",
        60,
        "any",
    ),
)
"""Pattern, code points read of the line, and what its names may be; the first that gives one decides."""

NOT_A_REPORTER = either_script(
    r"简介|连[日线续]|全[程面]|万里|于[是此]|从.{1,3}|向.{1,3}|时[隔值]|来[到自电]|应[邀约]|和.{1,3}|都|又|还|手记|观察|调查|述评|专访|报道|.{0,2}[团组部]|.{1,3}[市县省区]"
)
"""What is no name although it begins with a family name, behind 记者."""

SLASH = re.compile(r"[╱∕⁄]")
ROLE = either_script(r"记者|通讯员")
WROTE_TOO = either_script(
    r"\s?(?:[/／]\s?文|文\s?[/／、并|｜]\s?(?:图|摄影?)|(?:图|摄影?)\s?[/／、|｜]\s?文)$"
)
"""Behind the names: the pictures are theirs as well."""

OF_PICTURE = either_script(
    r"[\s、，,;；]{1,2}(?:[\u4e00-\u9fff]{2,4}\s?[/／]\s?(?:图|摄影?)(?=[\s）)】]|$)(?!\s[\u4e00-\u9fff]{2,4}\s报[道导])|[○●◎■□◇◆☆★△▲]\s?(?:编辑|责编|摄影|图|校对|制图|美编).*"
    r"|[/／]\s?(?:摄影|摄像)\s[\u4e00-\u9fff]{2,4}(?=\s报[道导])"
    r"|[\u4e00-\u9fff]{0,4}(?:编辑|责编|校对)[\s\u3000][\u4e00-\u9fff]{2,4}[\s\u3000]{0,3}$)"
)
"""Who did something else, behind a byline: 李小山/文 王建国/图, ◎记者 李小山 ○编辑 王某."""

IN_BRACKETS = either_script(
    r"^[\[【〔][^\[\]【】〔〕]{2,16}[\]】〕]\s?(?=(?:特约|见习|实习)?记者|文[/／]|(?:综合)?(?:报道|报导))"
)
"""[示例今日新闻] before 记者李小山报导."""

NEXT_LABEL = re.compile(r"[\s\u3000][\u4e00-\u9fff]{1,6}\s?[/／|｜＝:：︱丨‧・◎●].*")
"""What follows the names of a byline: 文/李小山 图/王建国."""

COLLEAGUE = either_script(r"(?:本[报刊网台社])?(?:通讯员|实习生)")
"""Between two names, set close: 李小山 本报通讯员 王建国."""

_COMPILED = tuple((either_script(pattern), most, kind) for pattern, most, kind in FORMS)


def dateline_author(text: str) -> str | None:
    """The reporter that a byline, a dateline or the opening of a body names, or None."""
    text = SPACED_NAME.sub(closed_up, SLASH.sub("／", text[:140]))
    text = OF_PICTURE.sub("", IN_BRACKETS.sub("", text))
    if pupil := OF_CLASS.match(text):
        text = f"作者 {text[pupil.end() :]}"
    if role := ROLE.search(text):
        text = text[: role.end()] + SECOND_ROLE.sub("、", WROTE_TOO.sub("", text[role.end() :]))
    for pattern, most, kind in _COMPILED:
        at_start = pattern.pattern[0] == "^"  # search tries it behind each character too
        found = (pattern.match if at_start else pattern.search)(text[:most])
        if found and (names := _names(found[1], kind)):
            return "、".join(names)
    return None


def _names(value: str, kind: str) -> list[str]:
    if kind == "any":
        return names_of(NEXT_LABEL.sub("", value))
    if kind == "han":
        names = [n for n in names_of(COLLEAGUE.sub("、", value)) if HAN_NAME.fullmatch(n)]
        return [n for n in names if is_personal_name(n)] or [
            n for n in names if not NOT_A_REPORTER.fullmatch(n)
        ]
    listed = "、" in value
    runs = SPLIT_NAMES.split(value)  # at a role between two as well
    names = [
        name
        for number, name in enumerate(word for run in runs for word in re.split(r"[、，,\s]+", run) if word)
        if not NOT_A_REPORTER.fullmatch(name) or (number and listed and is_personal_name(name))
    ]
    paper = len(names) > 1 and not is_personal_name(names[0])
    names = names[paper:]
    return names if all(map(is_personal_name, names)) else []
