"""Plain text as a page: paragraphs, the title and what was a menu, written as HTML, so that all else is one path.

People save pages as text by hand, by `lynx -dump`, by stripping tags: menus stay as runs of short lines, teasers as
lines with the time of day, pictures as the names of their files; and mail and editors break lines at a column.
"""

from __future__ import annotations

import html
import re
from itertools import pairwise

from pipeline.extract.declaredtitle import letters
from pipeline.extract.variants import either_script
from pipeline.rules.han import HAN

MOST_LINES = 8_000
"""Lines of a text, blank ones too: the longest real article has some 600, wrapped ten times as many."""

NARROWEST = 40
"""Columns (a Han character takes two) of the narrowest text that was wrapped: verse and lists are narrower."""

RAGGED = 6
"""Columns by which a wrapped line may fall short: a mark may not begin a line, a word is not cut."""

WIDEST = 120
"""Columns of the widest; longer lines are paragraphs."""

FULL = 0.6
"""Share of the lines with a line below that are full when a text was wrapped."""

FULL_LINES = 3
"""And their least number."""

ENDED = 0.3
"""Share of them that may end as sentences do; paragraphs of one length all do."""

TITLE = 60
"""Code points of the longest title line."""

TITLE_LETTERS = 4
"""Letters of the shortest."""

LABELLED = 4
"""Lines of a text in which 标题：… is looked for."""

HEADER_LINE = 80
"""Code points of the longest line of facts below a title; body.HEAD_LINE."""

ENTRY = 12
"""Code points of the longest entry of a menu."""

MENU = 4
"""Entries of the shortest menu, as lines in a row or as words in one line."""

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

LABELLED_TITLE = either_script(r"(?:标\s{0,4}题|题\s{0,4}目|篇名|title)\s?[:：]\s?(\S[^\n]{1,119})", re.I)
LABEL = either_script(
    r"(?:作者|来源|出处|日期|时间|记者|编辑|发布时间|发表时间|发布日期|原文|链接|网址|url|source|author|date|撰文|文|发信人|寄件人|发信站)\s?[:：/／]|"
    r"\(?(?:19|20)\d\d\s?[-/.年]",
    re.I,
)
"""A line of facts is no title and no menu."""

FACT = either_script(
    r"(?:作者|来源|出处|日期|时间|记者|编辑|发布|发表|阅读|查看|浏览|点击|发信人|寄件人|发信站)\s?[:：]|https?://\S{1,200}$|(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]"
)
FULL_DAY = re.compile(r"(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}")
STAMP = either_script(r"\d{1,2}:\d\d|\d{1,2}[-/]\d\d|\d{1,2}月\d{1,2}日|\d{1,3}\s?(?:分钟|小时|天)前")
STAMP_WORDS = either_script(
    r"[\d\W_]|发表于|发布于|回复于|头像|阅读|浏览|评论|人|次|年|月|日|前|分钟|小时|天"
)
"""What stands in such a line besides a name."""

PAPER = either_script(r"(?:[日晚早晨时都商青]报|周刊|新闻|网|通讯社|电视台)$")
"""How a line ends that is nothing but a paper's name."""

CRUMB = either_script(r"[您你]?(?:现在|目前|当前)?(?:所在)?的?位置\s?[:：]")
RIGHTS = either_script(r"©|copyright|版权所有|All rights|ICP备", re.I)
RIGHTS_LINE = 80
LAST_LINES = 6
"""Lines at the end of a page among which who owns it is named."""

LINE_END = re.compile(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
WIDE = re.compile(rf"[{HAN}\u3000-\u30ff\uff00-\uff60“”‘’…—]")
"""What takes two columns in a Chinese text (UAX #11, the ambiguous ones too)."""

HEADING = re.compile(r"#{1,6}[ \t]++(\S.*+)")
"""An ATX heading of Markdown (CommonMark §4.2), its closing signs too."""

BODY_LABEL = either_script(r"(?:文章)?(?:正文|内容|全文)\s?[:：]\s{0,4}")
"""What some exports write above the text, or before its first words."""

RULER = re.compile(r"(?:={3,}|(?:[-*_]\s?){3,})")
"""A thematic break, or the underline of a heading (CommonMark §4.1, §4.3)."""

FENCES = ("---", "+++")
"""Lines round the facts of a page of Hexo, Hugo or Jekyll."""

MOST_FACTS = 40
"""Lines between them."""

MATTER = re.compile(r"(title|author|date|source)\s?[:=]\s?[\[\"']{0,2}([^\n]{1,150}?)[\]\"']{0,2}", re.I)
MATTER_LABELS = {"title": "标题", "author": "作者", "date": "日期", "source": "来源"}

PLACEHOLDER = either_script(r"[\[【](?:图片|图|视频|表情|动画表情|image|img|photo)\s?\d{0,3}[\]】]", re.I)
"""A picture's place in a text that was copied."""

FILE_NAME = re.compile(r"[^\s/\\<>。，]{1,80}\.(?:jpe?g|png|gif|webp|bmp|svg|heic)", re.I)
"""A picture's place in a page saved as text."""

MARKS = re.compile(r"[，。！？；：,.!?;]")
SENTENCE_END = re.compile(r"[。！？!?]|[，,].{0,200}[，,.…”]")
ENDS = "。！？!?…”’」』）)：:；;"
BETWEEN = re.compile(r"[\s|｜·/>»›,，、]+")
LATIN = re.compile(r"[0-9A-Za-z,.;:)]")


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text: its lines, with those joined that were clearly wrapped at a column."""
    lines = [line.rstrip() for line in LINE_END.split(text)]
    column = _column(lines)
    out: list[str] = []
    runs_on = False
    for line in lines:
        bare = line.strip()
        if runs_on and bare and not line[:1].isspace():
            glue = " " if LATIN.match(out[-1][-1]) and bare[0].isascii() and bare[0].isalnum() else ""
            out[-1] += glue + bare
        elif bare:
            out.append(bare)
        runs_on = bool(bare) and 0 < column - RAGGED <= _width(line)
    return out


def as_page(text: str) -> str:
    """The text as an HTML page, so that the rules for pages read it.

    Menus and lists of teasers become `nav`, lines of facts below the title a `p` of class meta, names of picture
    files `figcaption`, all else `p`. Of a page saved with its `title` the line that repeats it is the heading.
    """
    lines, underlined = _without_rulers(_without_fences(paragraphs(text)))
    first, last = _prose(lines)
    chrome = _menus(lines, first, last) | _teasers(lines, first) | _rights(lines)
    title_at, title = _title(lines, chrome)
    heading_at = _repeated(lines, title_at, title)
    first = next((i for i in _prose_lines(lines) if i > heading_at), first)
    out = [f"<title>{html.escape(title)}</title>" if title else "", "<body>"]
    for index, line in enumerate(lines):
        if index == title_at and heading_at != title_at:
            continue  # it is the title element
        tag, shown = "p", line
        if index == heading_at:
            tag, shown = "h1", title if heading_at == title_at else line
        elif index in chrome:
            tag = "nav"
        elif FILE_NAME.fullmatch(line) or PLACEHOLDER.fullmatch(line):
            tag = "figcaption"
        elif line in underlined:
            tag = "h2"
        elif heading := HEADING.fullmatch(line):
            tag, shown = "h2", heading[1].rstrip(" \t#")
        elif heading_at < index < first and _is_fact(line):
            out.append(f'<p class="meta">{html.escape(line)}</p>')
            continue
        out.append(f"<{tag}>{html.escape(shown)}</{tag}>")
    return "\n".join(out) if _prose_lines(lines) else "\n".join(out).replace("</p>\n<p>", "<br>")  # verses


def _without_fences(lines: list[str]) -> list[str]:
    """The lines with the facts between two fences at the head of the text as labelled ones, the title first."""
    if not lines or lines[0] not in FENCES or lines[0] not in lines[1:MOST_FACTS]:
        return lines
    end = lines.index(lines[0], 1)
    said = {found[1].lower(): found[2] for line in lines[1:end] if (found := MATTER.fullmatch(line))}
    if not said:
        return lines
    return [
        *(f"{MATTER_LABELS[key]}：{said[key]}" for key in MATTER_LABELS if key in said),
        *lines[end + 1 :],
    ]


def _without_rulers(lines: list[str]) -> tuple[list[str], set[str]]:
    """(the lines without rulers and labels of the body, those that a ruler underlined)."""
    left: list[str] = []
    underlined = set()
    for line in lines:
        if RULER.fullmatch(line):
            if left and len(left[-1]) <= TITLE and left[-1][-1] not in ENDS and line[0] in "=-":
                underlined.add(left[-1])
        elif bare := BODY_LABEL.sub("", line, count=1) if BODY_LABEL.match(line) else line:
            left.append(bare)
    return left, underlined


def _is_fact(line: str) -> bool:
    """Whether a line below the title says when, by whom or where it was published."""
    is_labelled = len(line) <= HEADER_LINE and FACT.search(line) is not None and "。" not in line
    return is_labelled or (_is_entry(line) and PAPER.search(line) is not None)


def too_long(text: str) -> bool:
    """Whether a text has more lines than an article, or a book, has."""
    return sum(1 for _ in LINE_END.finditer(text)) > MOST_LINES


def _column(lines: list[str]) -> int:
    """The column at which the lines were wrapped, or 0."""
    widths = sorted(_width(line) for line in lines if line.strip())
    column = widths[int(0.95 * (len(widths) - 1))] if widths else 0
    if not NARROWEST <= column <= WIDEST:
        return 0
    followed = [
        line for line, below in pairwise(lines) if line.strip() and below.strip() and not below[:1].isspace()
    ]
    full = [line for line in followed if column - RAGGED <= _width(line)]
    ended = sum(line[-1] in ENDS for line in full)
    is_wrapped = len(full) >= max(FULL_LINES, FULL * len(followed)) and ended <= ENDED * len(full)
    return column if is_wrapped else 0


def _width(line: str) -> int:
    """Columns of a line on a terminal; no more is counted than matters."""
    return len(line[: WIDEST + 1]) + len(WIDE.findall(line[: WIDEST + 1]))


def _prose(lines: list[str]) -> tuple[int, int]:
    """(index of the first line that reads like a sentence, of the last); both the end where there is none."""
    found = _prose_lines(lines)
    return (found[0], found[-1]) if found else (len(lines), len(lines))


def _prose_lines(lines: list[str]) -> list[int]:
    return [i for i, line in enumerate(lines) if len(line) >= SENTENCE and SENTENCE_END.search(line[:400])]


def _menus(lines: list[str], first: int, last: int) -> set[int]:
    """Above and below the prose: lines of several entries, and runs of lines that are one.

    Without prose short lines may be verses. The last day above the prose is the article's: it and the title above it
    are in no run.
    """
    if first == len(lines):
        return {i for i, line in enumerate(lines) if _is_menu(line)}
    found: set[int] = set()
    day = next((i for i in reversed(range(first)) if FULL_DAY.match(lines[i])), -1)
    header = (day - 1, day) if day > 0 else ()
    for edge in (range(first), range(last + 1, len(lines))):
        run: list[int] = []
        for index in (*edge, -1):
            if index >= 0 and index not in header and (_is_menu(lines[index]) or _is_entry(lines[index])):
                run.append(index)
                continue
            found.update(run if len(run) >= MENU else (i for i in run if _is_menu(lines[i])))
            run = []
    return found


def _is_entry(line: str) -> bool:
    return len(line) <= ENTRY and not MARKS.search(line) and not LABEL.match(line)


def _is_menu(line: str) -> bool:
    """首页 | 新闻 | 财经 | 体育."""
    if len(line) > 10 * TITLE or LABEL.match(line) or re.search(r"[。！？；：:]", line):
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
    start = run[0] if _is_entry(lines[run[0] - 1]) else run[0] - TEASER_LINES
    top = start
    while _is_entry(lines[top - 1]) and top > first:
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


def _title(lines: list[str], chrome: set[int]) -> tuple[int, str]:
    """(index of the title's line or -1, the title): 标题：…, a Markdown heading, or the first short line."""
    for index, line in enumerate(lines[:LABELLED]):
        if found := LABELLED_TITLE.fullmatch(line):
            return index, found[1].strip()
    for index, line in enumerate(lines):
        if index in chrome or LABEL.match(line) or FILE_NAME.fullmatch(line) or CRUMB.match(line):
            continue
        heading = HEADING.fullmatch(line)
        if heading:
            return index, heading[1].rstrip(" \t#")
        if len(line) > TITLE or line[-1] in "。；;，,":
            return -1, ""
        if len(letters(line)) >= TITLE_LETTERS or (index == 0 and not _prose_lines(lines)):
            return index, line
    return -1, ""


def _repeated(lines: list[str], title_at: int, title: str) -> int:
    """The last line in the first half that is the title again, with or without the site's name; else its own."""
    wanted = letters(title)
    half = sum(map(len, lines)) / 2
    found = title_at
    read = 0
    for index, line in enumerate(lines):
        read += len(line)
        if read > half:
            break
        bare = letters(line)
        if index > title_at and len(bare) >= TITLE_LETTERS and wanted.startswith(bare):
            found = index
    return found
