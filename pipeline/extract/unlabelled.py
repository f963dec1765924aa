"""A name without a label, known by where it stands: beside the day of publication or right above it."""

from __future__ import annotations

import re
from itertools import pairwise, takewhile

from pipeline.extract.byline import clean_source
from pipeline.extract.dates import days_in, find_day
from pipeline.extract.declaredtitle import SEPARATOR, letters
from pipeline.extract.evidence import NOT_A_NAME, Evidence, is_the_site
from pipeline.extract.names import (
    GAP,
    ORG,
    ROLE,
    SPACED_NAME,
    closed_up,
    is_name,
    is_personal_name,
    is_sure_name,
    names_of,
)
from pipeline.extract.printed import Printed
from pipeline.extract.variants import either_script

BEFORE_DAY = range(3, 17)
"""Code points of a name that stands before the day."""

PEN_NAME = re.compile(r"[阿老小]([\u4e00-\u9fff])(?<![师年板路学时说])")
"""A name of two that is no person's by its family name: 阿满."""

BEHIND_DAY = range(3, 15)
"""Code points of a name that stands behind the day, where more else does."""

ABOVE_DAY = range(2, 15)
"""Code points of a name in a line of its own; one of two must be a person's."""

COLUMN = either_script(
    r"(?:国内|国际|社会|娱乐|体育|财经|科技|时政|军事|教育|健康|汽车|房产|旅游|文化|生活|热点|本地|地方|综合|行业|公司|头条|焦点|即时|政治|经济|"
    r"兩岸|地產|焦点|即时|新闻|中国|台灣|高考|金融|时尚|时评|房产|游戏|党建|党政|文学|文旅|文娱|商业|商务|安全|法治|公益|艺术|"
    r"电影|音乐|历史|读书|美食|家居|宏观|基金|股市|车市|散文|随笔|杂文|小说|诗歌|政策|问答|解读|读者|来信|专栏|技术|文章|教程|攻略|"
    r"知识|百科|经验|技巧|案例|专题|观点|访谈|一图|图解|读懂|情感|养生|育儿|科普|评测|测评|通知|公告|公示|通告|园地|学习|交流|"
    r"活动|回顾|招聘|求职|招考|人才|赛事|法规|选购|指南|经典|美文|作文|范文|演讲稿|读后感|日记|市场|行情|企业|校园|话题|动态|"
    r"生产|乡村|振兴|文明|创建|实践|志愿|服务|基层|民生|教研|德育|工作|建设|教学|招生|科研|统战|宣传|理论|卫生|医疗|交通|环保|生态|城建|农业|农村|三农|乡镇|风采|"
    r"保险|理财|装修|家装|宠物|母婴|亲子|数码|手机|电脑|硬件|软件|楼市|房价|购房|股票|期货|外汇|银行|创业|营销|电商|互联网|职场|面试|星座|运势|家电|家具|建材|"
    r"种植|养殖|农技|水产|畜牧|饮食|减肥|美容|护肤|美妆|穿搭|婚嫁|婚礼|心理|中医|疾病|食疗|菜谱|食谱|法律|婚姻|合同|手游|网游|单机|电竞|动漫|综艺|影视|演出|书评|影评|"
    r"语文|数学|英语|考研|考试|留学|签证|酒店|景点|自驾|户外|摄影|收藏|书画|信仰|灵修){1,3}"
    r"(?:要闻|资讯|动态|报道|報導|快讯|中心)?"
)
"""A column's or a province's name beside the day, no account."""

COLUMN_BEFORE = re.compile(r"[\u4e00-\u9fff]{2,8}\s[-–—|｜·]\s([\u4e00-\u9fff]{3})$")
"""一瓢飲 - 李小山: the column and who writes it."""

COLUMN_ADDRESS = re.compile(
    r"[/?&](?:categor(?:y|ies)|cat|tags?|topics?|channel|column|columns|list|node|sort|fenlei|lanmu|section|forum)[/\-_.?=0-9]",
    re.I,
)
"""The address of a column, a tag or a board, not of a person."""

BY = re.compile(r"^(?:(?:posted )?by|(?:本[帖文]|帖子|文章)?由)\s{1,3}|\s(?:in|under)\s.*", re.I)
"""What stands round a name before the day: by X in COLUMN."""

POSTED_ABOVE = 2
"""Lines above the title among which a board may print who posted, and when."""

POSTED_THERE = either_script(
    r"\S[\s\x1f]{0,3}(?:发表于|发布于|发表时间|发布时间)[\s\x1f:：]{0,3}(?:19|20)\d\d"
)
LATIN_PAPER = re.compile(r"\b(?:Daily|News|Times|Post|Herald|Xinhua|Tribune|Weekly|Online)$")
SHARED_BY = either_script(
    r"由[\s\x1f]{0,3}([^\s\x1f]{2,16})[\s\x1f]{0,3}(?:分享|发布|发表|上传|投稿|撰写|推荐)"
)
"""Behind the day: 由 李小山 分享."""

BY_BEHIND = re.compile(
    r"[\s\x1f|·•,]{0,4}by[\s\x1f:：]{1,3}([^\s\x1f|·•:：]{2,20}(?: [A-Z][\w.]{0,15})?)(?=[\s\x1f|·•]|$)", re.I
)
"""Behind the day: 2009-11-06 by X."""

MEMBER_NUMBER = re.compile(r"[\s\x1f]?[（(]\d{1,9}[）)]?$")
"""The number of an account behind its name: someone(31822)."""

SEEN = either_script(
    r"[\s\x1f]{1,3}(?:看过|读过|听过|玩过|想[看读听玩]|在[看读听玩]|评价|评论)[\s\x1f]{0,3}(?:[★☆]{0,5}|力荐|推荐|还行|较差|很差)[\s\x1f]{0,3}$"
)
"""What a site of reviews prints between who wrote one and the day: 李小山 看过."""

SCORE = re.compile(r"[\s\x1f|·]{1,3}\d{1,6}\.\d{1,3}[\s\x1f|·]{0,3}$")
"""A number with decimals behind a name: what an account has earned."""

_SHORT_DAY = (
    r"(?:\d{1,2}[-/月]\d{1,2}日?\s{1,3}\d{1,2}:\d\d|(?:\d{1,2}|[一二三两几])\s?(?:分钟|小时|天)前|"
    r"(?:昨天|今天|前天)\s?\d{1,2}:\d\d|刚刚)"
)
SHORT_DAY = either_script(_SHORT_DAY)
"""How a line begins that gives the day without its year, as platforms do."""

BEFORE_SHORT_DAY = either_script(
    rf"([\u4e00-\u9fff]{{2,4}})[\s\x1f|｜·•,，]{{1,4}}(?:(?:发布|发表)于?)?[\s\x1f]{{0,2}}{_SHORT_DAY}(?=[\s\x1f|｜·•]|$)"
)
"""李小山 · 3小时前"""

PAPER_BEFORE_SHORT_DAY = either_script(
    rf"([\u4e00-\u9fff]{{3,12}})[\s\x1f|｜·•]{{1,4}}{_SHORT_DAY}(?=[\s\x1f|｜·•]|$)"
)
"""示例晚报 05-20 10:12"""

POSTED_ON = either_script(
    r"(?<![\x1f\s])[\x1f\s]*+(?![\x1f\s:：])(?:最后)?(?:发表|发布|编辑|更新|修改|上传|撰写|Posted|Published)?"
    r"\s?(?:于|在|on)?[\x1f\s:：]*+$|(?<![\x1f\s:：])[\x1f\s:：]++$",
    re.I,
)
"""What stands between a name and the day; each part once, so linear."""

AFTER_DAY = either_script(
    r"^[\sT\x1f]*(?:日|號)?\s*(?:HKT|(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}\.?(?![a-z])|(?:星期|週|周)[一二三四五六日天])?[\s\x1f]*(?:[上下]午|[早晚]上|凌晨|中午)?\s?(?:\d{1,2}[:：]\d{2}(?:[:：]\d{2})?(?:\s?[AP]M)?)?[\s\x1f]*"
    r"(?:(?:星期|周|礼拜)[一二三四五六日天](?![\u4e00-\u9fff]))?[\s)）】\]\x1f|｜·•\-/／]*"
)
"""The clock time, the day of the week and signs behind a day."""

OPENS = either_script(r"\d{1,2}月\d{1,2}日|[快专]?[讯电]|消息")
"""Behind a paper's name at the beginning of a text: 示例汇3月11日丨"""

PLACE_OF_POST = either_script(r"(?:来自|发自|发布于|IP)(?!.*(?:[网报社台]|新闻|发布)$)", re.I)
"""来自浙江省 behind the day: where it was posted, not by whom."""

WHERE = either_script(r"[\u4e00-\u9fff]{2,8}\s?[-－·]\s?[\u4e00-\u9fff]{1,8}[省市区县州盟旗]")
"""Where who asked lives: 山东-济南市."""

PUBLISHER = either_script(
    r"(?:网|报|新闻|新闻社|通讯社|电视?台|广播|新闻中心|融媒体?|全媒体|发布|日报社|客户端|(?<=[\u4e00-\u9fff]{2})头条|周刊|杂志|在线|网站|官网|传媒|(?<=[\u4e00-\u9fff]{2})(?:财经|体育|科技|娱乐|汽车|军事|时尚))$"
)
"""How the name of a paper or station ends that stands before the day."""

IN_TITLE_BRACKETS = re.compile(r"《([^《》]{2,16})(?:》[\s（(]{0,3})?$")
"""李小山 《示例晚报》 before the day."""

DISPATCH = either_script(r"日?专?[讯电][】）)〕\s（(]")
"""Behind the day of a dispatch: 【示例社2023年3月11日讯】."""

MAY_FOLLOW = re.compile(rf"^\d{{1,7}}$|{PUBLISHER.pattern}")
"""What may stand behind a name of two behind the day: a paper, a count."""

OF_SITE = either_script(r"(?<=[网报台社])[-－·][\u4e00-\u9fff]{2,6}频道$")
"""Behind a site's name which part of it: 示例网-旅游频道."""

MARK = either_script(r"[\s\x1f](?:原创|置顶|精华|转载|推荐|译文)$")
"""A mark between the account and the day."""

DESK = either_script(r"(?<![资快通腾])讯$")
"""示例体育讯 beside the day: of a desk."""

PAGE_OF_PAPER = either_script(r"第?\s?[A-Z]?\d{1,3}\s?版\s?[:：]\s?\S{1,12}\s")
"""第A05版：要闻 示例晚报 2024-05-13, as the pages of papers print it."""

COUNTED = either_script(
    r"[\s\x1f|｜·]{1,3}[【\[（(]?(?:(?:阅读|浏览|点击|访问|查看|评论|跟帖|点赞|收藏|转发|人气)(?:量|数|次数|人数)?[\s:：（(\[]{0,3}\d|"
    r"(?:字[号体]|分享到?|打印|听)[\s:：【】])(?s:.*)"
)
"""Counts and buttons at the end of a header line, from the first on."""

PAPER_ALONE = either_script(
    r"[\u4e00-\u9fffA-Za-z·]{0,10}(?:[日晚早晨时商]报|都市报|青年报|周刊|电视台|广播电台|通讯社|新华社|客户端|融媒体中心|新闻网)"
)
"""The whole name of a paper or station, as a run of the day's line or an account."""

OFFICE = either_script(
    r"(?:中心|委员会|大学|学院|学会|协会|研究院|研究所|公司|集团|政府|办公室|"
    r"气象台|监测站|法院|检察院|医院|图书馆|博物馆|出版社|编辑部|宣传部|联合会|总工会|管理处|支队|总队|(?<=[\u4e00-\u9fff]{2})[局厅署部处委])$"
)
"""How the name of an office ends that stands before the day."""

Named = tuple[str | None, str | None]
"""(who posted, where it first appeared)"""


def beside_day(page: Evidence) -> Named:
    """The name in the line of the day: before it a person, an account or a paper, behind it a paper or a person."""
    printed, url = page.printed, page.url
    site = page.declared.title.replace(page.title or "", "")
    parts = SEPARATOR.split(page.declared.title)[1:]
    posted = (line for line in reversed(printed.above[-POSTED_ABOVE:]) if POSTED_THERE.search(line))
    for line in (*printed.head, *posted):
        found = find_day(line)
        if not found:
            short = BEFORE_SHORT_DAY.match(line)
            if short and is_sure_name(short[1]) and not COLUMN.fullmatch(short[1]):
                return short[1], None
            desk = PAPER_BEFORE_SHORT_DAY.match(line)
            if desk and PUBLISHER.search(desk[1]) and not COLUMN.fullmatch(desk[1]):
                return None, clean_source(desk[1])
            continue
        if DISPATCH.match(line[found.end :]):
            continue
        before = POSTED_ON.sub("", line[: found.start]).strip(" (（|｜·•・‧∙-\u3000【】" + GAP)
        before = SCORE.sub("", SEEN.sub("", MEMBER_NUMBER.sub("", before)))
        before = MARK.sub("", before)
        left = BY.sub("", re.split(r"[\x1f|｜]", before)[-1].strip()).strip("《》@")
        left = ROLE.sub("", re.sub(r"^(?:\[[^\[\]]{1,6}\]\s?|原[创創]\s{1,3})", "", left))
        quoted = IN_TITLE_BRACKETS.search(before)
        if quoted:
            left = quoted[1]
        if PAGE_OF_PAPER.match(left):
            left = left.split()[-1]
        if (
            (len(left) in BEFORE_DAY or PEN_NAME.fullmatch(left) or is_sure_name(left))
            and not COLUMN.fullmatch(left)
            and not _is_column(left, printed)
            and not NOT_A_NAME.search(left)
            and not is_the_site(left, url)
            and not re.search(r"[:：，。！？\d>]", left)
            and not (WHERE.fullmatch(left) or PLACE_OF_POST.match(left) or DESK.search(left))
        ):
            if any(line.startswith(left) and OPENS.match(line, len(left)) for line in printed.first[:1]):
                return None, left
            if left in (*parts, site.strip(" -–—_|｜")) and _as_a_site(left) and not is_personal_name(left):
                return None, left
            if left in printed.accounts:
                return (None, left) if PAPER_ALONE.fullmatch(left) else (left, None)
            behind = _person_behind(line)
            if (
                quoted
                or PUBLISHER.search(left)
                or PUBLISHER.search(left.split("·")[0])
                or OFFICE.search(left)
                or left.endswith(("综合", "整理", "綜合"))
                or (behind and not any(map(is_personal_name, re.split(r"[\s/／|｜丨]", left))))
            ):
                return _person_before(before, left) or behind, left
            people = [
                name for name in names_of(left) if is_personal_name(name) or not re.search(r"[/／]", left)
            ]
            if not any(map(is_personal_name, people)) and (person := _person_before(before, left)):
                return person, None
            papers = [word for word in left.split() if PUBLISHER.search(word)]
            if len(words := left.split()) > 2 and not any(map(is_personal_name, words[:-1])):
                continue  # buttons, columns, shops
            people = [name for name in people if name not in papers]
            return "、".join(people) or None, papers[0] if papers else _paper(before) or _paper_behind(line)
        if said := BY_BEHIND.match(AFTER_DAY.sub("", line[found.end :])):
            paper = re.split(r"[\x1f|｜]", line[found.end :])[-1].strip()
            return "、".join(names_of(said[1])) or None, paper if LATIN_PAPER.search(paper) else None
        if said := SHARED_BY.match(AFTER_DAY.sub("", line[found.end :])):
            return "、".join(names_of(said[1])) or None, None
        last = list(days_in(line))[-1]
        behind_day = AFTER_DAY.sub("", line[last.end :]).lstrip("【[")
        is_set_wide = SPACED_NAME.match(behind_day) is not None
        right, *more = re.split(r"[\x1f|｜\s\[【]+", SPACED_NAME.sub(closed_up, behind_day))
        name = clean_source(right.removeprefix("@"))
        is_between = len(more) == 1 and is_personal_name(more[0]) and not ROLE.search(right)
        if (
            name
            and not right.rstrip().endswith((":", "："))  # a label of something else
            and (
                len(name) in BEHIND_DAY
                or ((is_sure_name(name) or is_set_wide) and all(map(MAY_FOLLOW.search, more)))
            )
            and not COLUMN.fullmatch(name)
            and not _is_column(name, printed)
            and not NOT_A_NAME.search(OF_SITE.sub("", name))
            and not PLACE_OF_POST.match(name)
            and not re.search(r"[:：/／]" if ORG.search(name) else r"\d|[:：/／]", name)
            and (ORG.search(name) or is_personal_name(name) or name in site or not more or is_between)
        ):
            if right.startswith("@"):
                return name, None
            if not is_personal_name(name):
                beside = takewhile(lambda word: not NOT_A_NAME.search(word) or ROLE.match(word), more)
                named = "、".join(filter(is_personal_name, beside))
                return named or next(filter(is_personal_name, more), None), name
            names = [name, *takewhile(is_personal_name, more)]
            rest = more[len(names) - 1 :]
            return "、".join(names), rest[0] if rest and PUBLISHER.search(rest[0]) else None
    return None, None


def _person_before(before: str, paper: str) -> str | None:
    """The person in the run before a paper before the day: 李小山 示例晚报 2023-03-11, each in its element."""
    rest = SPACED_NAME.sub(closed_up, before.rstrip(" 《》（(").removesuffix(paper).rstrip("《"))
    runs = [run.strip() for run in re.split(r"[\x1f|｜]", rest) if run.strip()]
    is_set_wide = bool(runs) and runs[-1] not in before
    return runs[-1] if runs and (len(runs[-1]) > 2 or is_set_wide) and is_personal_name(runs[-1]) else None


def _person_behind(line: str) -> str | None:
    """The person behind all days of a line that begins with a paper: 示例晚报 发布于 2023-03-11 • 李小山."""
    *_, last = days_in(line)
    rest = COUNTED.sub("", AFTER_DAY.sub("", line[last.end :])).strip(" •|｜" + GAP)
    rest = re.sub(r"^原[创創][\s\x1f]{1,3}", "", rest)
    return rest if len(rest) > 2 and is_personal_name(rest) else None


def _paper(before: str) -> str | None:
    """The paper before a person before the day: 示例晚报 记者 李小山 2023-03-11."""
    words = re.split(r"[\x1f|｜\s]+", before)
    return next(
        (w for w in words if PUBLISHER.search(w) and not COLUMN.fullmatch(w) and clean_source(w)), None
    )


def _as_a_site(name: str) -> bool:
    """Whether a name is a place or a word and a column, as sites are called: 城北楼市."""
    return any(COLUMN.fullmatch(name, at) for at in range(2, len(name) - 1))


def _paper_behind(line: str) -> str | None:
    """The paper that is the first run behind the day of a person: 李小山 2023-03-11 示例晚报, each in its element."""
    *_, last = days_in(line)
    run = AFTER_DAY.sub("", line[last.end :]).split(GAP)[0].strip()
    is_paper = PUBLISHER.search(OF_SITE.sub("", run)) and not COLUMN.fullmatch(run)
    return clean_source(run) if is_paper and GAP in line[last.end :] else None


def _is_column(name: str, printed: Printed) -> bool:
    """Whether a name is a link to a column."""
    return any(text == name and COLUMN_ADDRESS.search(href[:300]) for text, href in printed.links)


def _is_link(name: str, printed: Printed) -> bool:
    return any(text == name for text, _ in printed.links)


def above_day(printed: Printed, title: str | None) -> Named:
    """The name in a line of its own above the line of the day.

    So platforms print who posted; their class names are hashed and say nothing.
    """
    for above, line in pairwise(printed.head):
        name = SCORE.sub("", SPACED_NAME.sub(closed_up, above)).removeprefix("@")
        name = BY.sub("", name)
        if column := COLUMN_BEFORE.match(name):
            name = column[1]
        if not (find_day(line) or SHORT_DAY.match(line)) or find_day(name):
            continue
        if (
            len(name) not in ABOVE_DAY
            or letters(name) == letters(title or "")
            or not printed.headings.isdisjoint((name, above))
            or not is_name(name)
            or re.search(r"[:：\d>，。！？|、／/\x1f]", name)
            or COLUMN.fullmatch(name)
            or _is_column(name, printed)
            or NOT_A_NAME.search(name)
            or (len(name) == ABOVE_DAY.start and not is_personal_name(name) and not _is_link(name, printed))
        ):
            return None, None
        if ORG.search(name) and " " not in name:
            return None, name
        people = names_of(name)
        if len(people) == 1 and not re.search(r"[\u4e00-\u9fff]\s[\u4e00-\u9fff]|[()（）]", name):
            return people[0], None
        sure = any(len(person) > 2 for person in people) and all(map(is_personal_name, people))
        return "、".join(people) if sure else None, None
    return None, None
