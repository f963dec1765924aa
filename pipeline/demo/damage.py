"""What careless tools do to a text on its way to a page, by name; none of it loses a character."""

from __future__ import annotations

from collections.abc import Callable

_FOLDED = str.maketrans("，：；？！（）", ",:;?!()")
_STRAIGHT = str.maketrans("“”‘’", "\"\"''")
_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")

TEXT: dict[str, Callable[[str], str]] = {
    "fold": lambda text: text.translate(_FOLDED),
    "straight": lambda text: text.translate(_STRAIGHT),
    "fullwidth": lambda text: text.translate(_WIDE),
    "ellipsis": lambda text: text.replace("……", "..."),
    "escaped": lambda text: (
        text.replace("“", "&ldquo;").replace("”", "&rdquo;").replace("——", "&mdash;&mdash;")
    ),
}
"""Done to the text before it is written as HTML, so that `escaped` shows the entity's name to the reader."""

MARKUP: dict[str, Callable[[str], str]] = {
    "entities": lambda html: (
        html.replace("“", "&ldquo;")
        .replace("”", "&rdquo;")
        .replace("——", "&mdash;&#8212;")
        .replace("的", "&#x7684;")
    ),
    "nbsp": lambda html: html.replace("。", "。&nbsp;"),
}
"""Done to the HTML: other spellings of the same characters."""


def damaged(text: str, names: tuple[str, ...]) -> str:
    """The text with the named text damages done in order; names of markup damages are passed over."""
    for name in names:
        if name not in MARKUP:
            text = TEXT[name](text)
    return text


def respelled(html: str, names: tuple[str, ...]) -> str:
    """The HTML with the named markup damages done in order."""
    for name in names:
        if name in MARKUP:
            html = MARKUP[name](html)
    return html
