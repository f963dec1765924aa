"""The elements of a page that its readers ask for by tag or attribute, found in one look through the tree.

A look takes 0.1 ms a page whatever is asked, and fourteen questions are asked of every page.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.extract.inline import SOUGHT_NAMES, SOUGHT_TAGS, may_be_sought
from pipeline.extract.layout import Attributes

FACTS = ("itemprop", "property", "rel", "title", "datetime")
_SAYING = "[itemprop], [property], [rel], abbr[title], span[title], em[title], time[title], time[datetime]"

_TAGS = "a base button iframe input link meta noscript script template textarea time title"
ASKED = frozenset([*SOUGHT_TAGS, *_TAGS.split()])
"""No others are kept: a thousand live objects more, and Python's collector takes 1.4 ms a page to look at them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elements:
    """Elements in page order. What takes one out of the tree makes them void: look again."""

    tree: LexborHTMLParser
    by_tag: Mapping[str, Sequence[LexborNode]]
    metas: tuple[Attributes, ...]
    """The attributes of `meta` elements with a content."""
    saying: tuple[tuple[LexborNode, Attributes], ...]
    """Elements with microdata, RDFa or a `rel`, and those that may show how long ago something was and have
    its day in `title` or `datetime`."""
    has_inline: bool
    """Whether there may be formulas, powers, footnote marks or code inside lines (inline.py)."""


def read_elements(tree: LexborHTMLParser) -> Elements:
    """One look through a page."""
    by_tag: defaultdict[str, list[LexborNode]] = defaultdict(list)
    if tree.root is not None:
        for node in tree.root.traverse():
            if (tag := node.tag) in ASKED:
                by_tag[tag].append(node)
    named = {node.mem_id: node for node in tree.css(f"{_SAYING}, {SOUGHT_NAMES}")}
    asked = [(node, node.attributes) for node in named.values()]
    saying = tuple((node, said) for node, said in asked if any(name in said for name in FACTS))
    return Elements(
        tree=tree,
        by_tag=by_tag,
        metas=tuple(said for node in by_tag["meta"] if "content" in (said := node.attributes)),
        saying=saying,
        has_inline=any(tag in by_tag for tag in SOUGHT_TAGS) or any(may_be_sought(said) for _, said in asked),
    )
