"""What a name is: of a person or a desk, never a sentence, a software, a button, a place or an address."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache

from pipeline.extract.dates import find_day
from pipeline.extract.variants import either_script
from pipeline.rules import table

GAP = "\x1f"
"""Stands between two pieces of a line that have different elements around them."""

PROVINCES = (
    "北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|"
    "四川|贵州|云南|陕西|甘肃|青海|台湾|内蒙古|广西|西藏|宁夏|新疆|香港|澳门"
)
"""Of an address of the network, as a pattern."""

AFFILIATION = either_script(
    r"[\u4e00-\u9fff]{4,}(?:大学|学院|研究院|研究所|研究中心|中学|小学|医院|公司|委员会|总工会|宣传部|协会|[局厅系])$"
)
"""What may stand before a person's name with nothing between: 示例大学历史学院李小山."""

ORG = either_script(
    r"(?:网|網|报|報|台|臺|社|新闻|新聞|传媒|傳媒|融媒体?|全媒体|日报|晚报|周刊|週刊|杂志|雜誌|频道|頻道|客户端|發布|发布|微信公众号|公众号|公號|财经|財經|科技|"
    r"电视|電視|在线|在線|中心|办公室|办事处|委员会|政府|学会|协会|大学|研究院|公司|观察|评论|健康|体育|娱乐|资讯|資訊|快讯|出版社|记者站|图书馆|博物馆|档案馆|文化馆|"
    r"局|厅|部|院|证券|App|APP|com|cn|综合|整理|博客|微博|论坛|集团|法院|检察院|News|Times|Daily)$"
)
OTHER_ROLE = either_script(
    r"[ \u3000](?:摄影|图片|插画|绘图|编辑|责编|翻译|供图|校对|设计|视频|剪辑|监制|策划)[ \u3000].*"
)
"""Behind the writers' names who did what else, spaces in place of the colons: 李小山 摄影 王建国."""

OF_CLASS = either_script(
    r"[\s\x1f]{0,2}[\u4e00-\u9fff\d（(]{1,18}?[\d一二三四五六七八九十][）)]?班[\s\x1f:：]{0,3}(?=[\u4e00-\u9fff]{2})"
)
"""A pupil's school and class before the name: 示例中学初二（3）班 李小山."""

OFFICE = either_script(r"(?<=[\u4e00-\u9fff])(?:[科室处系队站所办镇乡村县]|支部|街道|小学|中学|学校)$")
"""How a small office ends that stands beside a name: 外科 李小山."""

DEGREE = either_script(
    r"(?:博士|硕士|教授|研究员|讲师|院士|医师|医生|律师|工程师|学者|作家|记者|撰稿人?|主笔|评论员|分析师|专栏作者|》)$"
)
"""How what somebody is ends, a space before the name: 湖泊学博士 李小山, 示例周末特约撰稿 李小山,
英国《示例时报》 李小山."""

ROLE = either_script(
    r"^(?:特约撰稿人?|(?:本报|本刊|本网|本台|本社|特约|见习|實習|实习|首席|高级|资深|驻\S{2,4}|[^\s（()）]{0,8}?)(?:全媒体)?(?:记者|記者|通讯员|通訊員|评论员|作者|撰稿人|研究员|實習生|实习生))\s*[:：/／]?\s*|^(?:图文|撰文|文|图)[\s/／|｜:：]{1,3}(?=[\u4e00-\u9fff]{2})|^(?:编译|特派员)(?=[\u4e00-\u9fff]{2,4}$)"
)
TAIL = either_script(
    r"(?:(?<!\s)\s*+[/／|｜]\s*+)?(?:摄影报道|攝影報導|综合报道|綜合報導|专题报道|报道|報道|報導|编译|編譯|整理|撰文|文并摄|文/[图摄]|图/文|专电|(?<=\s)[著撰])$"
)
TAIL_SIGN = either_script(r"[文摄著电等译]$")
AND_OTHERS = either_script(r"(?<=[\u4e00-\u9fff])\s{1,3}等(?:\d{1,3}人)?\s*$")
"""Behind the last of several: 李小山 等"""

"""Behind a person's name what was done; in another name a letter of it."""

NO_NAME = either_script(
    r"综合|即时|外电|关闭|关注|打印|台北|新北|桃园|台中|台南|高雄|基隆|新竹|嘉义|花莲|宜兰|屏东|云林|彰化|香港|北京|上海|东京|国际|体育|娱乐|政治|生活|社会|财经|返回|登录|全文|高清|完毕|时评|评论|整理|编译|记者|快讯|专题|特约|原创|转载|网络|网路|佚名|匿名|未知|编辑部|本报|本刊|本站"
)
"""Printed where a name should be: 國際中心／綜合報導."""

PLACED = either_script(r"(?:报道|報導|報道|专电|專電|电|電)$")
"""What a reporter's place stands before: 李小華基隆報導."""

PLACE = 2
"""Code points of such a place."""

FAR_PLACES = (
    r"(?:华盛顿|休斯(?:顿|敦)|洛杉(?:矶|磯)|旧金山|圣(?:荷|何)西|西雅图|芝加哥|波士顿|亚特兰大|迈阿密|达拉斯|多伦多|温哥华|蒙特利尔|渥太华|墨西哥城|巴拿马|圣保罗|"
    r"布鲁塞尔|法兰克福|慕尼黑|日内瓦|苏黎世|维也纳|莫斯科|圣彼得堡|斯德哥尔摩|阿姆斯特丹|哥本哈根|赫尔辛基|布拉格|布达佩斯|巴塞罗那|伊斯坦(?:布尔|堡)|安卡拉|"
    r"耶路撒冷|特拉维夫|德黑兰|巴格达|阿布扎比|约翰内斯堡|内罗毕|新德里|孟买|伊斯兰堡|加德满都|新加坡|吉隆坡|雅加达|马尼拉|胡志明市?|名古屋|"
    r"墨尔(?:本|砵)|布里斯(?:本|班)|(?:堪|坎)培拉|奥克兰|惠灵顿|哈尔滨|石家庄|呼和浩特|乌鲁木齐|连云港|张家(?:口|界|港)|景德镇|马鞍山|攀枝花|秦皇岛|平顶山|葫芦岛)"
)
"""A reporter's places of more than two characters: without them 李山华盛顿报道 would be of 李山华."""

FAR_PLACE = either_script(FAR_PLACES + "$")
AFTER_ROLE = either_script(r"(?<=[\u4e00-\u9fff](?:编译|編譯|整理|撰文|报道|報導))\s.*")
COUNTRY = re.compile(r"^[\[［【〔（(]?[\u4e00-\u9fff]{1,4}[\]］】〕）)]\s?(?=\S{2})")
"""[美]约翰·史密斯"""

IN_BRACKETS = re.compile(r"(?<=\S{2})\s?[（(].*")
"""约翰·史密斯（John Smith）"""

SIGNS = " \u3000()（）:：/／|©®™@★☆●■◆"
LONGEST_BESIDE = 6
"""Han characters of the longest name beside a personal one: 李小山，系示例大学教授."""

SPLIT_NAMES = either_script(
    r"[\s、,，;；]{1,3}(?:本报|本刊|本网|特约|见习|实习|首席|全媒体?|融媒体?){0,2}(?:记者|通讯员|实习生)[\s:：/／]{0,2}|"
    r"\s*(?:[、,，;；&＆]|\s[▪•]\s|\s和\s|\s与\s|\s{2,}|\u3000|\x1f)\s*"
)
"""A role between two names parts them too: 李小山 实习记者 王建国."""

HAN = either_script(r"[\u3400-\u9fff]{1,12}")
SPACED_NAME = re.compile(
    r"(?<![\u4e00-\u9fff])([\u4e00-\u9fff])[ \u3000]{1,3}([\u4e00-\u9fff])"
    r"(?:[ \u3000]{1,3}(?![摄攝图圖])([\u4e00-\u9fff]))?"
    r"(?![\u4e00-\u9fff]|\s?[:：﹕])"
)
"""A name of two characters set as wide as one of three, 王 水, or one of three set wider yet; 王 水 摄 says what he
did."""


def closed_up(found: re.Match[str]) -> str:
    """Its groups without what stands between. Not as a template: `re` looks that up at each call."""
    return "".join(filter(None, found.groups()))


HONOUR = either_script(
    r"(?<![\u4e00-\u9fff])([\u4e00-\u9fff]{2,3})(?:老师|医师|医生|大夫|律师|教授|护士长)(?=$|[\s、,，/／|｜\x1f])"
)
"""周建平医师, 周敏老师"""

HAN_NAME = either_script(r"[\u3400-\u9fff]{2,4}|[\u3400-\u9fff]{1,6}[·•・‧][\u3400-\u9fff·•・‧]{1,12}")


SENTENCE = either_script(
    r"本文|版权|投稿|转载|仅供|声明|敬请|欢迎|推荐文章|推荐$|^热门|排行榜?$|最新|所有者?$|编辑$|(?<=.{4})[于在](?:此)?$|^(?:时间|日期|来源|次数|人气|字号|字体)$|(?:发布|发表|更新|修改|创建|上传|添加|录入|发稿|浏览|点击|阅读|访问|查看)(?:时间|日期|次数|人次|数量|量)$|^(?:返回|点击|上一|下一|第.{1,3}版)"
)
"""Words of a notice, a button or a half sentence, never of a name."""


NO_GIVEN_NAME = either_script(
    r".[图街帽员部省网看面办率识库版读病词县市区镇村乡店馆厂校局组队者型性品器车费价税卡票证号站线室厅层场次篇页吧的了是在有我你他她它们这那哪么怎到被把又都很就也不没宫港轴等]|.(?:小姐|先生|女士)$|^宣传"
)
"""Behind a family name's character, these make a word, 金融街, 程序员, or how somebody is addressed."""

POSITION = either_script(
    r"[\u4e00-\u9fff]{2,20}(?:大学|学院|研究院|研究所|中心|公司|集团|协会|学会|[报社网台])[\u4e00-\u9fff]{0,8}"
    r"(?:教授|研究员|主任|院长|所长|会长|主席|总裁|经理|总监|院士|博士|讲师|记者|主编|总编辑)"
)
"""What somebody is, no name: 示例大学教授."""

HALF_SENTENCE = either_script(r"(?=.{0,20}[了们着把被])[\u3400-\u9fff]{6,}")
"""So many Han and a particle: a sentence behind a label."""

WITH_NUMBER = re.compile(r"[^\W\d_][\w.\-]{0,15}?\d{3,6}")
"""An account's name that ends in a number: 山野来信2019."""


SIZES = re.compile(r"[大中小特号號\s+\-]{2,9}")
"""文字：大 中 小, the size of the letters."""

DISPATCH = either_script(r"\d日专?[电讯]$")
"""示例社台北3日电 is of no person."""


def is_name(text: str) -> bool:
    """Whether a text can be a name: no address, day, sentence, software, button, role or place."""
    return not (
        POSITION.fullmatch(text)
        or re.search(r"[。！？!?；@]|^[—–_>《“\"]|https?:|www\.|\.(?:com|cn|net|org|html?)\b", text, re.I)
        or find_day(text)
        or DISPATCH.search(text)
        or SENTENCE.search(text)
        or HALF_SENTENCE.fullmatch(text)
        or no_names().fullmatch(text.lower())
    )


def names_of(value: str) -> list[str]:
    """The single names of a byline, without roles; [] for a sentence (a full stop, or more than 20 code points)."""
    return list(_names_of(value))


@lru_cache(maxsize=256)
def _names_of(value: str) -> Sequence[str]:
    """The same; a page asks six times about each text."""
    value = HONOUR.sub(_plain_name, SPACED_NAME.sub(closed_up, value))
    value = ROLE.sub("", value.strip(" \u3000()（）[]【】:：/／|｜\x1f"))
    value = AND_OTHERS.sub("", OTHER_ROLE.sub("", value))
    if re.search(r"[。！？]", value) or SIZES.fullmatch(value):
        return []
    slashed = [part.strip() for part in re.split(r"[/／|｜]", value)]
    slashed = [ROLE.sub("", part) for part in slashed]
    people = [part for part in slashed if part and all(map(is_personal_name, re.split(r"[\s、,，]+", part)))]
    if len(slashed) > 1 and people:
        value = "、".join("、".join(people).split())
    parts = [p for p in SPLIT_NAMES.split(value) if p]
    if any(map(HALF_SENTENCE.fullmatch, parts)) and not any(map(is_personal_name, parts)):
        return []
    names = []
    for part in parts:
        part = _single_name(part)
        words = part.split()
        if NO_NAME.fullmatch(part) or (words and NO_NAME.fullmatch(words[-1])):
            continue
        people = [word for word in words if is_personal_name(word)]
        if len(words) > 1 and all(HAN_NAME.fullmatch(word) for word in words):
            names.extend(words)
        elif people and all(word in people or _is_other(word) or DEGREE.search(word) for word in words):
            names.extend(people)
        elif (
            part
            and 2 <= len(part) <= 20
            and not part.isdigit()
            and is_name(part)
            and (WITH_NUMBER.fullmatch(part) or not re.search(r"\d{3,}|[。！？:：]|https?:|www\.", part))
        ):
            names.append(part)
    if any(map(is_personal_name, names)):
        names = [n for n in names if is_personal_name(n) or not (HAN.fullmatch(n) and _is_other(n))]
    return names if len(names) <= 8 else []


def _plain_name(found: re.Match[str]) -> str:
    """A full name without how its bearer is called; 王老师 has none."""
    is_full = is_personal_name(found[1]) and (len(found[1]) > 2 or is_sure_name(found[1]))
    return found[1] if is_full else found[0]


def _is_other(name: str) -> bool:
    """Whether what stands beside a person is a paper, an office, or what the person is."""
    return len(name) > LONGEST_BESIDE or ORG.search(name) is not None or OFFICE.search(name) is not None


def _single_name(part: str) -> str:
    """One name without role, signs, and the words and the place that follow it; '' for a place alone."""
    part = IN_BRACKETS.sub("", ROLE.sub("", AFTER_ROLE.sub("", COUNTRY.sub("", part.strip(SIGNS)))))
    if is_personal_name(part):
        return part
    for size in (2, 3, 4):
        if is_personal_name(part[-size:]) and AFFILIATION.fullmatch(part[:-size]):
            return part[-size:]
    name = TAIL.sub("", part).strip(SIGNS)
    if not is_personal_name(name) and is_personal_name(name[:-1]) and TAIL_SIGN.search(name):
        name = name[:-1]
    if not PLACED.search(part) or not HAN.fullmatch(name) or is_personal_name(name):
        return name
    if (near := FAR_PLACE.sub("", name)) != name:
        return near if is_personal_name(near) or not is_personal_name(near[:-PLACE]) else near[:-PLACE]
    name = name.removesuffix("即時").removesuffix("即时")
    if len(name) <= PLACE:
        return ""
    places = (PLACE, 2 * PLACE)  # 台湾云林
    return next((name[:-n] for n in places if is_personal_name(name[:-n])), name)


FOREIGN_NAME = re.compile(r"[\u3400-\u9fff]{1,8}(?:[·•・‧][\u3400-\u9fff]{1,8}){1,3}")


def is_foreign_name(name: str) -> bool:
    """约翰·史密斯: characters that foreign names are spelled with, parted by a dot."""
    return FOREIGN_NAME.fullmatch(name) is not None and _surnames()[1].issuperset(re.sub(r"\W", "", name))


def is_personal_name(name: str) -> bool:
    """Two or three Han characters beginning with a family name, four with one of two characters, or a foreign name."""
    if HAN_NAME.fullmatch(name) is None or ORG.search(name) or NO_GIVEN_NAME.search(name):
        return False
    surnames, _, _ = _surnames()
    return (
        (2 <= len(name) <= 3 and name[0] in surnames)
        or (3 <= len(name) <= 4 and name[:2] in surnames)
        or is_foreign_name(name)
    )


def is_sure_name(name: str) -> bool:
    """A personal name that is no word: one of two characters has a usual given name."""
    return is_personal_name(name) and (len(name) > 2 or name[1] in _surnames()[2])


@cache
def no_names() -> re.Pattern[str]:
    """The texts of the table no-names, either script."""
    return either_script("|".join(re.escape(row[0]) for row in table("no-names")))


@cache
def _surnames() -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """(family names, characters of foreign names, given names of one character)"""
    single, double, foreign, given = (row[0] for row in table("surnames"))
    return frozenset(single) | frozenset(double.split("、")), frozenset(foreign), frozenset(given)
