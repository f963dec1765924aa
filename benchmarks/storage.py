"""Bytes an article: what each part of a corpus takes, beside the texts alone as `zstd -19` packs them.

    python -m benchmarks.storage [--shared ../shared]

The real pages are archived and built as they always are. Then what is not done is tried: `extracted` packed with its
`text` as the dictionary (what `zstd --patch-from` does: the least that a difference can take), and each WARC record as
a zstd frame instead of a gzip member, alone and with a dictionary trained on the records.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import zstandard

from benchmarks.build import START, archive, page
from pipeline.corpus.build import build
from pipeline.corpus.job import Job
from pipeline.corpus.read import documents, version_folder
from pipeline.records import Document

DICTIONARY = 112_640
"""Bytes of a dictionary: what `zstd --train` makes unasked."""


def columns(files: list[Path]) -> Counter[str]:
    """Column → bytes that it takes in some Parquet files."""
    found: Counter[str] = Counter()
    for path in files:
        metadata = pq.read_metadata(path)
        for group in range(metadata.num_row_groups):
            for number in range(metadata.num_columns):
                column = metadata.row_group(group).column(number)
                found[column.path_in_schema.partition(".")[0]] += column.total_compressed_size
    return found


def size(folder: Path, pattern: str) -> int:
    """Bytes of some files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob(pattern) if path.is_file())


def patched(rows: list[Document]) -> int:
    """Bytes of `extracted` of each row, packed with the row's text as the dictionary."""
    total = 0
    for row in rows:
        text = zstandard.ZstdCompressionDict(row.text.encode(), dict_type=zstandard.DICT_TYPE_RAWCONTENT)
        total += len(zstandard.ZstdCompressor(level=9, dict_data=text).compress(row.extracted.encode()))
    return total


def members(path: Path) -> Iterator[bytes]:
    """The records of a WARC file, each as its gzip member holds it."""
    left = path.read_bytes()
    while left:
        unpacking = zlib.decompressobj(wbits=31)
        yield unpacking.decompress(left)
        left = unpacking.unused_data


def main() -> None:
    """Build the real pages and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    pages = sorted((parser.parse_args().shared / "bench/extract/dev").glob("*.html"))
    if not pages:
        sys.exit("no bench/extract/dev/*.html there; name the folder with --shared")
    with tempfile.TemporaryDirectory() as made:
        where = Path(made)
        captures = [
            page(f"https://bench.example/{n}.html", path.read_bytes(), START + timedelta(seconds=n))
            for n, path in enumerate(pages)
        ]
        archive(where / "raw", captures)
        build(Job(raw=where / "raw", clean=where / "clean", work=where / ".build", workers=1, confirm=True))
        rows = list(documents(where / "clean"))
        texts = "\n\n".join(row.text for row in rows).encode()
        least = len(zstandard.ZstdCompressor(level=19).compress(texts))
        version = version_folder(where / "clean")
        stored = columns(sorted((version / "articles").glob("*.parquet")))
        records: list[bytes | bytearray | memoryview] = [
            record for path in (where / "raw").rglob("*.warc.gz") for record in members(path)
        ]
        trained = zstandard.train_dictionary(DICTIONARY, records)
        alone, taught = (
            zstandard.ZstdCompressor(level=9),
            zstandard.ZstdCompressor(level=9, dict_data=trained),
        )
        table = {
            "texts as they are, UTF-8": len(texts),
            "texts, zstd -19": least,
            "column text": stored["text"],
            "column extracted": stored["extracted"],
            "  as a difference to text": patched(rows),
            "columns structure, structure_raw": stored["structure"] + stored["structure_raw"],
            "all other columns": stored.total()
            - sum(stored[n] for n in ("text", "extracted", "structure", "structure_raw")),
            "files of articles": size(version / "articles", "*.parquet"),
            "clusters (sketches, members)": size(version / "clusters", "*"),
            "shards, extract": size(where / ".build", "extract-*/*.parquet"),
            "shards, normalize": size(where / ".build", "normalize-*/*.parquet"),
            "pages as they came": sum(len(capture.body or b"") for capture in captures),
            "WARC, gzip members": size(where / "raw", "*.warc.gz"),
            "  zstd frames, level 9": sum(len(alone.compress(record)) for record in records),
            "  and a dictionary": sum(len(taught.compress(record)) for record in records) + DICTIONARY,
        }
    print(f"{len(pages)} pages, {len(rows)} articles; bytes an article")
    for name, total in table.items():
        print(f"{name:<34} {total / len(rows):>9,.0f} {total / least:>7.2f} × zstd -19")


if __name__ == "__main__":
    main()
