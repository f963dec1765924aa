"""Speed of normalization beside opencc.convert and ftfy's safe settings, and the cases, in one run.

    python -m benchmarks.normalize [--shared ../shared] [--rounds 15]

The texts are the articles of the shared seed site, as extracted, once more in their normalized form, and that
made Traditional. All run by turns on them; each figure is the best of the rounds, in CPU time, so that a busy
machine changes them little. Read the ratios. `fix_text` runs with fix_character_width and uncurl_quotes off:
its defaults undo what normalization is for.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import ftfy
import opencc

from pipeline.normalize import normalize, normalize_text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--rounds", type=int, default=15)
    args = parser.parse_args()

    raw = seed_texts(args.shared)
    safe = ftfy.TextFixerConfig(fix_character_width=False, uncurl_quotes=False)
    functions: dict[str, Callable[[str], object]] = {
        "normalize_text": normalize_text,
        "normalize (with flags)": normalize,
        "opencc t2s": opencc.OpenCC("t2s").convert,
        "ftfy, safe settings": lambda text: ftfy.fix_text(text, safe),
    }
    print(
        f"{'':24} {'million characters a second':>28} {'CPU s a MB':>12}"
        f" {'time, ftfy = 1':>16} {'time, opencc = 1':>18}"
    )
    clean = [normalize_text(text) for text in raw]
    traditional = list(map(opencc.OpenCC("s2tw").convert, clean))
    for kind, texts in (("as extracted", raw), ("normalized", clean), ("made Traditional", traditional)):
        characters, megabytes = sum(map(len, texts)), sum(len(text.encode()) for text in texts) / 1e6
        seconds = best_times(functions, texts, args.rounds)
        print(f"{kind}, {characters:,} characters")
        for name, spent in seconds.items():
            ftfy_ratio, opencc_ratio = spent / seconds["ftfy, safe settings"], spent / seconds["opencc t2s"]
            rate, per_mb = characters / spent / 1e6, spent / megabytes
            print(f"  {name:22} {rate:28.2f} {per_mb:12.3f} {ftfy_ratio:16.2f} {opencc_ratio:18.1f}")
    print_cases(args.shared / "bench" / "normalize" / "cases.jsonl")


def seed_texts(shared: Path) -> list[str]:
    """The articles of the seed site: title and body lines."""
    pages = json.loads((shared / "seed-site" / "expected.json").read_text(encoding="utf-8"))
    articles = [article for page in pages for article in page.get("articles", [])]
    return ["\n".join([article["title"] or "", *article["body"]]) for article in articles]


def best_times(
    functions: dict[str, Callable[[str], object]], texts: Sequence[str], rounds: int
) -> dict[str, float]:
    """CPU seconds for all the texts, the least of the rounds, by function."""
    best = dict.fromkeys(functions, float("inf"))
    for _ in range(rounds):
        for name, function in functions.items():
            started = time.process_time()
            for text in texts:
                function(text)
            best[name] = min(best[name], time.process_time() - started)
    return best


def print_cases(path: Path) -> None:
    """How many of the shared cases pass, and how many results or expected texts change again."""
    cases = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    results = [normalize_text(case["input"]) for case in cases]
    passed = sum(result == case["expected"] for result, case in zip(results, cases, strict=True))
    unstable = sum(normalize_text(result) != result for result in results)
    changed = sum(normalize_text(case["expected"]) != case["expected"] for case in cases)
    print(f"cases: {passed}/{len(cases)} passed, {unstable} not idempotent, {changed} expected texts changed")


if __name__ == "__main__":
    main()
