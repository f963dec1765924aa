"""Extraction against the reference pages: predictions for the scorer, speed, and re-encoded bytes.

python benchmarks/extract.py predict --shared ../shared --out pred.jsonl
python benchmarks/extract.py speed --shared ../shared
python benchmarks/extract.py charset --shared ../shared
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from pipeline.extract import extract_page


def predict(bench: Path, out: Path) -> None:
    """Write one prediction a page in the scorer's form."""
    with out.open("w", encoding="utf-8") as file:
        for row in _gold(bench):
            page = extract_page(
                (bench / f"{row['id']}.html").read_bytes(), url=row.get("url") or "http://unknown.invalid/"
            )
            article = page.articles[0] if page.articles else None
            fields = {
                "id": row["id"],
                "text": article.extracted if article else "",
                "title": article.title if article else None,
                "date": article.published_on.isoformat() if article and article.published_on else None,
                "author": article.author if article else None,
                "source": article.origin_name if article else None,
            }
            file.write(json.dumps(fields, ensure_ascii=False) + "\n")


def _gold(bench: Path) -> list[dict[str, str | None]]:
    return [json.loads(line) for line in (bench / "gold.jsonl").read_text(encoding="utf-8").splitlines()]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("predict",))
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--out", type=Path, default=Path("pred.jsonl"))
    args = parser.parse_args()
    bench = args.shared / "bench" / "extract" / "dev"
    predict(bench, args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
