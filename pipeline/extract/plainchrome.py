"""What stands round the article in a page that was saved as text: menus, teasers, whose page it is."""

from __future__ import annotations

import re

from pipeline.extract.declaredtitle import ends_as_site
from pipeline.extract.variants import either_script

ENTRY = 12
"""Code points of the longest entry of a menu."""

SHORT_ENTRY = 6
"""Code points of most entries."""

MENU = 4
"""Entries of the shortest menu, as lines in a row or as words in one line."""

MENU_LINE = 600
"""Code points of the longest line of entries."""

SENTENCE = 25
"""Code points from which a line with the end of a sentence in it is text."""

STAMP_LINE = 60
"""Code points of the longest line that is a time and who posted."""

STAMP_LETTERS = 6
"""Letters of it besides."""

STAMPS = 3
"""Such lines from which they are a list of teasers or of comments."""

STAMP_GAP = 6
"""Lines from one to the next."""

TEASER_LINES = 2
"""Lines above the first of them that are its title and first words."""

LABEL = either_script(
    r"(?:作者|来源|出处|日期|时间|记者|编辑|发布时间|发表时间|发布日期|原文|链接|网址|url|source|author|date|撰文|文|发信人|寄件人|发信站)\s?[:：/／]|"
    r"\(?(?:19|20)\d\d\s?[-/.年]",
    re.I,
)
"""A line of facts is no title and no menu."""

FULL_DAY = re.compile(r"(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}")

STAMP = either_script(r"\d{1,2}:\d\d|\d{1,2}[-/]\d\d|\d{1,2}月\d{1,2}日|\d{1,3}\s?(?:分钟|小时|天)前")

STAMP_WORDS = either_script(
    r"[\d\W_]|发表于|发布于|回复于|头像|阅读|浏览|评论|人|次|年|月|日|前|分钟|小时|天"
)
"""What stands in such a line besides a name."""

ARROW = re.compile(r"\s{0,3}[>＞»›〉→]+\s{0,3}")
CRUMB_SIGN = re.compile(r"\s{0,3}[>＞»›〉→/|｜_-]+\s{0,3}")
HOME = either_script(r"(?:网站|新闻|返回|本站|论坛|博客)?(?:首页|主页)|home", re.I)
PLACE = either_script(r"[您你]?(?:现在|目前|当前)?(?:所在)?的?位置\s?[:：]")
READING = either_script(r"(?:新闻|文章|信息)?(?:正文|内容|内文|详情|全文)(?:阅读|页)?")
"""What a breadcrumb begins with, and what it ends with."""

CRUMB_ENTRY = 8
"""Code points of the longest entry of a breadcrumb that is told by its arrows alone."""

GREETING = either_script(
    r"(?:今天是|现在是|北京时间)\s?[:：]?\s?(?:(?:19|20)\d\d|星期)|(?:[您你]好)?[，,！!\s]?欢迎(?:[您你]|光临|访问|来到)"
)
GREETING_LINE = 40
SITE_WORD = either_script(
    r"登[录陆]|注册|设为首页|加入收藏|收藏本站|(?:返回|网站)?首页|关于我们|联系我们|网站地图|无障碍(?:浏览|阅读)?|长者(?:版|模式)|"
    r"繁体(?:版|中文)?|简体(?:版|中文)?|English|手机版|客户端|RSS|搜索|投稿|打印|字号|[大中小]|上一[篇页]|下一[篇页]|返回(?:列表|上页|顶部)?|列表|分享|收藏|关闭",
    re.I,
)
"""An entry that is a site's own; two of them are a menu."""

BOARD = either_script(
    r"找回密码|(?:立即|会员|免费)?注册(?:\[Register\])?|(?:QQ|微信)登录|只需一步[，,]?快速开始|[×xX]|close|"
    r"查看\s?[:：]?\s?\d{1,9}\s?[|｜]\s?回复\s?[:：]?\s?\d{1,9}|\[复制链接\]|收起左侧|(?:打印\s)?上一主题\s?下一主题|最后登录|"
    r"查看原文|其他|投诉建议|快速选单|切换阅读模式.{0,40}|[您你]需要\s?登录\s?才可以.{0,30}"
)
"""A line of a board, or of a copy of an app's page, that is nothing else: each stands alone above the text."""

JOIN = either_script(r"加入\S{1,10}")
"""The same below 找回密码, with the board's name."""

ADDRESS = re.compile(r"(?:[^\s:：]{0,12}\s?[:：]\s?)?(?:https?://|www\.)\S{1,2000}", re.I)

RIGHTS = either_script(r"©|copyright|版权所有|All rights|ICP备", re.I)

RIGHTS_LINE = 80

LAST_LINES = 6
"""Lines at the end of a page among which who owns it is named."""

MARKS = re.compile(r"[，。！？；：,.!?;]")

SENTENCE_END = re.compile(r"[。！？!?]|[，,].{0,200}[，,.…”]")

BETWEEN = re.compile(r"[\s|｜·/>»›,，、]+")


def chrome(lines: list[str], prose: list[int]) -> set[int]:
    """The lines that are no article: menus, breadcrumbs, greetings, addresses, lists of teasers, whose page it is.

    `prose` are the lines that read like a sentence.
    """
    first, last = (prose[0], prose[-1]) if prose else (len(lines), len(lines))
    return (
        {i for i in range(first) if _is_of_site(lines[i])}
        | {i for i in range(1, first) if JOIN.fullmatch(lines[i]) and BOARD.fullmatch(lines[i - 1])}
        | _menus(lines, first, last)
        | _teasers(lines, first)
        | _rights(lines)
    )


def _is_of_site(line: str) -> bool:
    """Whether a line above the text is of the site: where the page stands, a greeting, an address, two of its words."""
    words = [word for word in BETWEEN.split(line) if word]
    return (
        PLACE.match(line) is not None
        or BOARD.fullmatch(line) is not None
        or is_crumb(line)
        or (len(line) <= GREETING_LINE and GREETING.match(line) is not None)
        or ADDRESS.fullmatch(line) is not None
        or (len(words) > 1 and all(SITE_WORD.fullmatch(word) for word in words))
    )


def is_crumb(line: str) -> bool:
    """Whether a line says where its page stands.

    >>> is_crumb("首页 > 本地 > 老邮局里的书店"), is_crumb("本地 » 社会"), is_crumb("上海-苏州")
    (True, True, False)
    """
    parts = CRUMB_SIGN.split(line)
    if len(parts) < 2 or MARKS.search(line):
        return False
    by_arrows = ARROW.split(line)
    return (
        HOME.fullmatch(parts[0]) is not None
        or (len(parts) > 2 and READING.fullmatch(parts[-1]) is not None)
        or (len(by_arrows) > 1 and all(0 < len(part) <= CRUMB_ENTRY for part in by_arrows))
    )


def prose_lines(lines: list[str]) -> list[int]:
    """The lines that read like a sentence."""
    return [i for i, line in enumerate(lines) if len(line) >= SENTENCE and SENTENCE_END.search(line[:400])]


def _menus(lines: list[str], first: int, last: int) -> set[int]:
    """Above and below the prose: lines of several entries, and runs of lines that are one.

    The last day above the prose is the article's: it and the title above it are in no run; nor is a first line that
    is longer than entries mostly are. Without prose short lines may be verses.
    """
    if first == len(lines):
        return {i for i, line in enumerate(lines) if _is_menu(line)}
    found: set[int] = set()
    day = next((i for i in reversed(range(first)) if FULL_DAY.match(lines[i])), -1)
    header = {day - 1, day} if day > 0 else set()
    if lines and len(lines[0]) > SHORT_ENTRY and not ends_as_site(lines[0]) and not _is_menu(lines[0]):
        header.add(0)
    for edge in (range(first), range(last + 1, len(lines))):
        run: list[int] = []
        for index in (*edge, -1):
            if index >= 0 and index not in header and (_is_menu(lines[index]) or is_entry(lines[index])):
                run.append(index)
                continue
            found.update(run if len(run) >= MENU else (i for i in run if _is_menu(lines[i])))
            run = []
    return found


def is_entry(line: str) -> bool:
    """Whether a line may be an entry of a menu: short, without a mark."""
    return len(line) <= ENTRY and not MARKS.search(line) and not LABEL.match(line)


def _is_menu(line: str) -> bool:
    """首页 | 新闻 | 财经 | 体育."""
    if len(line) > MENU_LINE or LABEL.match(line) or re.search(r"[。！？；：:]", line):
        return False
    words = [word for word in BETWEEN.split(line) if word]
    return len(words) >= MENU and max(map(len, words)) <= ENTRY and sum(map(len, words)) <= 5 * len(words)


def _teasers(lines: list[str], first: int) -> set[int]:
    """Below half of the text: from the title of the first of several lines that are a time and who posted."""
    stamps = [i for i, line in enumerate(lines) if i > first and _is_stamp(line)]
    runs: list[list[int]] = []
    for index in stamps:
        if runs and index - runs[-1][-1] <= STAMP_GAP:
            runs[-1].append(index)
        else:
            runs.append([index])
    run = next((run for run in runs if len(run) >= STAMPS), None)
    if run is None:
        return set()
    start = run[0] if is_entry(lines[run[0] - 1]) else run[0] - TEASER_LINES
    top = start
    while is_entry(lines[top - 1]) and top > first:
        top -= 1
    start = top if start - top >= MENU else start
    half = 2 * sum(map(len, lines[:start])) >= sum(map(len, lines))
    return set(range(start, len(lines))) if half else set()


def _is_stamp(line: str) -> bool:
    return (
        len(line) <= STAMP_LINE
        and STAMP.search(line) is not None
        and len(STAMP_WORDS.sub("", line)) <= STAMP_LETTERS
    )


def _rights(lines: list[str]) -> set[int]:
    near = range(max(0, len(lines) - LAST_LINES), len(lines))
    return {i for i in near if len(lines[i]) <= RIGHTS_LINE and RIGHTS.search(lines[i])}
