"""Readings that a converter to Traditional script set behind characters it was not sure of: 環(huán)境 → 環境.

Copy farms run Simplified pages through it, so that thousands of domains hold them. A reading for people stands behind
rare characters, or behind all of them; these stand behind common ones that Simplified writes otherwise, and no others.
"""

from __future__ import annotations

import re

from pipeline.normalize.script import HANT_CHARACTER, simplify
from pipeline.rules import table
from pipeline.rules.han import HAN

TONED = "āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜń"
_READING = re.compile(f"([{HAN}])[(（](?=[a-zü]{{0,5}}[{TONED}])[a-zü{TONED}]{{1,6}} ?[)）]")
_INSIDE = re.compile(f"[a-zü{TONED}] ?[)）](?=[{HAN}])")
"""In the middle of a sentence; behind a word that a list teaches stands a mark."""
CUT = re.compile(f"[?？](?=[a-zü]{{0,5}}[{TONED}])[a-zü{TONED}]{{1,6}} ?[)）]")
"""What is left where the converter took half of one character and half of the next for one, and both are lost."""
_COMMON = frozenset("".join(characters for characters, *_ in table("common-han")))
_LEAST_DIFFERENT = 3
"""Different characters with a reading, of which half are common: of real pages each had seven and more."""
_LARGEST_SHARE_OF_OTHERS = 0.1
"""Of all readings, those behind characters that both scripts write alike."""


def readings(text: str) -> str:
    """The text without such readings, where it has them throughout.

    >>> readings("環(huán)境與經(jīng)濟發(fā)展")
    '環境與經濟發展'
    >>> readings("饕(tāo)餮(tiè)與魑(chī)魅(mèi)")
    '饕(tāo)餮(tiè)與魑(chī)魅(mèi)'
    """
    read = [found[1] for found in _READING.finditer(text)]
    inside = len(_INSIDE.findall(text))
    converted = [character for character in read if HANT_CHARACTER.match(character)]
    different = set(converted)
    common = sum(simplify(character) in _COMMON for character in different)
    if (
        len(different) < _LEAST_DIFFERENT
        or 2 * common < len(different)
        or 2 * inside < len(read)
        or len(read) - len(converted) > _LARGEST_SHARE_OF_OTHERS * len(read)
    ):
        return text
    return _READING.sub(lambda found: found[1] if found[1] in different else found[0], text)
