"""The page of a listing that follows one, as far back as it goes.

Of an article the next part is found by `nextpart`, which is strict since what it finds is joined; here whatever calls
itself the next page is followed, since nothing is lost by a wrong one: it leads to no article.
"""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser

from pipeline.nextpart import MAX_LINKS, NEXT_WORDS
from pipeline.parsing import tamed
from pipeline.web.urls import fetch_form, same_site, url_key

OLDER_WORDS = frozenset(
    {"更早", "较早", "较早的文章", "较旧", "旧文章", "older", "older posts", "older entries"}
)
"""What else the link to older articles is called."""

LONGEST = 20
"""Code points of the longest text of such a link."""


def older_page(html: str, url: str, number: int, encoding: str = "utf-8") -> str | None:
    """Fetch form of the page after `url`, page `number` of its listing (from 1); None: it is the last.

    `encoding` is the codec of the page, in which its links mean their queries.

    A link counts on the same site, with rel=next, or with a text that says so, or is the next number; in this order.
    """
    tree = LexborHTMLParser(tamed(html))
    base = tree.css_first("base[href]")
    here = fetch_form((base.attributes.get("href") or "").strip(), url) if base is not None else None
    itself = url_key(url)
    best: tuple[int, str] | None = None
    for link in tree.css("a[href], link[rel=next]")[:MAX_LINKS]:
        text = (link.text() or "").strip() if link.tag == "a" else ""
        rel = (link.attributes.get("rel") or "").split()
        if "next" in rel:
            rank = 0
        elif len(text) > LONGEST:
            continue
        elif NEXT_WORDS.fullmatch(text) or text.casefold() in OLDER_WORDS:
            rank = 1
        elif text == str(number + 1):
            rank = 2
        else:
            continue
        target = fetch_form((link.attributes.get("href") or "").strip(), here or url, encoding)
        is_other = target is not None and same_site(target, url) and url_key(target) != itself
        if target is not None and is_other and (best is None or rank < best[0]):
            best = (rank, target)
    return best[1] if best else None
