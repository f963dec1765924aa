"""Readings that copy farms' programs set behind characters: 環(huán)境 → 環境, 国(guo)(guo)务(wu)院 → 国务院.

A converter to Traditional script sets one behind each character it is not sure of; thousands of domains hold its
pages. A reading for people stands behind rare characters, or behind all of them; these stand behind common ones that
Simplified writes otherwise, and no others. Another program sets readings without tones anywhere, many of them twice,
so that the text is not known as a copy.
"""

from __future__ import annotations

import re

from pipeline.normalize.script import HANT_CHARACTER, simplify
from pipeline.rules import table
from pipeline.rules.han import HAN

TONED = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜń"
_TONED_READING = f"(?=[a-zü]{{0,5}}[{TONED}])[a-zü{TONED}]{{1,6}} ?[)）]"
_IN_BRACKETS = re.compile(f"[(（]{_TONED_READING}")
_READING = re.compile(f"([{HAN}]){_IN_BRACKETS.pattern}")
_INSIDE = re.compile(f"[a-zü{TONED}] ?[)）](?=[{HAN}])")
"""In the middle of a sentence; behind a word that a list teaches stands a mark."""
CUT = re.compile(f"[?？]{_TONED_READING}")
"""What is left where the converter took half of one character and half of the next for one, and both are lost."""
_COMMON = frozenset("".join(characters for characters, *_ in table("common-han")))
_LARGEST_SHARE_OF_OTHERS = 0.1
"""Of all readings, those behind characters that both scripts write alike."""

_REPEATED = re.compile(r"[(（]([a-zü]{1,6})[)）]\W?[(（]\1[)）]")
_BESIDE = (")(", "）（")
_PLAIN_READING = "[(（](?=[a-zü]{0,5}[^\\w\\s()（）]{0,2}[a-zü]{0,5}[)）])[^()（）]{1,8}[)）]"
_PLAIN_READINGS = re.compile(f"(?<=[{HAN}])(?:[^\\w\\s()（）]?{_PLAIN_READING}){{1,8}}")
"""Of one character; a picture sign may stand between two or inside of one."""

_LEAST_DIFFERENT = 3
_LEAST_REPEATED = 5
"""Readings set twice, where only two of them are different."""
"""Different readings set twice, or characters with one, of which half are common: real pages had seven and more."""


def readings(text: str) -> str:
    """The text without the readings of such a converter, where it has them throughout.

    >>> readings("環(huán)境與經(jīng)濟發(fā)展")
    '環境與經濟發展'
    >>> readings("饕(tāo)餮(tiè)與魑(chī)魅(mèi)")
    '饕(tāo)餮(tiè)與魑(chī)魅(mèi)'
    """
    if not _IN_BRACKETS.search(text):
        return text
    read = [found[1] for found in _READING.finditer(text)]
    converted = [character for character in read if HANT_CHARACTER.match(character)]
    different = set(converted)
    common = sum(simplify(character) in _COMMON for character in different)
    if (
        len(different) < _LEAST_DIFFERENT
        or 2 * common < len(different)
        or 2 * len(_INSIDE.findall(text)) < len(read)
        or len(read) - len(converted) > _LARGEST_SHARE_OF_OTHERS * len(read)
    ):
        return text
    return _READING.sub(lambda found: found[1] if found[1] in different else found[0], text)


def repeated_readings(text: str) -> str:
    """The text without readings that have no tones, where several of them stand twice: 国(guo)(guo)务(wu)(wu)院."""
    if not any(beside in text for beside in _BESIDE):
        return text
    repeated = _REPEATED.findall(text)
    different = len(set(repeated))
    if different < _LEAST_DIFFERENT and not (different > 1 and len(repeated) >= _LEAST_REPEATED):
        return text
    return _PLAIN_READINGS.sub("", text)
