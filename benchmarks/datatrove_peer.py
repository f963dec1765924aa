"""datatrove on the same archive, in an environment that has it: asked for by `benchmarks.table --datatrove PYTHON`.

    PYTHON benchmarks/datatrove_peer.py RAW OUT

WarcReader, its trafilatura extractor, a filter by the share of Han characters, Parquet: what of our job it does page
by page. Deduplication is left out of its side, since its MinHash splits words by packages and data that are fetched.
Prints CPU seconds of the run and how many documents it wrote, as JSON; imports count for nothing. Nothing of ours is
imported. The environment: `pip install datatrove trafilatura lxml_html_clean warcio pyarrow faust-cchardet
python-magic orjson xxhash nltk`.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.extractors import Trafilatura
from datatrove.pipeline.filters import LambdaFilter
from datatrove.pipeline.readers import WarcReader
from datatrove.pipeline.writers import ParquetWriter


def is_chinese(document: object) -> bool:
    """Whether a third of the text is Han."""
    text = str(getattr(document, "text", ""))
    return sum("一" <= sign <= "鿿" for sign in text) * 3 > len(text)


def spent() -> float:
    """CPU seconds of this process and of the worker that its extractor ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in both)


def main() -> None:
    """Run it once."""
    raw, out = sys.argv[1:]
    run = LocalPipelineExecutor(
        pipeline=[
            WarcReader(f"{raw}/warc", glob_pattern="**/*.warc.gz"),
            Trafilatura(timeout=30),
            LambdaFilter(is_chinese),
            ParquetWriter(f"{out}/rows"),
        ],
        tasks=1,
        workers=1,
        logging_dir=f"{out}/logs",
    )
    before = spent()
    run.run()
    taken = spent() - before
    stats = json.loads(Path(out, "logs", "stats.json").read_text(encoding="utf-8"))
    print(json.dumps({"cpu": taken, "documents": stats[-1]["stats"].get("total", 0)}))


if __name__ == "__main__":
    main()
