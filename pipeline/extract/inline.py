"""Formulas, powers, indices, footnote marks and code inside a line, told in its plain text before the tags go.

`E=mc<sup>2</sup>` read without its tags is E=mc2, and a formula of MathJax or KaTeX is lost or stands there twice.
So these elements become text first: a power ², an index ₂, a formula its LaTeX source between dollar signs. What is
a formula, a footnote mark or code is told to the walk of the page (layout.py) by noncharacters round the text,
which Unicode keeps free for such use inside a program.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

SOUGHT_TAGS = ("math", "sup", "sub", "code", "kbd", "samp", "tt", "mjx-container")
SOUGHT_NAMES = (
    ".katex, .katex-display, .mwe-math-element, .ztext-math, [data-tex], script[type^='math/tex'],"
    " .MathJax_Preview, .MathJax, .MathJax_Display, .MathJax_SVG,"
    " img[src*='equation?tex='], img[src*='.latex?'], img.latex[alt], img.tex[alt], img.math[alt]"
)
SOUGHT = f"{', '.join(SOUGHT_TAGS)}, {SOUGHT_NAMES}"
"""Presentation MathML, KaTeX, MathJax 2 and 3, MediaWiki, Zhihu, and images that hold their LaTeX source in `alt`."""

_MAY_BE_SOUGHT = re.compile(r"tex\b|math|\.latex\?", re.I)
"""In the class, type or address of each of SOUGHT_NAMES."""

MOST = 3_000
"""Elements of one page that are looked at."""

LONGEST = 2_000
"""Code points of the longest formula."""

RAISED = 12
"""Code points of the longest power, index or footnote mark; what is longer is text in small print."""

DEEPEST = 40
"""Elements of MathML nested in each other that are read."""

OPEN = {"formula": "\ufdd0", "display": "\ufdd1", "note": "\ufdd2", "code": "\ufdd3"}
CLOSE = "\ufdd7"
_KINDS = {sign: kind for kind, sign in OPEN.items()}
_SIGN = re.compile("([\ufdd0-\ufdd7])")

POWERS = str.maketrans("0123456789+-−=()ni", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ")
INDICES = str.maketrans("0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
"""Unicode has no others that are in common use; any other power is written ^{…}, any other index _{…}."""

NOTE = re.compile(r"[\[［〔【(（]?(?:注|註|note)?\s?(?:\d{1,3}|[*＊†‡①-⑳])[\]］〕】)）]?")
"""What a footnote mark looks like: [1], (注2), *."""

ORDINAL = re.compile(r"(?:st|nd|rd|th|er|re|e|o|a|ers?|TM|®|™|©|SM)", re.I)
"""Raised letters of 1st, 2nd, Mme, Acme(TM): no power."""

BASE = re.compile(r"[A-Za-z0-9)）\]}°′″%²³µμα-ωΑ-Ω]\s?$")
"""What a power or an index stands at; a number raised behind Han or a mark is a footnote mark."""

STYLE = re.compile(r"^\{?\\(?:displaystyle|textstyle)\s?(.{0,2000}?)\}?$", re.S)
"""MediaWiki's wrapping of a formula. One lazy class between two fixed ends, bounded."""


SINGLE = re.compile(r"([_^])\{([A-Za-z0-9])\}")


def reveal_inline(tree: LexborHTMLParser) -> bool:
    """Turns formulas, powers, footnote marks and inline code of a page into text; whether there were any.

    Elements beyond MOST stay as they are.
    """
    found = tree.css(SOUGHT)[:MOST]
    known = {node.mem_id for node in found}
    outer = [
        _around(node, known) for node in found
    ]  # asked before any goes: what a formula holds goes with it
    gone: set[int] = set()
    for node, around in zip(found, outer, strict=True):
        if around & gone:
            continue
        text = _text_of(node)
        if text is not None:
            gone.add(node.mem_id)
            node.replace_with(text)
    return bool(found)


def may_be_sought(attributes: dict[str, str | None]) -> bool:
    """Whether an element with such attributes may be of SOUGHT_NAMES."""
    told = (attributes.get(name) for name in ("class", "type", "src"))
    return "data-tex" in attributes or any(_MAY_BE_SOUGHT.search(value) for value in told if value)


def _around(node: LexborNode, known: set[int]) -> set[int]:
    """Which of the known elements an element stands in."""
    around = set()
    at = node.parent
    while at is not None:
        if at.mem_id in known:
            around.add(at.mem_id)
        at = at.parent
    return around


def marks_of(text: str) -> tuple[str, tuple[tuple[str, int, int], ...]]:
    """The text of a line without the signs in it, and what they say: (kind, start, end), in order.

    A page that holds these signs itself can mark what it likes and no more.

    >>> marks_of("质能式\\ufdd0$E=mc^2$\\ufdd7。")
    ('质能式$E=mc^2$。', (('formula', 3, 11),))
    """
    pieces: list[str] = []
    marks: list[tuple[str, int, int]] = []
    length, kind, start = 0, "", 0
    for piece in _SIGN.split(text):
        if piece in _KINDS:
            kind, start = _KINDS[piece], length
        elif piece == CLOSE:
            if kind and length > start:
                marks.append((kind, start, length))
            kind = ""
        elif not _SIGN.fullmatch(piece):
            pieces.append(piece)
            length += len(piece)
    return "".join(pieces), tuple(marks)


def without_signs(text: str) -> str:
    """The text without the signs."""
    return _SIGN.sub("", text)


def _text_of(node: LexborNode) -> str | None:
    """What an element is as text; "" for what only repeats a formula, None for what stays an element."""
    tag = node.tag or ""
    if tag in ("sup", "sub"):
        return _raised(node, tag)
    if tag in ("code", "kbd", "samp", "tt"):
        return _code(node)
    source = _source(node)
    if source is None:
        return "" if _repeats(node) else None
    source = " ".join(source.split())
    style = STYLE.match(source)
    source = SINGLE.sub(r"\1\2", (style[1] if style else source).strip().replace("$", ""))
    if not source or len(source) > LONGEST:
        return None
    kind = "display" if _is_display(node) else "formula"
    return f"{OPEN[kind]}{f'$${source}$$' if kind == 'display' else f'${source}$'}{CLOSE}"


def _raised(node: LexborNode, tag: str) -> str | None:
    text = "".join((node.text() or "").split())
    if not text or len(text) > RAISED:
        return None
    before = _before(node)
    link = node.css_first("a[href]")
    points_here = link is not None and (link.attributes.get("href") or "").startswith("#")
    if (
        tag == "sup"
        and NOTE.fullmatch(text)
        and (points_here or text[0] in "[［〔【" or not BASE.search(before))
    ):
        return f"{OPEN['note']}{text.translate(POWERS) if text.isdigit() else text}{CLOSE}"
    if ORDINAL.fullmatch(text) or not (text.isascii() or "−" in text):
        return text
    table, sign = (POWERS, "^") if tag == "sup" else (INDICES, "_")
    if all(ord(character) in table for character in text):
        return text.translate(table)
    return f"{sign}{text}" if len(text) == 1 else f"{sign}{{{text}}}"


def _before(node: LexborNode) -> str:
    """The text right before an element, in its own parent."""
    before = node.prev
    while before is not None and not (before.text() or "").strip():
        before = before.prev
    return ((before.text() or "") if before is not None else "")[-2:]


def _code(node: LexborNode) -> str | None:
    """Code inside a line; a block of code keeps its elements."""
    at = node.parent
    while at is not None and at.tag not in ("pre", "body"):
        at = at.parent
    text = node.text() or ""
    is_block = (at is not None and at.tag == "pre") or "\n" in text.strip()
    return None if is_block or not text.strip() or len(text) > LONGEST else f"{OPEN['code']}{text}{CLOSE}"


def _source(node: LexborNode) -> str | None:
    """The LaTeX source of a formula, wherever its renderer left it; None where there is none."""
    attributes = node.attributes
    if node.tag == "script":
        return node.text()
    if attributes.get("data-tex"):
        return attributes["data-tex"]
    if node.tag == "img":
        named = (
            parse_qs(urlsplit(attributes.get("src") or "").query).get("tex")
            if _is_address(attributes)
            else None
        )
        return named[0] if named else attributes.get("alt")
    annotation = node.css_first("annotation[encoding='application/x-tex'], annotation[encoding='TeX']")
    if annotation is not None and (annotation.text() or "").strip():
        return annotation.text()
    math = node if node.tag == "math" else node.css_first("math")
    if math is None:
        plain = node.css_first(".katex-mathml")
        lines = (plain.text() or "").split("\n") if plain is not None else []
        return next((line.strip() for line in reversed(lines) if line.strip()), None)
    return math.attributes.get("alttext") or _latex(math, 0)


def _is_address(attributes: dict[str, str | None]) -> bool:
    try:
        urlsplit(attributes.get("src") or "")
    except ValueError:
        return False
    return True


def _repeats(node: LexborNode) -> bool:
    """Whether it is MathJax's rendering of a script that stands beside it."""
    return any(name.startswith("MathJax") for name in (node.attributes.get("class") or "").split())


def _is_display(node: LexborNode) -> bool:
    """Whether a formula stands on a line of its own: display="block" of it or in it, mode=display, katex-display."""
    attributes = node.attributes
    said = f"{attributes.get('class') or ''} {attributes.get('type') or ''}"
    own = attributes.get("display") in ("block", "true") or "display" in said
    return own or node.css_first("math[display='block']") is not None


def _latex(node: LexborNode, depth: int) -> str:
    """Presentation MathML as LaTeX: scripts, fractions, roots and tables; anything else is its parts in a row."""
    if depth > DEEPEST:
        return ""
    if node.tag == "-text":
        return node.text_content or ""
    if node.tag in ("annotation", "annotation-xml"):
        return ""
    parts = [part for child in node.iter(include_text=True) if (part := _latex(child, depth + 1).strip())]
    if node.tag == "msqrt":
        parts = ["".join(parts)]  # its parts are one row (MathML Core §3.3.3)
    form = _FORMS.get(f"{node.tag}{len(parts)}") or _FORMS.get(node.tag or "")
    if form is None:
        return " ".join(parts) if node.tag in ("mtr", "mtable") else "".join(parts)
    return (
        form.format(*parts)
        if "{0}" in form
        else form.replace("…", (" & " if node.tag == "mtr" else " \\\\ ").join(parts))
    )


_FORMS = {
    "msup2": "{0}^{{{1}}}",
    "msub2": "{0}_{{{1}}}",
    "msubsup3": "{0}_{{{1}}}^{{{2}}}",
    "munder2": "{0}_{{{1}}}",
    "mover2": "{0}^{{{1}}}",
    "munderover3": "{0}_{{{1}}}^{{{2}}}",
    "mfrac2": "\\frac{{{0}}}{{{1}}}",
    "mroot2": "\\sqrt[{1}]{{{0}}}",
    "msqrt1": "\\sqrt{{{0}}}",
    "mtr": "…",
    "mtable": "\\begin{matrix}…\\end{matrix}",
}
"""MathML element and number of its parts → LaTeX."""
