"""An archived page as the browser shows it, made harmless: parsed by Lexbor and written anew from what is allowed.

Nothing of the page's own markup is passed on. Elements and attributes are written from a list of allowed ones,
addresses become the title of inert text, styles lose what names an address (styles.py). What is served carries
HEADERS, so that even what this missed can neither run nor leave; tests/look/test_hostile.py holds each of the two
alone. The walk parts the text into the lines that extraction sees, so that a line can be marked where it stands.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from pipeline.extract.layout import BLOCK, MAX_LINES, UNREAD, collapse
from pipeline.look.styles import harmless

HEADERS = {
    "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'self'",
    "content-type": "text/html; charset=utf-8",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-dns-prefetch-control": "off",
    "cache-control": "no-store",
}
"""Of every answer with an archived page. `sandbox` without a word: no script, no form, no window, no navigation of the
page above, an origin of its own (HTML, "sandboxing"); the page that frames it allows frames of this server alone."""

POLICY = (
    "<meta http-equiv=\"content-security-policy\" content=\"default-src 'none'; style-src 'unsafe-inline';"
    ' img-src data:; base-uri \'none\'; form-action \'none\'"><meta name="referrer" content="no-referrer">'
)
"""The same within a page that is a file: all of it that a meta element can say (CSP 3, 3.3). What it cannot, the frame
says by its `sandbox`; and whoever opens the file itself has a page without scripts before them all the same."""

SANDBOX = ""
"""The `sandbox` of the frame it stands in: allows nothing."""

MARK = "corpus-"
"""How our own classes and ids begin; the page's of that name are left out."""

MAX_DEPTH = 600
"""Elements nested deeper are left out; what `parsing.tamed` lets through stays below."""

MAX_PIECES = 200_000
"""Pieces of markup written of one page."""

MAX_DATA = 300_000
"""Code points of a picture that stands in the page itself."""

_FLOW = (
    "a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del "
    "details dfn dialog dir div dl dt em fieldset figcaption figure font footer h1 h2 h3 h4 h5 h6 header hgroup hr i "
    "ins kbd label legend li main mark menu nav nobr ol p pre q rb rp rt rtc ruby s samp search section small span "
    "strike strong sub summary sup table tbody td tfoot th thead time tr tt u ul var wbr"
)
ALLOWED = frozenset(_FLOW.split())
"""Elements written as they are; any other is a `div` or a `span`, or one of these:"""

VOID = frozenset(["br", "col", "hr", "wbr"])

_GONE = (
    "script noscript template iframe frame frameset noframes object embed applet svg audio video canvas source track "
    "link meta base title head area param portal fencedframe select datalist style"
)
GONE = frozenset(_GONE.split())
"""Elements left out with all that stands in them."""

FIELDS = frozenset(["input", "textarea", "button"])
"""Written as a box that cannot be used."""

_ATTRIBUTES = (
    "align alt bgcolor border cellpadding cellspacing class clear color colspan dir face height hidden id lang noshade "
    "nowrap open reversed rowspan size span start style title type valign value width"
)
ATTRIBUTES = frozenset(_ATTRIBUTES.split())
"""Attributes written; none takes an address."""

_PICTURE = re.compile(r"data:image/(?:png|jpe?g|gif|webp|avif|bmp);base64,[A-Za-z0-9+/=\s]+")
_DOCTYPE = re.compile(r"\s{0,99}(<!doctype html(?:\s[A-Za-z0-9 \"'\-/.:+]{0,200})?>)", re.I)
_STEERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")

LIT = "background:#ffd33d!important;color:#000!important;opacity:1!important;text-decoration:none!important"

# a body that its page shows by a script (WeChat's has visibility:hidden until then) is seen all the same
STYLE = f"""
.corpus-link{{text-decoration:underline dotted;cursor:default}}
.corpus-image,.corpus-field{{display:inline-block;min-width:2em;min-height:1.2em;padding:0 .4em;overflow:hidden;
font:12px/1.5 sans-serif;color:#555;background:#eee;border:1px dashed #999;vertical-align:bottom}}
.corpus-kept{{background:rgba(46,160,67,.16);visibility:visible!important}}
.corpus-cut{{background:rgba(207,34,46,.12);text-decoration:line-through rgba(207,34,46,.6)}}
.corpus-rule::before{{content:attr(data-rule);display:inline-block;margin-right:.4em;padding:0 .35em;border-radius:3px;
font:11px/1.5 monospace;color:#fff;background:#1a6b2d}}
.corpus-cut.corpus-rule::before{{background:#b62324}}
.corpus-outside{{opacity:.5}}
.corpus-line{{scroll-margin:30vh 0}}
.corpus-kept:hover{{outline:1px solid #1a6b2d}}
.corpus-kept:hover::after{{content:"¶" attr(data-line);position:absolute;z-index:9;margin-left:.3em;padding:0 .4em;
border-radius:3px;font:12px/1.6 sans-serif;color:#fff;background:#1a6b2d;text-decoration:none}}
.corpus-line:target{{{LIT};outline:2px solid #b8860b}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How a line is shown."""

    kind: str
    """kept, cut or outside (of the article's element)."""
    rule: str = ""
    """What decided it."""


@dataclass(slots=True, kw_only=True)
class Rewritten:
    """A page written anew, in pieces, with its lines."""

    pieces: list[str] = field(default_factory=list)
    """Markup and escaped text, in order."""
    runs: list[tuple[int, int]] = field(default_factory=list)
    """(piece, line) of each run of text that belongs to a line."""
    lines: list[str] = field(default_factory=list)
    """Text of each line, as extraction sees it."""
    dropped: dict[int, str] = field(default_factory=dict)
    """Line → selector, of those that a `drop` selector of the source takes out before extraction."""
    styles: list[str] = field(default_factory=list)
    """Style sheets that stand in the page."""
    doctype: str = ""
    body: str = ""
    """Attributes of the body."""
    absent: int = 0
    """Style sheets and pictures that the page asks for and the archive does not hold."""


def rewritten(html: str, drop: Sequence[str] = ()) -> Rewritten:
    """The page, decoded and tamed (`extract.as_parsed`), written anew from what is allowed. Never raises.

    `drop` are selectors of its source; what they take is shown and noted.
    """
    tree = LexborHTMLParser(html)
    page = Rewritten()
    if found := _DOCTYPE.match(html[:400]):
        page.doctype = found[1]
    page.absent = len(tree.css("link[rel~=stylesheet i]"))
    page.styles = [harmless(style.text() or "") for style in tree.css("style")]
    if tree.body is None:
        frames = [address for frame in tree.css("frame") if (address := frame.attributes.get("src"))]
        page.pieces = [f"<p>{escape(address)}</p>" for address in frames] or ["<p>(nothing to show)</p>"]
        return page
    page.body = _attributes(tree.body)
    _Walk(page, _marked(tree, drop)).walk(tree.body.child)
    return page


def _marked(tree: LexborHTMLParser, drop: Sequence[str]) -> dict[int, str]:
    """Memory id of each element that a selector takes → the selector."""
    found: dict[int, str] = {}
    for css in drop:
        try:
            found |= {node.mem_id: css for node in tree.css(css)}
        except SelectolaxError:
            continue
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    """What is to be taken up again where an element ends."""

    then: LexborNode | None
    end: str
    tag: str
    by: str
    """The selector that takes out what stands round it."""


class _Walk:
    """State of one walk: the elements that are open, and the line being read."""

    def __init__(self, page: Rewritten, drop: Mapping[int, str]) -> None:
        self.page, self.drop = page, drop
        self.line: list[tuple[int, str]] = []
        """(piece, text) of the runs of the line being read."""
        self.by = ""
        """The selector that takes out what is being read."""
        self.rows = self.unread = 0
        """Open elements in which line ends count, and in which extraction reads no text."""

    def walk(self, node: LexborNode | None) -> None:
        """Depth first with a stack of our own: hostile nesting must not end in a RecursionError."""
        stack: list[_Open] = []
        out = self.page.pieces
        while len(out) < MAX_PIECES:
            if node is None:
                if not stack:
                    break
                node = self.leave(stack.pop())
                continue
            tag = node.tag or ""
            if tag == "-text":
                self.text(node.text_content or "")
            elif tag == "br":
                self.flush()
                out.append("<br>")
            elif tag == "img":
                out.append(self.image(node))
            elif tag in FIELDS:
                out.append(_field(node))
            elif tag not in GONE and tag[:1] != "-" and len(stack) < MAX_DEPTH:
                begin, end = _ends(node, tag)
                out.append(begin)
                stack.append(self.enter(node, tag, end))
                node = node.child
                continue
            node = node.next
        while stack:
            self.leave(stack.pop())
        self.flush()

    def enter(self, node: LexborNode, tag: str, end: str) -> _Open:
        """Open an element."""
        by = self.by or self.drop.get(node.mem_id, "")
        if tag in BLOCK or by != self.by:
            self.flush()
        opened = _Open(then=node.next, end=end, tag=tag, by=self.by)
        self.by = by
        self.rows += tag == "pre"
        self.unread += tag in UNREAD
        return opened

    def leave(self, opened: _Open) -> LexborNode | None:
        """Close it; returns what follows."""
        if opened.tag in BLOCK or opened.by != self.by:
            self.flush()
        self.by = opened.by
        self.rows -= opened.tag == "pre"
        self.unread -= opened.tag in UNREAD
        self.page.pieces.append(opened.end)
        return opened.then

    def text(self, text: str) -> None:
        """A run of text; in `pre` each of its rows is a line."""
        for number, row in enumerate(text.split("\n") if self.rows else (text,)):
            if number:
                self.flush()
                self.page.pieces.append("\n")
            if not self.unread and row and (self.line or not row.isspace()):
                self.line.append((len(self.page.pieces), row))
            self.page.pieces.append(_plain(row))

    def flush(self) -> None:
        """End the line that is being read."""
        runs, self.line = self.line, []
        text = collapse("".join(text for _, text in runs)) if runs else ""
        if not text or len(self.page.lines) >= MAX_LINES:
            return
        number = len(self.page.lines)
        self.page.lines.append(text)
        self.page.runs += [(piece, number) for piece, run in runs if not run.isspace()]
        if self.by:
            self.page.dropped[number] = self.by

    def image(self, node: LexborNode) -> str:
        """A picture that stands in the page itself, or a box that names what the archive does not hold."""
        source = node.attributes.get("src") or ""
        size = "".join(
            f' {name}="{_plain(value)}"'
            for name in ("width", "height")
            if (value := node.attributes.get(name)) and value.isdigit()
        )
        if len(source) <= MAX_DATA and _PICTURE.fullmatch(source):
            return f'<img alt="" src="{escape(source)}"{size}>'
        self.page.absent += 1
        said = node.attributes.get("alt") or "▨"
        return f'<span class="corpus-image" title="{_plain(source[:2000])}">{_plain(said[:200])}</span>'


def _ends(node: LexborNode, tag: str) -> tuple[str, str]:
    """Start and end tag of an element: its own, or that of one which means nothing."""
    if tag == "a" and (address := node.attributes.get("href")):
        said = f' title="{_plain(address[:2000])}"'
        return f'<a class="corpus-link"{said}{_attributes(node, {"title", "class"})}>', "</a>"
    if tag in ALLOWED:
        return f"<{tag}{_attributes(node)}>", "" if tag in VOID else f"</{tag}>"
    tag = "div" if tag in BLOCK else "span"
    return f"<{tag}{_attributes(node)}>", f"</{tag}>"


def _field(node: LexborNode) -> str:
    """What can be written into or pressed, as a box; nothing of one that is hidden."""
    kind = (node.attributes.get("type") or "").lower()
    if kind == "hidden":
        return ""
    said = node.attributes.get("value") or node.attributes.get("placeholder") or ""
    if node.tag != "input":
        said = said or node.text() or ""
    return f'<span class="corpus-field">{_plain(said[:200])}</span>'


def _attributes(node: LexborNode, without: Collection[str] = ()) -> str:
    written = []
    for name, value in node.attributes.items():
        if name not in ATTRIBUTES or name in without:
            continue
        value = value or ""
        if name == "style":
            value = harmless(value)
        elif name in ("id", "class"):
            value = " ".join(part for part in value.split() if not part.startswith(MARK))
        written.append(f' {name}="{_plain(value)}"')
    return "".join(written)


def _plain(text: str) -> str:
    """Text of the page as text of ours: escaped, without control characters."""
    return escape(_STEERS.sub("\ufffd", text))


def marked(page: Rewritten, marks: Mapping[int, Mark]) -> str:
    """The page as HTML, each line with its number as id `corpus-N`, and with its mark if it has one."""
    pieces = list(page.pieces)
    runs: Counter[int] = Counter()
    for piece, line in page.runs:
        mark = marks.get(line)
        names = f"corpus-line corpus-l{line}" + (f" corpus-{mark.kind}" if mark else "")
        more = f' data-line="{line + 1}"' if mark and mark.kind == "kept" else ""
        if not runs[line]:
            more += f' id="{MARK}{line}"'
            if mark and mark.rule:
                names, more = f"{names} corpus-rule", f'{more} data-rule="{_plain(mark.rule)}"'
        runs[line] += 1
        pieces[piece] = f'<span class="{names}"{more}>{pieces[piece]}</span>'
    lit = "".join(
        f":root:has(#{MARK}{line}:target) .corpus-l{line}{{{LIT}}}\n"
        for line, count in runs.items()
        if count > 1
    )
    styles = "".join(f"<style>{style}</style>\n" for style in page.styles)
    return (
        f'{page.doctype}<html><head><meta charset="utf-8">\n{styles}<style>{STYLE}{lit}</style></head>'
        f"<body{page.body}>{''.join(pieces)}</body></html>"
    )


def with_policy(page: str) -> str:
    """A page of `marked` or `as_source` that bears its policy itself, before anything it could hold for."""
    head, begin, rest = page.partition("<head>")
    return f"{head}{begin}{POLICY}{rest}"


def as_source(text: str, more: int = 0) -> str:
    """What is no page (a feed, JSON) as the text that it is; `more` says how many bytes of it are left out."""
    left_out = f"\n… {more:,} bytes more" if more else ""
    return (
        f'<!doctype html><html><head><meta charset="utf-8"><style>{STYLE}</style></head>'
        f'<body><pre style="white-space:pre-wrap;word-break:break-all">{_plain(text)}{left_out}</pre></body></html>'
    )
