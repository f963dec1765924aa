"""Markdown in a text, by markdown-it: its code, tables, lists and quotes as HTML, and what stands within its lines.

CommonMark with the tables, deletions, footnotes and tasks of GitHub. Headings, rulers and pictures on lines of their
own are read in plain.py, of any text; indented lines are prose here, as Chinese texts set them.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, MutableMapping, Sequence
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

MARKED = re.compile(
    r"^#{1,6}[ \t]{1,9}\S|^={3,99}$|^ {0,3}(?:```|~~~)|\[[^\[\]\n]{1,80}\]\((?:https?:|[/.#])[^()\n]{0,500}\)|"
    r"\*\*\w[^*\n]{0,200}\*\*|^[ |]{0,4}:?-{2,99}:?[ ]{0,9}\|",
    re.M,
)
"""What only Markdown has: a heading, a fence, a link, bold, a table; hyphens and numbers begin lines of any text."""

NOTE = re.compile(r"\[\^(\w{1,20})\]:[ \t]{0,9}(\S.*+)")
TASK = re.compile(r"^\[[ xX]\][ \t]{1,4}")

FENCE = re.compile(r"^ {0,3}(?:```|~~~).*")
READ_IN_PLAIN = frozenset(["heading_open", "hr", "paragraph_open"])

WITHIN = (
    (re.compile(r"&lt;!--(?:(?!--).){0,300}+--&gt;"), ""),
    (re.compile(r"&lt;br\s?/?&gt;", re.I), "<br>"),
    (
        re.compile(
            r"&lt;/?(?:u|b|i|s|em|strong|mark|font|span|div|p|center|kbd|sup|sub)\b[^&<>]{0,9}(?:=[^<>]{0,99}?)?&gt;"
        ),
        "",
    ),
    (re.compile(r"\[\^(\w{1,20})\]"), r"<sup>[\1]</sup>"),
    (re.compile(r"\[([^\[\]\n]{1,200})\]\[[^\[\]\n]{0,80}\]"), r"\1"),
    (re.compile(r"\*\*(?=[^\s*，。！？、；：])([^*\n]{1,300})(?<!\s)\*\*"), r"<b>\1</b>"),
)
"""What is left as text, as HTML: tags that show nothing (others are text), footnote marks, references explained
elsewhere, and bold that ends with a mark before a Han, which CommonMark does not see: **“船”**要."""

TIMES = re.compile("[A-Za-z0-9][*][A-Za-z0-9]")
TAG = re.compile(r"<[^<>]{1,2300}>")
SIGNS = re.compile(r"[\[*_`~]")
MOST_SIGNS = 200
"""Signs of a line that is read for what stands within it: the time grows with their square."""

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
    lines = [line.replace(TOKEN, "") for line in lines]
    notes = {n: note for n, line in enumerate(lines) if (note := NOTE.fullmatch(line))}
    blocks: dict[str, str] = {}
    at: dict[int, tuple[int, str]] = {
        n: (n + 1, f"<p>[{note[1]}] {inline(note[2])}</p>") for n, note in notes.items()
    }
    at |= {
        start: (stop, block)
        for start, stop, block in _blocks(["" if n in notes else line for n, line in enumerate(lines)])
    }
    out: list[str] = []
    n = 0
    while n < len(lines):
        stop, block = at.get(n, (n + 1, None))
        if block is None:
            out.append(lines[n])
        elif block:
            blocks[token := f"{TOKEN}{len(blocks)}"] = block
            out += ["", token, ""]
        n = stop
    return out, blocks


def inline(text: str) -> str:
    """A line as HTML.

    >>> inline("**船**要下水，见[主页](https://a.cn)，先 `make` 再看 3*4*5。")
    '<strong>船</strong>要下水，见<a href="https://a.cn">主页</a>，先 <code>make</code> 再看 3*4*5。'
    """
    return html.escape(text) if _is_noise(text) else str(_reader().renderInline(text))


def _is_noise(line: str) -> bool:
    return len(SIGNS.findall(line)) > MOST_SIGNS


def without_marks(text: str) -> str:
    """A line without its markup.

    >>> without_marks("**旧船厂**里的[修船人](/a)")
    '旧船厂里的修船人'
    """
    return html.unescape(TAG.sub("", inline(text)))


@cache
def _reader() -> MarkdownIt:
    reader = _markdown_it()
    reader.add_render_rule("text", _text)
    return reader


def _markdown_it() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "breaks": True})
    reader.inline.ruler.before("emphasis", "times", _times)
    return reader.enable(["table", "strikethrough"]).disable(["code", "html_block", "html_inline"])


def _times(state: StateInline, silent: bool) -> bool:
    """The sign of 3*4*5, which CommonMark takes for emphasis."""
    around = state.src[max(0, state.pos - 1) : state.pos + 2]
    if not TIMES.fullmatch(around):
        return False
    if not silent:
        state.pending += "*"
    state.pos += 1
    return True


@cache
def _outline() -> MarkdownIt:
    """Finds the blocks alone: what stands within the lines of a paragraph is read when they are joined."""
    return _markdown_it().disable(["inline"])


def _text(_: RendererProtocol, tokens: Sequence[Token], at: int, *_rest: Any) -> str:
    text = html.escape(tokens[at].content)
    for pattern, written in WITHIN:
        text = pattern.sub(written, text)
    return text


def _blocks(lines: list[str]) -> Iterator[tuple[int, int, str]]:
    """(first line, one past its last, HTML) of each block; "" for what shows nothing: addresses of references."""
    env: MutableMapping[str, Any] = {}
    outer = [token for token in _outline().parse("\n".join(lines), env) if not token.level and token.map]
    if outer and outer[-1].type == "fence" and not _is_closed(outer[-1], lines):
        # it would take all that follows: a sign that nothing answers is a sign
        begun = _lines_of(outer[-1]).start
        yield from _blocks([FENCE.sub("", line) if n >= begun else line for n, line in enumerate(lines)])
        return
    shown = 0
    for token in outer:
        covered = _lines_of(token)
        yield from ((n, n + 1, "") for n in range(shown, covered.start) if lines[n].strip())
        if token.type not in READ_IN_PLAIN:
            yield covered.start, covered.stop, _block(lines[covered.start : covered.stop], env)
        shown = covered.stop
    yield from ((n, n + 1, "") for n in range(shown, len(lines)) if lines[n].strip())


def _lines_of(token: Token) -> range:
    return range(*(token.map or (0, 0)))


def _block(lines: Sequence[str], env: MutableMapping[str, Any]) -> str:
    """The lines of a block as HTML, without the boxes of a list of tasks: [ ] and [x]."""
    if any(map(_is_noise, lines)):
        return "".join(f"<p>{html.escape(line)}</p>" for line in lines)
    tokens = _reader().parse("\n".join(lines), env)
    for item, paragraph, said in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if (item.type, paragraph.type) == ("list_item_open", "paragraph_open") and said.children:
            said.children[0].content = TASK.sub("", said.children[0].content, count=1)
    return str(_reader().renderer.render(tokens, _reader().options, env))


def _is_closed(fence: Token, lines: Sequence[str]) -> bool:
    covered = _lines_of(fence)
    return len(covered) > 1 and lines[covered[-1]].strip().startswith(fence.markup)
