"""Personal data in an article masked on request: numbers of identity cards, bank cards and mobile phones, e-mail.

Each sign of what is masked becomes MASK, so that nothing moves; what it was stands in the structure, as spans of the
kind `masked`. Only what proves itself is masked: a card by its check digit (ISO 7064 and ISO/IEC 7812, python-stdnum),
a mobile number by the numbering plan of its country (phonenumbers). The archive keeps the page as it was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any

from pipeline.records import MASKED, Article, Flag, Span

MASK = "█"
"""Stands for one masked sign: no letter, digit or mark of a text, so that normalization leaves it."""

LONGEST = 200_000
"""Code points of a text that are searched; a longer one is a book."""

_DIGITS = str.maketrans("０１２３４５６７８９ＸＸｘ＠．－　", "0123456789XXx@.- ")
"""Full-width signs as ASCII, one for one, so that places stay."""

_ID_CARD = re.compile(r"(?<![0-9A-Za-z])[1-9]\d{5}(?:19|20)\d{9}[\dXx](?![0-9A-Za-z])")
_BANK_CARD = re.compile(
    r"(?<![\d.])(?:62|60|4\d|5[1-5]|2[2-7]|35)\d\d(?:[ -]?\d{4}){3}(?:[ -]?\d{1,3})?(?![\d.])"
)
_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z]{2,24}(?![A-Za-z0-9])"
)
_AMOUNT = re.compile(r"\s?(?:元|万|亿|億|萬|美元|港元|人民币|次|人|吨|噸|%)")
"""What follows a number that counts something."""

REGIONS = ("CN", "TW")
"""Whose numbers are known without a country code; any other country's with one."""


def _id_cards(text: str) -> Iterator[tuple[int, int]]:
    check = import_module("stdnum.cn.ric")
    return (found.span() for found in _ID_CARD.finditer(text) if check.is_valid(found[0].upper()))


def _bank_cards(text: str) -> Iterator[tuple[int, int]]:
    check = import_module("stdnum.luhn")
    digits = ((found, re.sub(r"[ -]", "", found[0])) for found in _BANK_CARD.finditer(text))
    return (found.span() for found, plain in digits if 16 <= len(plain) <= 19 and check.is_valid(plain))


def _phones(text: str) -> Iterator[tuple[int, int]]:
    """Mobile numbers; that of an office, a hotline or a fax is no person's."""
    phones: Any = import_module("phonenumbers")
    mobile = {phones.PhoneNumberType.MOBILE, phones.PhoneNumberType.FIXED_LINE_OR_MOBILE}
    for region in REGIONS:
        for found in phones.PhoneNumberMatcher(text, region, leniency=phones.Leniency.VALID):
            if phones.number_type(found.number) in mobile and not _AMOUNT.match(text, found.end):
                yield found.start, found.end


def _emails(text: str) -> Iterator[tuple[int, int]]:
    return (found.span() for found in _EMAIL.finditer(text))


KINDS: dict[str, Callable[[str], Iterator[tuple[int, int]]]] = {
    "id-card": _id_cards,
    "bank-card": _bank_cards,
    "phone": _phones,
    "email": _emails,
}
"""What `mask` of a source may name → where it stands in a text; the first that finds a place has it."""


def mask(text: str, kinds: tuple[str, ...]) -> tuple[str, tuple[Span, ...]]:
    """The text with what is personal masked, as long as before, and the spans of it in their order.

    >>> mask("电话13812345678。", ("phone",))[0]
    '电话███████████。'
    """
    read = text[:LONGEST].translate(_DIGITS)
    if not any("0" <= sign <= "9" or sign == "@" for sign in read):
        return text, ()
    signs, spans = list(text), []
    for kind in (each for each in KINDS if each in kinds):
        for start, end in sorted(set(KINDS[kind]("".join(signs[:LONGEST]).translate(_DIGITS)))):
            if MASK not in signs[start:end]:
                signs[start:end] = MASK * (end - start)
                spans.append(Span(kind=MASKED, level=0, start=start, end=end, label=kind))
    return "".join(signs), tuple(sorted(spans, key=lambda span: span.start))


def masked(article: Article, kinds: tuple[str, ...]) -> Article:
    """An article with its text, title, captions and reprint terms masked, and a flag where anything was."""
    text, spans = mask(article.extracted, kinds)
    title, in_title = mask(article.title or "", kinds)
    terms, in_terms = mask(article.reprint_terms or "", kinds)
    said = [mask(caption, kinds) for caption in article.captions]
    labels = [
        replace(span, label=mask(span.label, kinds)[0]) if span.kind == "image" else span
        for span in article.structure
    ]
    if not (spans or in_title or in_terms) and not any(found for _, found in said):
        return article
    return replace(
        article,
        extracted=text,
        title=title or None,
        reprint_terms=terms or None,
        captions=tuple(caption for caption, _ in said),
        structure=tuple(sorted([*labels, *spans], key=lambda span: (span.start, -span.end))),
        flags=(*article.flags, Flag(name=MASKED)),
    )
