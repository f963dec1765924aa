"""Texts that a page keeps where nothing is shown at all: in attributes of its elements and in comments.

Frameworks hand a page its state in one attribute (Inertia's `data-page`, Livewire, Astro's islands), lazy readers keep
the body as HTML in another, and portals send parts of a page as comments that a script takes out of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser

from pipeline.extract.scripts import from_base64, han_in, most_han

MOST_NODES = 50_000
"""Nodes of a page that are looked at; asked only of pages that show no article."""

SHOWN = frozenset(
    {"alt", "title", "placeholder", "content", "href", "src", "style", "class", "srcdoc", "label"}
)
"""Attributes that say what their own element is, or that are read elsewhere."""

SKIPPED = frozenset({"script", "style", "meta", "link"})


def texts_beside(tree: LexborHTMLParser, least: int) -> Iterator[tuple[str, str]]:
    """(attribute or comment, text) of each that may hold so many Han characters, in page order; script for a state that
    stands as a text in an element."""
    if tree.root is None:
        return
    for count, node in enumerate(tree.root.traverse(include_text=True)):
        if count >= MOST_NODES:
            return
        tag = node.tag or ""
        if tag == "-comment":
            text = node.comment_content or ""
            if most_han(text) >= least and han_in(text) >= least:
                yield "comment", text
        elif tag == "-text":
            text = node.text_content or ""
            if text.lstrip()[:1] in ("{", "[") and most_han(text) >= least and han_in(text) >= least:
                yield "script", text
        elif tag not in SKIPPED:
            for name, value in node.attributes.items():
                if value is None or len(value) < least or name in SHOWN or name.startswith("aria-"):
                    continue
                text = from_base64(value) or value
                if most_han(text) >= least and han_in(text) >= least:
                    yield "attribute", text
