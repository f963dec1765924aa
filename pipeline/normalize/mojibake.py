"""Mojibake that decoding again cures: UTF-8, GBK or Big5 read as Latin-1 or Windows-1252, UTF-8 read as GBK.

A line is judged by evidence: its bytes must be valid in the right encoding throughout, and what they say then must
be what Chinese text is made of. ftfy knows the UTF-8 half of this (`fix_encoding`), and no GBK or Big5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.normalize import triggers
from pipeline.normalize.characters import FULL
from pipeline.normalize.forms import radicals, width
from pipeline.normalize.markup import invisibles
from pipeline.rules import table
from pipeline.rules.han import HAN

_HOLES = b"\x81\x8d\x8f\x90\x9d"
_BYTE_OF = {ord(bytes([byte]).decode("cp1252")): byte for byte in range(0x80, 0xA0) if byte not in _HOLES}
"""Windows-1252 has letters for 27 of the bytes 80–9F; the five holes, and in Latin-1 all of them, are controls."""
_LETTERS_OF_1252 = "".join(map(chr, _BYTE_OF))
_BYTES = re.compile(f"[\x00-\xff{_LETTERS_OF_1252}]*\\Z")
_UTF8_RUN = re.compile(
    "(?:[\xc2-\xdf][{0}]|[\xe0-\xef][{0}]{{2}}|[\xf0-\xf4][{0}]{{3}})+".format(f"\x80-\xbf{_LETTERS_OF_1252}")
)
_AFTER_A_WORD = re.compile("[\xe0-\xef][\x85\x91-\x97\xa0\xa1\xab\xbb\xbf…‘’“”•–—]{2}")
"""A letter and two marks of French or Spanish, which are UTF-8 of a Han: bonté » is bont頻."""
_SOUND = re.compile(
    "[\t -~\u00a0-\u024f\u0370-\u04ff\u2010-\u2bff\u3000-\u30ff\uac00-\ud7a3\ue000-\uf8ff\ufe0f\ufe30-\ufe4f"
    f"\uff00-\uffef\U0001f000-\U0001faff{HAN}]*\\Z"
)
_BEYOND_LATIN = re.compile("[^\x00-\u200f]")
_LATIN = re.compile("[\x00-\xff]*\\Z")

# UTF-8 of Han begins E4–E9, of full-width marks EF BC, of 。、《》 E3 80, of “ E2 80: these pairs read as GBK.
_PAIRS = [bytes((lead, second)) for lead in range(0xE4, 0xEA) for second in range(0x80, 0xC0)] + [
    b"\xef\xbc",
    b"\xe3\x80",
    b"\xe2\x80",
]
_GBK_PAIRS = "".join(pair.decode("gbk", "ignore") for pair in _PAIRS)
_AS_GBK = re.compile(f"[{_GBK_PAIRS}]")
_AS_LATIN = re.compile(f"[\x80-\xff{_LETTERS_OF_1252}]")
_LATIN_LEADS = "\u00a4-\u00b6\u00b8-\u00d6\u00d8-\u00f7"
"""First bytes of UTF-8, GBK and Big5 Han as Latin-1, but for · and ×, which Chinese text has."""
SUSPECT = _GBK_PAIRS + _LATIN_LEADS
"""Characters, as the inside of a class, without which no text is mojibake."""
_SUSPECTS = triggers.trigger_table([SUSPECT])
_HAN = re.compile(f"[{HAN}]")
_NOT_ASCII = re.compile("[^\x00-\x7f]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
_LEAST_HITS = 3
_SHORT = 12
"""Characters beyond ASCII of a line that is believed for two Han, if these are frequent."""
_TYPED = str.maketrans("，：；！？", ",:;!?")
"""Marks that other fixes make of those that are typed; where bytes were lost they are hardly bytes of a character."""
_MOST_COMMON = 8
"""One in so many characters may be a frequent Han; more are clean text, which must not be lost."""
_LOST = b"\xff"
_LOST_CHARACTER = re.compile("\ufffd[?\ufffd]*")
_EURO, _BYTE_80, _EURO_IN_GB18030 = "\u20ac", b"\x80", b"\xa2\xe3"
_MOST_LOST = 2
"""Han that must be read for each that is lost."""
_HAN_OR_MARK = re.compile(f"[{HAN}\u2010-\u2bff\u3000-\u303f\uff00-\uffef]")
_NO_WORD = re.compile("[¢-©¬-´¶¸¹¼-¾][!-~\x80-\xff]|[ª°µ·º»][À-ÿ]|[À-ÖØ-Þ]{5}")
"""Signs joined to what follows, or capitals with accents in a row: Chinese read so has them, words have not."""
_ALPHABET, _ROW = "".join(map(chr, range(0xC0, 0x100))), 5
"""Letters as Latin-1 sorts them: so many in a row are a list of them."""
_SIGN_OF_LATIN = re.compile(f"[ÂÃ][\x80-\xbf{_LETTERS_OF_1252}]")
"""UTF-8 of a sign or letter of Latin-1 misread, which beside Han nothing else is: Â¥, Â°, Ã©."""
_NEIGHBOURS = re.compile(f"[{HAN}{FULL}\uff00-\uffef]{{2,}}")
_LEAST_NEIGHBOURS, _LEAST_LIKELY = 2, 0.5
"""Letters beyond ASCII stand alone in words, Han side by side; chance gives .1 of 1, the worst line of many .5."""


def _first_level(encoding: str, leads: range) -> set[str]:
    """The frequent characters of an encoding, which it sorts before the rare ones."""
    trails = [*range(0x40, 0x7F), *range(0xA1, 0xFF)]
    return {bytes((lead, trail)).decode(encoding, "ignore") for lead in leads for trail in trails}


_MARKS = set(f"{FULL}·「」『』\u3000～￥％－＋／０１２３４５６７８９")
_COMMON = {character for row in table("common-han") for character in row[0]} | _MARKS
_USUAL = _first_level("gb2312", range(0xB0, 0xD8)) | _first_level("big5", range(0xA4, 0xC7))


def mojibake(text: str) -> str:
    """Lines of mojibake are decoded again if that gives sound text, else they stay; twice misread, twice decoded."""
    if text.isascii() or not triggers.of_text(text, _SUSPECTS):
        return text
    lines = text.split("\n")
    for number, bits in enumerate(triggers.of_lines(text, _SUSPECTS)):
        if bits:
            lines[number] = _cured(lines[number])
    return "\n".join(lines)


def uncured(text: str) -> list[tuple[int, int]]:
    """Where lines of mojibake lie that `mojibake` could not cure: offsets of their first and last code points + 1."""
    if text.isascii() or not triggers.of_text(text, _SUSPECTS):
        return []
    spans, start = [], 0
    for line in text.split("\n"):
        if _reads_as_gbk(line) or _reads_as_latin(line):
            spans.append((start, start + len(line)))
        start += len(line) + 1
    return spans


def _reads_as_gbk(line: str) -> bool:
    hits = len(_AS_GBK.findall(line))
    return hits >= _LEAST_HITS and hits >= len(_NOT_ASCII.findall(line)) // 5


def _reads_as_latin(line: str) -> bool:
    return not _HAN.search(line) and len(_AS_LATIN.findall(line)) >= max(_LEAST_HITS, len(line) // 5)


def _cured(line: str) -> str:
    """The line decoded again until nothing more is found; each time it gets shorter."""
    for plain in _versions(line):
        for cure in (_from_utf8, _from_two_bytes, _from_gbk, _pieces_from_utf8):
            cured = cure(plain)
            if cured is not None:
                return _cured(cured)
    return line


def _versions(line: str) -> Iterator[str]:
    """The line as it stands, and as later fixes would leave it, so that none of them makes it curable."""
    plain = _CONTROL.sub("", line)
    yield plain
    wide = width(radicals(plain))
    if wide != plain:
        yield wide
    seen = invisibles(wide.strip("\x85")).replace("\u00a0", " ").replace("\u3000", " ").strip(" ")
    if seen != wide:
        yield seen


def _bytes(line: str) -> bytes | None:
    """What a line was read from, if every character is one byte of Latin-1 or Windows-1252 and some are not ASCII."""
    if line.isascii() or not _BYTES.match(line):
        return None
    return line.translate(_BYTE_OF).encode("latin-1")


def _from_utf8(line: str) -> str | None:
    """A line of one-byte characters read as UTF-8, as often as it was misread."""
    read = line
    while (coded := _bytes(read)) is not None:
        decoded = _decoded(coded, "utf-8")
        if decoded is None:
            break
        read = decoded
    if read == line or not _is_sound(read):
        return None
    return None if _AFTER_A_WORD.sub("", line).isascii() else read


def _is_sound(read: str) -> bool:
    """Whether no character is one that nobody writes, and they are not letters of a script that two bytes can hit."""
    return _SOUND.match(read) is not None and (
        _BEYOND_LATIN.search(read) is not None or _LATIN.match(read) is not None
    )


def _from_two_bytes(line: str) -> str | None:
    """A line of one-byte characters read as GBK or Big5, the likelier Chinese; where both are alike it stays."""
    coded = _bytes(line)
    if coded is None or not _NO_WORD.search(line):
        return None
    read = [text for text in (_decoded(coded, "gb18030"), _decoded(coded, "big5hkscs")) if text]
    if any(line[at : at + _ROW] in _ALPHABET for at in range(len(line) - _ROW + 1)):
        return None
    best = max(read, key=_likelihood, default="")
    if len(read) > 1 and _likelihood(read[0]) == _likelihood(read[1]) and read[0] != read[1]:
        return None
    if _likelihood(best) < _LEAST_LIKELY or len("".join(_NEIGHBOURS.findall(best))) < _LEAST_NEIGHBOURS:
        return None
    return best


def _from_gbk(line: str) -> str | None:
    """A line of rare Han that are UTF-8 read as GBK; a character of which bytes were lost becomes U+FFFD.

    What cannot be read in GBK was replaced by ? or U+FFFD then: such a mark inside a character is a byte of it, and €
    is the byte 80 (so the WHATWG's Encoding Standard and Windows read it). Where some are lost, a rare Han is one
    that was put together of the wrong bytes.
    """
    first = _NOT_ASCII.search(line)
    is_led = first is not None and _AS_GBK.match(first[0]) is not None
    if not is_led and not _reads_as_gbk(line):
        return None
    beyond_ascii = "".join(_NOT_ASCII.findall(line))
    is_short = is_led and len(beyond_ascii) <= _SHORT
    if not is_short and not _reads_as_gbk(line):
        return None
    if sum(one in _COMMON for one in _HAN.findall(line)) * _MOST_COMMON > len(beyond_ascii):
        return None
    read = min(
        (
            _read_with_losses(one, euro)
            for euro in ((_BYTE_80, _EURO_IN_GB18030) if _EURO in line else (b"",))
            for one in (line.translate(_TYPED), line)
        ),
        key=_losses,
    )
    is_likelier = _likelihood(read.replace("\ufffd", "")) > max(_LEAST_LIKELY, _likelihood(line))
    han = len(_HAN.findall(read))
    if is_short and han < _LEAST_HITS:
        return read if han > 1 and _likelihood(read) == 1 and is_likelier else None
    if not is_likelier or han < _LEAST_HITS or read.count("\ufffd") * _MOST_LOST > han:
        return None
    if "\ufffd" in read and not all(one in _USUAL for one in _HAN.findall(read)):
        return None
    return read


def _read_with_losses(line: str, euro: bytes) -> str:
    """A line of GBK, its € being `euro`, read as UTF-8, with U+FFFD for each character of which a byte is lost."""
    bytes_of = {"\ufffd": _LOST, _EURO: euro}
    coded = b"".join(bytes_of.get(one) or one.encode("gb18030", "replace") for one in line)
    return _LOST_CHARACTER.sub("\ufffd", coded.decode("utf-8", "replace"))


def _losses(read: str) -> int:
    return read.count("\ufffd")


def _pieces_from_utf8(line: str) -> str | None:
    """A line that has pieces of UTF-8 misread beside other text.

    A single Han may be a letter and two marks (é·”): beside such a piece it is believed where it is a frequent one.
    Signs and letters of Latin-1 are believed beside Han.
    """
    has_han = _HAN.search(line) is not None

    def replaced(match: re.Match[str]) -> str:
        read = _from_utf8(match[0])
        is_one_han = read is not None and len(read) == 1 and _HAN.match(read) is not None
        is_sign = has_han and _SIGN_OF_LATIN.fullmatch(match[0]) is not None
        return read if read and (is_sign or _BEYOND_LATIN.search(read)) and not is_one_han else match[0]

    def completed(match: re.Match[str]) -> str:
        read = _from_utf8(match[0])
        return read if read in _COMMON else match[0]

    read = _UTF8_RUN.sub(replaced, line)
    return _UTF8_RUN.sub(completed, read) if read != line else None


def _decoded(coded: bytes, encoding: str) -> str | None:
    try:
        return coded.decode(encoding)
    except UnicodeError:
        return None


def _likelihood(text: str) -> float:
    """How much of what is not ASCII in a text is frequent in Chinese: 1 at most, below 0 for chance."""
    characters = _NOT_ASCII.findall(text)
    return sum(map(_weight, characters)) / max(1, len(characters))


def _weight(character: str) -> float:
    if character in _COMMON:
        return 1
    if character in _USUAL:
        return 0.6
    return 0 if _HAN_OR_MARK.match(character) else -1
