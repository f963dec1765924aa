"""How many lines of mojibake are cured, by kind of text and way it was misread; how many clean lines change.

    python -m benchmarks.mojibake news=FILE prose=FILE [hk=FILE tw=FILE] [--lines 2000]

FILE holds a line of text a line; without `hk` and `tw` they are made of the others with OpenCC. Each line is
encoded in one way and decoded in another; a line that cannot be is left out of its row. ftfy's `fix_encoding`
runs beside ours. Clean lines are those of all kinds and, for Latin scripts, the messages of the machine's own
translations (/usr/share/locale/*/LC_MESSAGES).
"""

from __future__ import annotations

import argparse
import gettext
import random
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import ftfy
import opencc
from ftfy import bad_codecs  # noqa: F401  (registers sloppy-windows-1252)

from pipeline.normalize.mojibake import mojibake
from pipeline.rules.han import HAN

SLOPPY = "sloppy-windows-1252"
WAYS: dict[str, tuple[tuple[str, str], ...]] = {
    "utf-8 as latin-1": (("utf-8", "latin-1"),),
    "utf-8 as cp1252": (("utf-8", SLOPPY),),
    "utf-8 as latin-1 twice": (("utf-8", "latin-1"), ("utf-8", "latin-1")),
    "utf-8 as cp1252 twice": (("utf-8", SLOPPY), ("utf-8", SLOPPY)),
    "utf-8 as gbk": (("utf-8", "gb18030"),),
    "utf-8 as gbk, browsers": (("utf-8", "whatwg-gbk"),),
    "gbk as latin-1": (("gbk", "latin-1"),),
    "gbk as cp1252": (("gbk", SLOPPY),),
    "big5 as latin-1": (("big5hkscs", "latin-1"),),
    "big5 as cp1252": (("big5hkscs", SLOPPY),),
}
LATIN = [
    "tr",
    "vi",
    "fr",
    "de",
    "es",
    "pt_BR",
    "it",
    "pl",
    "cs",
    "sv",
    "nb",
    "fi",
    "hu",
    "ro",
    "nl",
    "ca",
    "is",
    "et",
    "cy",
]
_EURO = 0x80
SHORTEST, LATIN_LINES = 6, 100_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kinds", nargs="+", metavar="KIND=FILE")
    parser.add_argument("--lines", type=int, default=2000)
    args = parser.parse_args()
    files = dict(kind.split("=", 1) for kind in args.kinds)
    kinds = {kind: list(lines_of(Path(file))) for kind, file in files.items()}
    for kind, made_of, config in (("hk", "news", "s2hk"), ("tw", "prose", "s2twp")):
        if kind not in kinds and made_of in kinds:
            kinds[kind] = list(map(opencc.OpenCC(config).convert, kinds[made_of]))
    print(f"{'':24}" + "".join(f"{kind:>24}" for kind in kinds) + "   (ours, ftfy, lines)")
    for way, steps in WAYS.items():
        print(f"{way:24}" + "".join(f"{row(lines, steps, args.lines):>24}" for lines in kinds.values()))
    for kind, lines in {**kinds, "latin": list(latin_lines())}.items():
        changed = [line for line in lines if mojibake(line) != line]
        print(f"clean {kind:18} {len(changed)} of {len(lines)} changed", changed[:3])


def lines_of(file: Path) -> Iterator[str]:
    """Different lines with Han, of six characters at least."""
    lines = dict.fromkeys(map(str.strip, file.read_text(encoding="utf-8").split("\n")))
    return (line for line in lines if len(line) >= SHORTEST and re.search(f"[{HAN}]", line))


def latin_lines() -> Iterator[str]:
    """Lines of the machine's translations into languages of Latin script that hold a letter beyond ASCII."""
    found: dict[str, None] = {}
    for language in LATIN:
        for file in sorted(Path("/usr/share/locale").glob(f"{language}/LC_MESSAGES/*.mo")):
            with file.open("rb") as stream, suppress(UnicodeDecodeError):  # a few are not UTF-8
                catalog = gettext.GNUTranslations(stream)._catalog
                found.update((line, None) for text in catalog.values() for line in text.split("\n"))
    lines = [line for line in found if not line.isascii()]
    return iter(random.Random(1).sample(lines, min(LATIN_LINES, len(lines))))


def row(lines: list[str], steps: tuple[tuple[str, str], ...], most: int) -> str:
    """Shares of the lines cured by us and by ftfy, and how many lines there were."""
    pairs = list(misread(random.Random(1).sample(lines, min(most, len(lines))), steps))
    ours, ftfys = (share(pairs, cure) for cure in (mojibake, ftfy.fix_encoding))
    return f"{ours:.4f} {ftfys:.4f} {len(pairs):5}"


def misread(lines: list[str], steps: tuple[tuple[str, str], ...]) -> Iterator[tuple[str, str]]:
    for line in lines:
        wrong = line
        try:
            for right, read_as in steps:
                wrong = decoded(wrong.encode(right), read_as)
        except UnicodeError:
            continue
        if "\n" not in wrong:
            yield line, wrong


def decoded(coded: bytes, read_as: str) -> str:
    """What bytes are read as; `whatwg-gbk` is GBK as browsers read it, whose byte 80 is the euro."""
    if read_as != "whatwg-gbk":
        return coded.decode(read_as)
    pieces: list[str] = []
    while coded:
        size = 1 if coded[0] <= _EURO else 2
        pieces.append("\u20ac" if coded[0] == _EURO else coded[:size].decode("gb18030"))
        coded = coded[size:]
    return "".join(pieces)


def share(pairs: list[tuple[str, str]], cure: Callable[[str], str]) -> float:
    return sum(cure(wrong) == line for line, wrong in pairs) / max(1, len(pairs))


if __name__ == "__main__":
    main()
