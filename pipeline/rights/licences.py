"""Which licence an address or a phrase names: Creative Commons in its many spellings, simplified and traditional.

Addresses are those of creativecommons.org, /licenses/<kind>/<version>/ or /publicdomain/zero/1.0/, without `deed` and
language: the same licence has the same address. Up to 3.0 there are some for the law of a place, whose letters stay. A
phrase that names no version names a kind of licence and no licence: it has no address.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline.records import Right

BASE = "https://creativecommons.org"
ZERO = f"{BASE}/publicdomain/zero/1.0/"
MARK = f"{BASE}/publicdomain/mark/1.0/"

MAX_CHARS = 300
"""Of a phrase that are read."""

_ADDRESS = re.compile(
    r"creativecommons\.(?:org|net)(?:\.cn)?/(licenses/(by(?:-nc)?(?:-nd|-sa)?)/([1-4]\.[05])|publicdomain/(zero|mark)/1\.0)(?![\d.])"
    r"(?:/([a-z]{2}|igo)(?![\w.-]))?",
    re.I,
)
_VERSION = re.compile(r"(?<![\d.])([1-4]\.[05])(?![\d.])")
_SHORT_VERSION = re.compile(r"(?<![\d.])([2-4])(?![\d.年月])")
_ZERO = re.compile(r"\bCC\s?-?0\b|CC\s?Zero", re.I)
_COMMONS = re.compile(
    r"(?<![A-Za-z])CC(?![A-Za-z])|Creative\s?Commons|知识共享|知識共享|创作共用|創作共用|创用\s?CC|創用\s?CC",
    re.I,
)
_PARTS = (
    ("nc", re.compile(r"(?<![A-Za-z])NC(?![A-Za-z])|非商[业業]性?|Non-?Commercial", re.I)),
    ("nd", re.compile(r"(?<![A-Za-z])ND(?![A-Za-z])|禁止演[绎繹]|禁止改作|No-?Deriv", re.I)),
    ("sa", re.compile(r"(?<![A-Za-z])SA(?![A-Za-z])|相同方式(?:共享|分享)|Share-?Alike", re.I)),
)
_PLACES = (
    ("台灣", "tw/"), ("台湾", "tw/"), ("臺灣", "tw/"), ("中国大陆", "cn/"), ("香港", "hk/"), ("澳門", "mo/"),
    ("China Mainland", "cn/"), ("Taiwan", "tw/"), ("Hong Kong", "hk/"),
)  # fmt: skip
"""Where licences before 4.0 were made for the law of a place, how a phrase names it → what its address ends with."""
_BY = re.compile(r"(?<![A-Za-z])BY(?![A-Za-z])|署名|姓名[标標]示|Attribution", re.I)


def licence_at(address: str) -> str | None:
    """The address of the Creative Commons licence that an address is, in its one form; None: it is no such."""
    found = _ADDRESS.search(address[:MAX_CHARS])
    if found is None:
        return None
    if found[4]:
        return ZERO if found[4].lower() == "zero" else MARK
    place = f"{found[5].lower()}/" if found[5] and found[3] < "4" else ""
    return f"{BASE}/licenses/{found[2].lower()}/{found[3]}/{place}"


def licence_in(phrase: str) -> str | None:
    """The kind and version of the Creative Commons licence that a phrase names, as its address.

    Without a version it is `https://creativecommons.org/licenses/by-nc/`, which is no address of a licence: see
    `is_address`. None: the phrase names none.

    >>> licence_in("知识共享署名-非商业性使用 4.0 国际许可协议")
    'https://creativecommons.org/licenses/by-nc/4.0/'
    """
    phrase = phrase[:MAX_CHARS]
    if (there := licence_at(phrase)) is not None:
        return there
    if _ZERO.search(phrase):
        return ZERO
    if not (_COMMONS.search(phrase) and _BY.search(phrase)):
        return None
    parts = [name for name, pattern in _PARTS if pattern.search(phrase)]
    if "nd" in parts and "sa" in parts:  # there is no such licence: two are named
        return None
    kind = "-".join(["by", *parts])
    version = _VERSION.search(phrase) or _SHORT_VERSION.search(phrase)
    number = (version[1] if "." in version[1] else f"{version[1]}.0") if version else ""
    if not number:
        return f"{BASE}/licenses/{kind}/"
    place = next((code for name, code in _PLACES if name in phrase), "") if number < "4" else ""
    return f"{BASE}/licenses/{kind}/{number}/{place}"


def begins(phrase: str) -> int:
    """Where the name of a Creative Commons licence begins in a phrase; its length where there is none."""
    found = _COMMONS.search(phrase) or _ZERO.search(phrase)
    return found.start() if found else len(phrase)


def is_address(licence: str) -> bool:
    """Whether what `licence_in` gave is the address of one licence, its version known."""
    return licence.count("/") >= 6 or not licence.startswith(BASE)


def named(rights: Iterable[Right]) -> tuple[str | None, bool]:
    """(Address of the one licence that facts name, whether they name several).

    A licence without a version agrees with one that has it; an address that is of no licence we know stands as it is.
    """
    found: dict[str, None] = {}
    for right in rights:
        if right.name == "license" and (licence := licence_in(right.said) or _plain(right.said)):
            found[licence] = None
    kinds = [each for each in found if not any(o != each and o.startswith(each) for o in found)]
    addresses = [each for each in kinds if is_address(each)]
    return (addresses[0] if addresses and len(kinds) == 1 else None), len(kinds) > 1


def _plain(said: str) -> str | None:
    return said if said.startswith(("http://", "https://")) and " " not in said else None


def contradict(terms: str, licence: str) -> bool:
    """Whether a source's `terms` name another Creative Commons licence than its page does.

    Versions differ only where both name one; terms that name no such licence contradict nothing.
    """
    ours, theirs = licence_in(terms), licence_in(licence)
    if ours is None or theirs is None or ours == theirs:
        return False
    shorter, longer = sorted((ours, theirs), key=len)
    return not longer.startswith(shorter)
