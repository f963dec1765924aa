"""What is left of a page's source in its text: line ends, invisible characters, entities, literal tags."""

from __future__ import annotations

import html
import re
from html.entities import html5

from pipeline.rules import table

LINE_ENDS = "\r\x0b\x0c\x85\u2028\u2029"
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")

_EMOJI = "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_JOINED_SCRIPTS = "\u0600-\u0dff"
_INVISIBLE = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
PRIVATE_USE = "\ue000-\uf8ff\U000f0000-\U0010ffff"
UNSEEN = f"{_INVISIBLE}{PRIVATE_USE}\ud800-\udfff"
"""Characters, as the inside of a class, that `invisibles` looks at."""
_UNSEEN_CHARACTER = re.compile(f"[{UNSEEN}]")
_REMOVED = re.compile(f"[{_INVISIBLE}{PRIVATE_USE}]+")
_FLAG_TAGS = re.compile("[\U000e0030-\U000e007a]{2,6}\U000e007f")
_SURROGATE = re.compile("[\ud800-\udfff]")
_EMOJI_BEFORE = re.compile(f"[{_EMOJI}0-9#*\ufe0f]")
_EMOJI_AFTER = re.compile(f"[{_EMOJI}]")
_MONGOLIAN, _OF_MONGOLIAN = re.compile("[\u1820-\u18aa]"), re.compile("[\u180b-\u180f]")
_JOINED = re.compile(f"[{_JOINED_SCRIPTS}]")

_ENTITY = re.compile(
    r"&(?:(?:amp|#0{0,4}38|#[xX]0{0,4}26);)*([A-Za-z][A-Za-z0-9]{1,31}|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});"
)
_ROUNDS = 3

_KIND = {name: kind for kind, names in table("html-tags") for name in names.split()}
_SPACES = " \t\u00a0\u2002\u2003\u3000"
_EDGE = 20
"""Spaces, at most, between a stray tag and the edge of its line."""
_ALONE = frozenset({"br", "hr"})
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]{0,9}(?::p)?)((?:(?=\s)[ \t]{0,20}\n?[^<>\n]{0,2000})?)(/?)>")
_ATTRIBUTE = re.compile(r"\s[A-Za-z_:][-\w:.]*\s*=")
_NO_ATTRIBUTE = re.compile(
    r"[ \t](?!(?:disabled|checked|hidden|required|readonly|autofocus|controls|loop|muted)(?![A-Za-z]))"
    r"[A-Za-z]+(?![-\w:.=]|[ \t]*=)",
    re.IGNORECASE,
)
"""A word that no element has by itself: <source field> stands for something."""
_COMMENT = re.compile(r"<!--(?:(?!-->|<!--).){0,5000}-->", re.DOTALL)


def line_ends(text: str) -> str:
    """CR LF, CR, form feed, NEL, U+2028 and U+2029 become LF."""
    if not any(end in text for end in LINE_ENDS):
        return text
    return _LINE_END.sub("\n", text)


def invisibles(text: str) -> str:
    """Characters that show nothing are removed: controls, bidi, zero-width, private use, tags, selectors.

    Joiners and U+FE0F stay inside emoji, U+200C and U+200D inside scripts that need them, Mongolian's selectors behind
    its letters. A lone surrogate, which no encoding can store, becomes U+FFFD (and is flagged).
    """
    if not _UNSEEN_CHARACTER.search(text):
        return text
    text = _SURROGATE.sub("\ufffd", text)
    return _REMOVED.sub(_kept_invisible, text)


def _kept_invisible(match: re.Match[str]) -> str:
    run, text = match[0], match.string
    before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
    if run in {"\u200c", "\u200d"} and _JOINED.match(before) and _JOINED.match(after):
        return run
    if _MONGOLIAN.match(before) and _OF_MONGOLIAN.fullmatch(run):
        return run
    if before == "\U0001f3f4" and _FLAG_TAGS.fullmatch(run):
        return run
    if not _EMOJI_BEFORE.match(before):
        return ""
    selector = "\ufe0f" if run.startswith("\ufe0f") and before != "\ufe0f" else ""
    joiner = "\u200d" if "\u200d" in run and _EMOJI_AFTER.match(after) and not before.isdigit() else ""
    return selector + joiner


def entities(text: str) -> str:
    """Character references are decoded, however often they were escaped, only with their semicolon.

    Rounds: at most 3, for a reference that decoding itself puts together.
    """
    for _ in range(_ROUNDS):
        if "&" not in text or ";" not in text:
            break
        decoded = _ENTITY.sub(_decoded, text)
        if decoded == text:
            break
        text = decoded
    return text


def _decoded(match: re.Match[str]) -> str:
    name = match[1]
    if name[0] == "#" or name + ";" in html5:
        return invisibles(line_ends(html.unescape(f"&{name};")))
    return f"&{name};"


def tags(text: str) -> str:
    """Literal HTML tags that have attributes, a partner, or are void go; block tags become line ends.

    So does a block's end tag at the edge of a line. `List<String>`, `a<b` and a bare `<div>` named in
    prose stay.
    """
    if "<" not in text or ">" not in text:
        return text
    text = _COMMENT.sub("", text)
    found = [(m[1], m[2].lower()) for m in _TAG.finditer(text)]
    paired = {name for slash, name in found if not slash} & {name for slash, name in found if slash}

    def replaced(match: re.Match[str]) -> str:
        name = match[2].lower()
        kind = _KIND.get(name)
        if not kind:
            return match[0]
        if not (
            (kind == "void" and not _NO_ATTRIBUTE.search(match[3]))
            or name in _ALONE
            or name in paired
            or _ATTRIBUTE.search(match[3])
            or _is_stray(match)
        ):
            return match[0]
        if kind != "block":
            return ""
        return " " if name == "br" and _is_in_row(match) else "\n"

    for _ in range(_ROUNDS):
        before, text = text, _TAG.sub(replaced, text)
        if text == before:
            break
    return text


def _is_in_row(match: re.Match[str]) -> bool:
    """Whether the tag stands in a row of a table of Markdown, which a line end would break."""
    start = match.string.rfind("\n", 0, match.start()) + 1
    end = match.string.find("\n", match.end())
    return (
        match.string[start : start + 1] == "|" == match.string[: end if end >= 0 else None].rstrip(" ")[-1:]
    )


def _is_stray(match: re.Match[str]) -> bool:
    """Whether this is a block's end tag at the edge of a line, which no prose names so."""
    if match[1] != "/" or _KIND.get(match[2].lower()) != "block":
        return False
    left = match.string[max(0, match.start() - _EDGE) : match.start()].rstrip(_SPACES)
    right = match.string[match.end() : match.end() + _EDGE].lstrip(_SPACES)
    return left[-1:] in {"", "\n", ">"} or right[:1] in {"", "\n", "<"}
