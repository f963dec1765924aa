"""Plain text as a page: paragraphs, the title and what was a menu, written as HTML, so that all else is one path.

People save pages as text by hand, by `lynx -dump`, by stripping tags: menus stay as runs of short lines, teasers as
lines with the time of day, pictures as the names of their files; and mail and editors break lines at a column.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from itertools import pairwise

from pipeline.extract.boilerplate import matching
from pipeline.extract.declaredtitle import BEFORE_SITE, SEPARATOR, ends_as_site, letters
from pipeline.extract.names import is_personal_name
from pipeline.extract.plainchrome import LABEL, chrome, is_entry, prose_lines
from pipeline.extract.plainhead import LABELLED_TITLE, with_labels, without_pages, without_references
from pipeline.extract.plainmarkdown import inline, is_markdown, with_tokens, without_marks
from pipeline.extract.variants import either_script
from pipeline.rules.han import HAN

MOST_LINES = 8_000
"""Lines of a text, blank ones too: the longest real article has some 600, wrapped ten times as many."""

NARROWEST = 36
"""Columns (a Han character takes two) of the narrowest text that was wrapped: two verses of seven take 32."""

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
"""Lines of a text in which 标题：… is looked for, where it has no head of such lines."""

HEADER_LINE = 80
"""Code points of the longest line of facts below a title; body.HEAD_LINE."""

FACT = either_script(
    r"(?:作者|来源|出处|日期|时间|记者|编辑|发布|发表|阅读|查看|浏览|点击|发信人|寄件人|发信站)\s?[:：]|https?://\S{1,200}$|"
    r"(?:19|20)\d\d\s?[-/.年]\s?\d{1,2}\s?[-/.月]"
)
PAPER = either_script(r"(?:[日晚早晨时都商青]报|周刊|新闻|网|通讯社|电视台)$")
"""How a line ends that is nothing but a paper's name."""

LINE_END = re.compile(r"\r\n|[\n\r\x0b\x0c\x85\u2028\u2029]")
WIDE = re.compile(rf"[{HAN}\u3000-\u30ff\uff00-\uff60“”‘’…—]")
"""What takes two columns in a Chinese text (UAX #11, the ambiguous ones too)."""

HEADING = re.compile(r"(#{1,6})[ \t]++(\S.*+)")
"""An ATX heading of Markdown (CommonMark §4.2), its closing signs too."""

RULER = re.compile(r"(?:={3,}|(?:[-*_＊]\s?){3,})")
"""A thematic break, or the underline of a heading (CommonMark §4.1, §4.3)."""

UNDERLINES = {"=": "#", "-": "##"}

BODY_LABEL = either_script(r"(?:文章)?(?:正文|内容|全文)\s?[:：]\s{0,4}")
"""What some exports write above the text, or before its first words."""

PLACEHOLDER = either_script(r"[\[【](?:图片|图|视频|表情|动画表情|image|img|photo)\s?\d{0,3}[\]】]", re.I)
"""A picture's place in a text that was copied."""

PICTURE = re.compile(r"!\[([^\]\n]{0,200})\]\(([^)\s]{1,2000})[^)\n]{0,200}\)")
"""A Markdown picture alone in its line: what it says, where it is."""

FILE_NAME = re.compile(r"[^\s/\\<>。，]{1,80}\.(?:jpe?g|png|gif|webp|bmp|svg|heic)", re.I)
"""A picture's place in a page saved as text."""

ORNAMENTS = "*_◆◇●○★☆■□▲△※~～=·・§\u3000 "
"""What a title stands between in texts that know no sizes of type."""

SIGNED = re.compile(r"[·•・—－―-]{0,3}\s?(.{2,12}?)\s?[·•・]?")
"""A writer's name alone in a line, with what stands before and behind it."""

ENDS = "。！？!?…”’」』）)：:；;"
LATIN = re.compile(r"[0-9A-Za-z,.;:)]")


def paragraphs(text: str) -> list[str]:
    """The paragraphs of a text: its lines, with those joined that were clearly wrapped at a column."""
    return _joined(_bare_lines(text))


def _joined(lines: list[str]) -> list[str]:
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
    files `figcaption`, Markdown's pictures `figure`, all else `p`. Of a page saved with its `title` the line that
    repeats it is the heading. What Markdown writes in blocks and within lines is HTML of its kind.
    """
    read, blocks, write = _read(text)
    lines = _with_headings(with_labels(without_references(read)))
    prose = prose_lines(lines)
    around = chrome(lines, prose)
    title_at, title = _title(lines, around, next(iter(prose), len(lines)))
    heading_at = _repeated(lines, title_at, title, next((i for i in prose if i not in around), len(lines)))
    first = next((i for i in prose if i > heading_at), len(lines))
    out = [f"<title>{html.escape(title)}</title>" if title else "", "<body>"]
    for index, line in enumerate(lines):
        if index == heading_at:
            out.append(f"<h1>{html.escape(_without_site(title if index == title_at else line))}</h1>")
        elif line in blocks:
            out.append(blocks[line])
        elif index == title_at:
            continue  # it is the title element
        elif index in around:
            out.append(f"<nav>{html.escape(line)}</nav>")
        elif heading_at < index < first and _is_fact(lines, index, heading_at, first):
            said = _name(line) or (without_marks(line) if write is inline else line)
            out.append(f'<p class="meta">{html.escape(said)}</p>\n')  # no verse is joined to it
        else:
            out.append(_element(line, write))
    page = "\n".join(out)
    return page if prose else page.replace("</p>\n<p>", "<br>")  # verses


def as_elements(text: str) -> str:
    """The paragraphs of a text that is all body, as HTML."""
    lines, blocks, write = _read(text)
    if write is not inline:
        return "".join(f"<p>{write(line)}</p>" for line in lines)
    return "".join(blocks.get(line) or _element(line, write) for line in _with_headings(lines))


def _read(text: str) -> tuple[list[str], dict[str, str], Callable[[str], str]]:
    """The lines of a text, tokens and HTML of its Markdown's blocks, and what writes a line as HTML."""
    raw = without_pages(_bare_lines(text))
    if not is_markdown(text):
        return _joined(raw), {}, html.escape
    raw, blocks = with_tokens(raw)
    return _joined(raw), blocks, inline


def _bare_lines(text: str) -> list[str]:
    return [line.rstrip() for line in LINE_END.split(text)]


def _heading(line: str) -> tuple[int, str]:
    """(level, text) of a heading; no text where the line is none."""
    found = HEADING.fullmatch(line)
    return (len(found[1]), found[2].rstrip(" \t#")) if found else (0, "")


def _element(line: str, write: Callable[[str], str]) -> str:
    level, heading = _heading(line)
    if heading:
        return f"<h{max(level, 2)}>{write(heading)}</h{max(level, 2)}>"
    if picture := PICTURE.fullmatch(line):
        says, at = html.escape(picture[1]), html.escape(picture[2])
        return f'<figure><img src="{at}"><figcaption>{says}</figcaption></figure>'
    tag = "figcaption" if FILE_NAME.fullmatch(line) or PLACEHOLDER.fullmatch(line) else "p"
    return f"<{tag}>{write(line)}</{tag}>"


def _is_fact(lines: list[str], index: int, title: int, prose: int) -> bool:
    """Whether a line below the title says when, by whom or where it was published; a name does beside such a line, or
    alone between title and prose."""
    line = lines[index]
    if _name(line):
        return (index - 1 == title and prose in (index + 1, len(lines))) or any(
            _says_fact(lines[at]) for at in (index - 1, index + 1) if at < len(lines)
        )
    return _says_fact(line)


def _name(line: str) -> str:
    """The name of a line that is no more than somebody's."""
    found = SIGNED.fullmatch(line)
    return found[1] if found and is_personal_name(found[1]) else ""


def _says_fact(line: str) -> bool:
    is_labelled = len(line) <= HEADER_LINE and FACT.search(line) is not None and "。" not in line
    return is_labelled or (is_entry(line) and PAPER.search(line) is not None)


def _with_headings(lines: list[str]) -> list[str]:
    """The lines without rulers and labels of the body; a line that = or - underline has the signs of a heading."""
    out: list[str] = []
    for line in lines:
        if not RULER.fullmatch(line):
            out += (
                [bare]
                if (bare := BODY_LABEL.sub("", line, count=1) if BODY_LABEL.match(line) else line)
                else []
            )
        elif out and line[0] in UNDERLINES and len(out[-1]) <= TITLE and out[-1][-1] not in ENDS:
            out[-1] = f"{UNDERLINES[line[0]]} {out[-1]}"
    return out


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


def _title(lines: list[str], around: set[int], first: int) -> tuple[int, str]:
    """(index of the title's line or -1, the title): 标题：…, a Markdown heading, or the first short line that is no
    site's name and no writer's, if there is another; `first` is that of the prose."""
    for index, line in enumerate(lines[:LABELLED]):
        if found := LABELLED_TITLE.fullmatch(line):
            return index, found[1].strip()
    candidates: list[int] = []
    for index, line in enumerate(lines):
        if heading := _heading(line)[1]:
            return index, without_marks(heading).strip("*_")
        if index in around or LABEL.match(line) or FILE_NAME.fullmatch(line) or _is_furniture(line):
            continue
        if len(line) > TITLE or line[-1] in "。；;，,":
            break
        if len(letters(line)) >= TITLE_LETTERS or (index == 0 and first == len(lines)):
            candidates.append(index)
        if index >= first:
            break
    named = (index for index in candidates if not _names_somebody(lines[index]))
    at = next(named, candidates[0] if candidates else -1)
    return at, (lines[at].strip(ORNAMENTS) or lines[at]) if at >= 0 else ""


def _is_furniture(line: str) -> bool:
    return matching(line, "any") is not None or matching(line, "head") is not None


def _names_somebody(line: str) -> bool:
    """Whether a line is no more than the name of a site or a person."""
    return ends_as_site(SEPARATOR.split(line, maxsplit=1)[0]) or bool(_name(line))


def _without_site(title: str) -> str:
    """A title without the names of site and column behind it."""
    for sign in reversed(list(BEFORE_SITE.finditer(title))):
        if not ends_as_site(title[sign.end() :]) or len(letters(title[: sign.start()])) < TITLE_LETTERS:
            break
        title = title[: sign.start()]
    return title


def _repeated(lines: list[str], title_at: int, title: str, text_at: int) -> int:
    """The last line in the first half, above the text, that is the title again, with or without the site's name; else
    its own: between pages of print it is a running head."""
    wanted = letters(title)
    half = sum(map(len, lines)) / 2
    found = title_at
    read = 0
    for index, line in enumerate(lines[:text_at]):
        read += len(line)
        if read > half:
            break
        bare = letters(line)
        if index > title_at and len(bare) >= TITLE_LETTERS and wanted.startswith(bare):
            found = index
    return found
