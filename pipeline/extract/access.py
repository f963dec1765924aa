"""How much of its article a page gives, as it says itself: whole, teaser, paywalled, login.

Read from what the page declares for machines and from notices beside its text, never guessed from the text's length: a
page that says nothing has no state. A fold (展开全文, 打开App阅读全文) hides what may well be in the markup: where the
text above it ends as texts end it is whole, where it breaks off it is a teaser, else nothing is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, islice

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from pipeline.extract.declared import FREE, Declared
from pipeline.extract.elements import Elements
from pipeline.extract.layout import HIDDEN, Layout, Line
from pipeline.extract.variants import either_script
from pipeline.records import Access, AccessState
from pipeline.rules import table

FOLD = "fold"
"""What rules/access.tsv calls a notice that hides text which may be in the markup."""

NOTICE_LINE = 60
"""Code points of the longest line that is a notice."""

BESIDE = 8
"""Lines above and below a text among which a notice is of this text."""

BEHIND = 3
"""Lines below a text among which a fold is of this text: further down teasers of other articles have theirs."""

PRESSED = ("button", "submit")
"""Types of an `input` that is a button."""

MAX_BUTTONS = 300
"""Buttons read of a page."""

MAX_UP = 30
"""Elements above a button in which it may be hidden."""

TRIGGER = either_script(
    r"阅读|查看|浏览|观看|展开|显示|付费|购买|订阅|会员|VIP|试读|登录|登陆|登入|注册|解锁|[aA][pP][pP]|看|节[录选]"
)
"""In every notice: most lines are done with at once."""

SIGNS = re.compile(r"^[^\w¥￥]{1,12}|[\s。.！!～~>»›→←↓▼︾∨…·:：()（）【】\[\]「」]{1,12}$")
"""What stands round a notice and says nothing: arrows, brackets, marks."""

ENDS = re.compile(r"[。！？!?][\s”’\"」』）)】]{0,4}$|[）)】]$")
"""How a text ends that is all there."""

BREAKS = re.compile(r"(?:…|\.{3}|。{3}|[，、：,;；])[\s”’\"」』）)】\]]{0,4}$")
"""How one ends that is cut off."""

TIERS = {"locked": AccessState.PAYWALLED, "free": AccessState.WHOLE}
"""`article:content_tier` (developers.facebook.com, Open Graph); metered is whole to some readers and not to others."""

NO, YES = ("false", "0", "no"), ("true", "1", "yes")
"""Last part of the values of isAccessibleForFree, which should be booleans (schema.org) and often are strings."""


def declared_access(elements: Elements, declared: Declared) -> Access | None:
    """What a page declares for machines; call before elements are taken out of the tree."""
    found = [access for access in _declared(elements, declared) if access is not None]
    partial = (access for access in found if access.state != AccessState.WHOLE)
    return next(partial, found[0] if found else None)


def _declared(elements: Elements, declared: Declared) -> Iterator[Access | None]:
    """What each of its readers says."""
    yield _free(declared.free, "json-ld")
    for css in declared.paid_parts:
        if _shows(elements.tree, css):
            yield Access(state=AccessState.PAYWALLED, place="json-ld", said=css)
    items = (each for each in elements.saying if each[1].get("itemprop") == FREE)
    for item, attributes in islice(items, 1):
        said = attributes.get("content") or attributes.get("href") or item.text() or ""
        yield _free(said, "item")
    tier = declared.meta.get("article:content_tier", "").lower()
    yield Access(state=TIERS[tier], place="meta", said=tier) if tier in TIERS else None


def _free(said: str, place: str) -> Access | None:
    value = said.strip().lower().rsplit("/", 1)[-1]
    state = AccessState.PAYWALLED if value in NO else AccessState.WHOLE if value in YES else None
    return Access(state=state, place=place, said=f"isAccessibleForFree: {value}") if state else None


def _shows(tree: LexborHTMLParser, css: str) -> bool:
    try:
        return tree.css_first(css) is not None
    except (SelectolaxError, ValueError):
        return False


def access_of(
    declared: Access | None, layout: Layout, kept: Sequence[int], buttons: Iterable[str]
) -> Access | None:
    """How much of its article a page gives, by its own words; None: it does not say.

    `kept` are the lines of its text, none where it has no article; then all of its lines are looked at. Order: what is
    printed that must be paid, or logged in for, what is declared closed, a fold, what is declared free.
    """
    printed = [found for line in _beside(layout, kept) if (found := notice(line.text))]
    shown = [(state, said) for state, said in (*printed, *_single(buttons)) if state != FOLD]
    for state in (AccessState.PAYWALLED, AccessState.LOGIN):
        if said := next((said for kind, said in shown if kind == state), None):
            return Access(state=state, place="printed", said=said)
    if declared is not None and declared.state != AccessState.WHOLE:
        return declared
    return _folded(layout, kept, buttons) or declared


def notice(text: str) -> tuple[str, str] | None:
    """(state of rules/access.tsv, the words) of a line that is such a notice, or None."""
    if len(text) > NOTICE_LINE or not TRIGGER.search(text):
        return None
    bare = SIGNS.sub("", text)
    return next(((state, bare) for state, pattern in _patterns() if pattern.fullmatch(bare)), None)


def buttons_of(elements: Elements) -> list[str]:
    """The words of the buttons that a page shows; its lines have none of them."""
    found = []
    inputs = (
        node for node in elements.by_tag["input"] if (node.attributes.get("type") or "").lower() in PRESSED
    )
    for node in islice(chain(elements.by_tag["button"], inputs), MAX_BUTTONS):
        said = node.attributes.get("value") if node.tag == "input" else node.text()
        said = " ".join((said or "")[:200].split())
        if said and not _is_hidden(node):
            found.append(said)
    return found


def _is_hidden(node: LexborNode) -> bool:
    at: LexborNode | None = node
    for _ in range(MAX_UP):
        if at is None:
            return False
        if "hidden" in at.attributes or HIDDEN.search(at.attributes.get("style") or ""):
            return True
        at = at.parent
    return False


def _single(buttons: Iterable[str]) -> list[tuple[str, str]]:
    """The one notice that the buttons of a page give; several are of several texts, whichever."""
    found = [said for button in buttons if (said := notice(button))]
    return found if len(found) == 1 else []


def _beside(layout: Layout, kept: Sequence[int]) -> Iterator[Line]:
    """The lines that may speak of a text, those that the page hides left out."""
    first, last = (kept[0] - BESIDE, kept[-1] + BESIDE + 1) if kept else (0, len(layout.lines))
    for line in layout.lines[max(0, first) : last]:
        if TRIGGER.search(line.text[:NOTICE_LINE]) and not _is_hidden_line(layout, line):
            yield line


def _is_hidden_line(layout: Layout, line: Line) -> bool:
    return any(layout.boxes[box].hidden for box in layout.up(line.box))


def _folded(layout: Layout, kept: Sequence[int], buttons: Iterable[str]) -> Access | None:
    """What the fold of a text says of it, if it has one."""
    if not kept:
        return None
    text = layout.lines[kept[-1]].text
    glued = _fold_at_end().search(text[-NOTICE_LINE:])
    if glued is not None:
        text, said = text[: len(text) - len(glued[0])], glued[0]
    else:
        behind = layout.lines[kept[-1] + 1 : kept[-1] + 1 + BEHIND]
        lines = [(line, found) for line in behind if (found := notice(line.text)) and found[0] == FOLD]
        single = [each for each in _single(buttons) if each[0] == FOLD]
        if not lines and not single:
            return None
        said = lines[0][1][1] if lines else single[0][1]
        if lines and _leads_away(lines[0][0]) and not BREAKS.search(text):
            return None
    if BREAKS.search(text):
        return Access(state=AccessState.TEASER, place="fold", said=said)
    return Access(state=AccessState.WHOLE, place="fold", said=said) if ENDS.search(text) else None


def breaks_off(text: str) -> bool:
    """Whether a text ends as one does that is cut off."""
    return BREAKS.search(text[-NOTICE_LINE:]) is not None


def _leads_away(line: Line) -> bool:
    """Whether a line links to another page: then it may be the teaser of another article."""
    return any(piece.href.startswith(("http:", "https:", "/")) for piece in line.pieces)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((state, either_script(pattern)) for state, pattern, _reason in table("access"))


@cache
def _fold_at_end() -> re.Pattern[str]:
    return either_script(
        r"[\[【（(<《]?(?:(?:点击)?(?:展开|阅读|查看)(?:剩[余餘]|[余餘]下)?全文|全文)[\]】）)>》]?\s{0,2}$"
    )
