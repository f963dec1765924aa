"""Markdown in a text: its code, tables, lists and quotes as HTML, and what stands within its lines (CommonMark; tables,
footnotes and tasks of GitHub's). Headings, rulers and pictures on lines of their own are read in plain.py, of any text.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

MARKED = re.compile(
    r"^#{1,6}[ \t]{1,9}\S|^={3,99}$|^ {0,3}(?:```|~~~)|\[[^\[\]\n]{1,80}\]\((?:https?:|[/.#])[^()\n]{0,500}\)|"
    r"\*\*\w[^*\n]{0,200}\*\*|^[ |]{0,4}:?-{2,99}:?[ ]{0,9}\|",
    re.M,
)
"""What only Markdown has: a heading, a fence, a link, bold, a table; hyphens and numbers begin lines of any text."""

FENCE = re.compile(r" {0,3}(`{3,20}|~{3,20})[ \t]{0,4}([\w+#.-]{0,20})[^`\n]{0,80}")
ITEM = re.compile(r"([ \t]{0,40})(?:[-*+]|(\d{1,4})[.)])[ \t]{1,4}(?:\[[ xX]\][ \t]{1,4})?(\S.*+)")
RULER = re.compile(r"[ \t]{0,3}(?:[-*_][ \t]{0,3}){3,}")
GOES_ON = re.compile(r"(?: {2,4}|\t)([ \t]{0,40}\S.*+)")
QUOTE = re.compile(r" {0,3}>[ \t]?(.*+)")
_RULE = r"[ \t]{0,9}:?-{1,99}:?[ \t]{0,9}"
DELIMITER = re.compile(rf" {{0,3}}\|?(?:{_RULE}\|){{1,50}}(?:{_RULE})?")
CELLS = re.compile(r"(?<!\\)\|")
NOTE = re.compile(r"\[\^(\w{1,20})\]:[ \t]{0,9}(\S.*+)")
ADDRESS = re.compile(
    r" {0,3}\[[^\[\]\n]{1,80}\]:[ \t]{0,9}<?(?:https?:|[/.#])\S{0,500}(?:[ \t]{1,9}[\"'(].{0,200})?"
)

CODE = re.compile(r"(`{1,3})(?!`)([^`\n]{1,300})\1(?!`)")
ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!|>~-])")
SPANS = (
    (re.compile(r"!\[([^\[\]\n]{0,200})\]\(([^()\s]{1,2000})[^()\n]{0,200}\)"), r'<img alt="\1" src="\2">'),
    (re.compile(r"\[([^\[\]\n]{1,200})\]\(([^()\s]{0,2000})[^()\n]{0,200}\)"), r'<a href="\2">\1</a>'),
    (re.compile(r"\[([^\[\]\n]{1,200})\]\[[^\[\]\n]{0,80}\]"), r"\1"),
    (re.compile(r"&lt;!--(?:(?!--).){0,300}+--&gt;"), ""),
    (re.compile(r"&lt;br\s?/?&gt;", re.I), "<br>"),
    (
        re.compile(
            r"&lt;/?(?:u|b|i|s|em|strong|mark|font|span|div|p|center|kbd|sup|sub)\b[^&<>]{0,9}(?:=[^<>]{0,99}?)?&gt;"
        ),
        "",
    ),
    (re.compile(r"\[\^(\w{1,20})\]"), r"<sup>[\1]</sup>"),
    (re.compile(r"&lt;(https?://[^\s&<>]{1,2000})&gt;"), r"\1"),
    (re.compile(r"\*\*(?=[^\s*，。！？、；：])([^*\n]{1,300})(?<!\s)\*\*"), r"<b>\1</b>"),
    (re.compile(r"(?<![*\w])__(?=\w)([^_\n]{1,300})(?<!\s)__(?![_\w])"), r"<b>\1</b>"),
    (re.compile(r"(?<![*A-Za-z0-9])\*(?=\w)([^*\n]{1,300})(?<!\s)\*(?![*A-Za-z0-9])"), r"<i>\1</i>"),
    (re.compile(r"~~(?=\S)([^~\n]{1,300})~~"), r"<s>\1</s>"),
)
"""What stands within a line, in the order of reading, as HTML; each bounded, so linear."""

TAG = re.compile(r"<[^<>]{1,2300}>")
LONGEST_LINE = 20_000
"""Code points of the longest line that is read for what stands within it."""

DEEPEST = 6
"""Lists and quotes nested in each other that are read."""

TOKEN = "\ufdd5"
"""What stands for a block among the lines, with its number; a noncharacter, and none in the text itself."""


def is_markdown(text: str) -> bool:
    """Whether a text is written in Markdown.

    >>> is_markdown("## 试水\\n岸上站满了人。"), is_markdown("- 青菜\\n- 豆腐\\n1. 米")
    (True, False)
    """
    return MARKED.search(text) is not None


def with_tokens(lines: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The lines with a token for each block, a blank line round it, and the HTML that each token stands for."""
    out: list[str] = []
    blocks: dict[str, str] = {}
    for line, block in _blocks([line.replace(TOKEN, "") for line in lines], 0):
        if block is None:
            out.append(line)
        elif block:
            blocks[token := f"{TOKEN}{len(blocks)}"] = block
            out += ["", token, ""]
    return out, blocks


def inline(text: str) -> str:
    """A line as HTML.

    >>> inline("**船**要下水，见[主页](https://a.cn)，先 `make` 再看 3*4*5。")
    '<b>船</b>要下水，见<a href="https://a.cn">主页</a>，先 <code>make</code> 再看 3*4*5。'
    """
    if len(text) > LONGEST_LINE:
        return html.escape(text)
    at, out = 0, list[str]()
    for code in CODE.finditer(text):
        out += [_spans(text[at : code.start()]), f"<code>{html.escape(code[2].strip())}</code>"]
        at = code.end()
    return "".join([*out, _spans(text[at:])])


def without_marks(text: str) -> str:
    """A line without its markup.

    >>> without_marks("**旧船厂**里的[修船人](/a)")
    '旧船厂里的修船人'
    """
    return html.unescape(TAG.sub("", inline(text)))


def _spans(text: str) -> str:
    text = html.escape(text)
    for pattern, written in SPANS:
        text = pattern.sub(written, text)
    return ESCAPED.sub(r"\1", text)


def _blocks(lines: Sequence[str], depth: int) -> Iterator[tuple[str, str | None]]:
    """(line, None) of each line that is of no block, ("", HTML) of each block; "" for what shows nothing."""
    at = 0
    closing: dict[str, list[int]] = defaultdict(list)
    for index, line in enumerate(lines):
        if FENCE.fullmatch(line) and (sign := line.strip()).strip(sign[0]) == "":
            closing[sign].append(index)
    while at < len(lines):
        stop, block = (
            _fenced(lines, at, closing) or _table(lines, at) or _nested(lines, at, depth) or (at + 1, None)
        )
        if block is None and (note := NOTE.fullmatch(lines[at])):
            block = f"<p>[{note[1]}] {inline(note[2])}</p>"
        elif block is None and ADDRESS.fullmatch(lines[at]):
            block = ""
        yield ("" if block is not None else lines[at]), block
        at = stop


def _fenced(lines: Sequence[str], at: int, closing: Mapping[str, Sequence[int]]) -> tuple[int, str] | None:
    """A block of code up to the next fence of its kind; one that none closes is a line."""
    opened = FENCE.fullmatch(lines[at])
    ends = closing.get(opened[1], ()) if opened else ()
    if opened is None or (next_one := bisect_right(ends, at)) == len(ends):
        return None
    stop = ends[next_one]
    code = html.escape("\n".join(lines[at + 1 : stop]))
    return (
        stop + 1,
        f'<pre><code class="language-{opened[2] or "none"}">{code}</code></pre>' if code.strip() else "",
    )


def _table(lines: Sequence[str], at: int) -> tuple[int, str] | None:
    if "|" not in lines[at] or at + 1 == len(lines) or not DELIMITER.fullmatch(lines[at + 1].rstrip()):
        return None
    body = list(takewhile(lambda line: "|" in line, lines[at + 2 :]))
    rows = [_row(lines[at], "th"), *(_row(line, "td") for line in body)]
    return at + 2 + len(body), f"<table>{''.join(rows)}</table>"


def _row(line: str, tag: str) -> str:
    cells = CELLS.split(line.strip().strip("|"))
    return f"<tr>{''.join(f'<{tag}>{inline(cell.strip())}</{tag}>' for cell in cells)}</tr>"


def _nested(lines: Sequence[str], at: int, depth: int) -> tuple[int, str] | None:
    """A list or a quote."""
    if depth < DEEPEST and QUOTE.fullmatch(lines[at]):
        quoted = [found[1] for found in takewhile(bool, map(QUOTE.fullmatch, lines[at:])) if found]
        return at + len(quoted), f"<blockquote>{_inside(quoted, depth + 1)}</blockquote>"
    if not (first := _item(lines[at])):
        return None
    items = [first]
    stop = at + 1
    while stop < len(lines):
        ahead = stop + (not lines[stop].strip())  # one blank line may stand between two items
        line = lines[ahead] if ahead < len(lines) else ""
        if item := _item(line):
            items.append(item)
        elif goes_on := GOES_ON.fullmatch(line):
            items[-1][2].append(goes_on[1])
        else:
            break
        stop = ahead + 1
    return stop, _list(items, depth + 1)


def _inside(lines: Sequence[str], depth: int) -> str:
    """Lines of a quote or an item as HTML."""
    return "".join(
        block if block is not None else f"<p>{inline(line.strip())}</p>" if line.strip() else ""
        for line, block in _blocks(lines, depth)
    )


def _item(line: str) -> tuple[int, str | None, list[str]] | None:
    """(indent, number, lines) of an item."""
    found = None if RULER.fullmatch(line) else ITEM.fullmatch(line)
    return (len(found[1].expandtabs(4)), found[2], [found[3]]) if found else None


def _list(items: Sequence[tuple[int, str | None, list[str]]], depth: int) -> str:
    out: list[str] = []
    opened: list[tuple[int, str]] = []
    for indent, number, said in items:
        while len(opened) > 1 and indent < opened[-1][0]:
            out.append(f"</li></{opened.pop()[1]}>")
        tag = "ol" if number else "ul"
        if not opened or (indent > opened[-1][0] + 1 and len(opened) < DEEPEST):
            opened.append((indent, tag))
            out.append(f'<{tag} start="{number}">' if number else f"<{tag}>")
        elif opened[-1][1] != tag:
            out.append(f"</li></{opened.pop()[1]}><{tag}>")
            opened.append((indent, tag))
        else:
            out.append("</li>")
        out.append(f"<li>{inline(said[0])}{_inside(said[1:], depth)}")
    return "".join([*out, *(f"</li></{tag}>" for _, tag in reversed(opened))])
