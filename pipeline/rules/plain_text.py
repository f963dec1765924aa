"""What a body without markup is: a text to read, or bytes, a table, a program, data, which are none."""

from __future__ import annotations

import re
from collections import Counter

from pipeline.rules.signatures import NO_PAGE

HEAD = 64_000
"""Bytes looked at."""

CONTROLS = 0.01
"""Share of control characters from which bytes are no text."""

BEYOND_ASCII = 0.05
"""Share of bytes beyond ASCII that a Chinese text has at least, blanks not counted, addresses and code counted."""

LINES = 3
"""Lines from which a form is told."""

LIKE = 0.8
"""Share of lines that have the form."""

OPENING = re.compile(
    r"\s{0,999}(?:<\?xml[^>]{0,200}>\s{0,99})?<(?:!doctype|!--|html|head|title|meta|body|div|table|script|p|br|a|h1)\b",
    re.I,
)
"""HTML as the WHATWG MIME Sniffing standard (§7.1) tells it: by how it begins."""

DOCUMENT = re.compile(r"<(?:!doctype\s+html|html|body)\b", re.I)
TAG = re.compile(r"</?(?:div|table|p|br|a|td|li|span|h1)\b", re.I)
TAGS = 6
"""Tags in the first 4,096 bytes of a fragment that begins with words; Markdown has one here and there."""

PLAIN_TYPES = frozenset({"text/plain", "text/markdown"})

CODE = re.compile(
    r"\s{0,80}(?:[})\]]|(?:import|from|def|class|function|public|private|static|return|const|let|var|if|for|while|else|"
    r"elif|try|except|package|using|namespace|int|void|select|insert|create)\b|#include|#!|<\?|//|/\*|\$\w|@\w|"
    r"[\w.]{1,40}\s?=\s?[\w\"'({\[]|[\w.]{1,40}\([^)]|[\w-]{1,40}:[\x00-\x7f]{0,200}$)|[\x00-\x7f]{0,200}[;{}]\s{0,9}$",
    re.ASCII | re.IGNORECASE,
)
"""How a line of a program, a style sheet or a settings file begins, or ends if all of it is ASCII."""

CODE_LIKE = 0.6
"""Share of lines of code in code; the others hold its texts."""

BEFORE_COMMENT = "#/*;%<-'\""
"""What stands before words in a program: a comment's sign, or a text's."""

SENTENCE = 24
"""Bytes beyond ASCII, of eight Han at least, in a line of prose."""

SENTENCES = 6
"""Such lines from which what else is there is shown by a text about programs."""

LOG = re.compile(r"\[?(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d|\d{1,3}(?:\.\d{1,3}){3}\s)")
SEPARATORS = ("\t", ",", ";", "|")
BEYOND = re.compile(r"[\x80-\xff]")
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def is_plain(body: bytes, content_type: str) -> bool:
    """Whether a body calls itself plain text and is no HTML."""
    if content_type.partition(";")[0].strip().lower() not in PLAIN_TYPES:
        return False
    text = _ascii(body[:4096])
    return not (OPENING.match(text) or DOCUMENT.search(text) or len(TAG.findall(text)) >= TAGS)


def no_text(body: bytes) -> str | None:
    """Why a body is no Chinese text to read: empty, binary, data, table, log, code, not_chinese; None where it is one.

    Bytes are judged as bytes: what is looked for is ASCII in UTF-8, GB18030 and Big5 alike; UTF-16 needs its mark.
    """
    text = _ascii(body[:HEAD])
    if not text.strip(" \t\r\n\x00"):
        return "empty"
    if body.startswith(NO_PAGE) or len(CONTROL.findall(text)) > CONTROLS * len(text):
        return "binary"
    if re.match(r"\s{0,99}(?:[{\[]\s{0,99}[\"{\[]|<\?xml|<(?:rss|feed|svg|urlset)\b)", text):
        return "data"
    lines = [line for line in re.split(r"[\r\n]+", text) if line.strip()][:2000]
    if len(lines) >= LINES:
        if _is_table(lines):
            return "table"
        if sum(LOG.match(line) is not None for line in lines) >= LIKE * len(lines):
            return "log"
        told = [line for line in lines if not CODE.match(line)]
        if len(lines) - len(told) >= CODE_LIKE * len(lines) and sum(map(_is_sentence, told)) < SENTENCES:
            return "code"
    ink = len(text) - sum(text.count(blank) for blank in " \t\r\n")
    return None if len(BEYOND.findall(text)) >= BEYOND_ASCII * ink else "not_chinese"


def _is_sentence(line: str) -> bool:
    return line.lstrip()[0] not in BEFORE_COMMENT and len(BEYOND.findall(line)) >= SENTENCE


def _ascii(head: bytes) -> str:
    """Bytes as a string in which ASCII is ASCII and all else a character above; for UTF-16 its UTF-8."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.decode("utf-16", "replace").encode()
    return head.decode("latin-1").removeprefix("\xef\xbb\xbf")


def _is_table(lines: list[str]) -> bool:
    """Whether nearly all lines have one separator equally often, and at least once."""
    for separator in SEPARATORS:
        (often, number), *_ = Counter(line.strip().count(separator) for line in lines).most_common(1)
        if often and number >= LIKE * len(lines) and (often >= 2 or separator == "\t"):
            return True
    return False
