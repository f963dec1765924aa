"""What a version says about itself to people: its README, and what each column means. For machines: metadata.py.

What only a change of the code changes, and with it what 1 % of new rows would write again each day, stands in files of
its own, which versions share: COLUMNS.md, tableschema.json, environment.json.
"""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from pathlib import Path

import pyarrow as pa

from pipeline.corpus import metadata
from pipeline.corpus.publish import ENVIRONMENT
from pipeline.corpus.schema import ARTICLES, RECORDS, SCHEMA, TABLES, parts
from pipeline.records import Document, Manifest

_SIZES = (
    "n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M", "100M<n<1B", "1B<n<10B", "10B<n<100B"
)  # fmt: skip
"""The hub's words for how many rows there are: below a thousand, then each ten times as many."""


@cache
def column_docs() -> dict[str, tuple[str, str]]:
    """Column → its type and what it means; behind a column of records the fields of these, `column.field`."""
    found = {}
    docs = _docs()
    for column in SCHEMA:
        found[column.name] = (_type_word(column.type), docs[Document.__name__][column.name])
        for part in parts(column.type):
            meaning = docs[RECORDS[column.name].__name__][part.name]
            found[f"{column.name}.{part.name}"] = (_type_word(part.type), meaning)
    return found


def _docs() -> dict[str, dict[str, str]]:
    """Record → field → the docstring under it in records.py."""
    import ast
    import inspect

    from pipeline import records

    docs: dict[str, dict[str, str]] = {}
    for record in ast.parse(inspect.getsource(records)).body:
        if isinstance(record, ast.ClassDef):
            docs[record.name] = {
                ast.unparse(field.target): " ".join(str(ast.literal_eval(doc.value)).split())
                for field, doc in pairwise(record.body)
                if isinstance(field, ast.AnnAssign) and isinstance(doc, ast.Expr)
            }
    return docs


COLUMNS = "COLUMNS.md"
"""What each column means."""

CARD = ("README.md", COLUMNS, "croissant.json", "datapackage.json", metadata.TABLE_SCHEMA)
"""What `write_card` writes."""

LASTING = (COLUMNS, metadata.TABLE_SCHEMA, ENVIRONMENT)
"""What seldom differs from the parent's, and is a link to it then."""


def write_card(folder: Path, manifest: Manifest, terms: dict[str, str]) -> None:
    """Write README.md, COLUMNS.md, croissant.json, datapackage.json and tableschema.json of a version."""
    (folder / "README.md").write_text(readme(manifest, terms), encoding="utf-8")
    (folder / COLUMNS).write_text(columns_table(), encoding="utf-8")
    docs = column_docs()
    for name, said in (
        ("croissant.json", metadata.croissant(manifest, terms)),
        ("datapackage.json", metadata.data_package(manifest, terms)),
        (metadata.TABLE_SCHEMA, metadata.table_schema(docs)),
    ):
        text = json.dumps(said, ensure_ascii=False, separators=(",", ":")) + "\n"
        (folder / name).write_text(text, encoding="utf-8")


def readme(manifest: Manifest, terms: dict[str, str]) -> str:
    """The dataset card of a version, in Markdown with the header Hugging Face datasets reads."""
    lines = [
        *_head(manifest, terms),
        f"# {metadata.TITLE} {manifest.version}",
        "",
        f"Built from captures up to {manifest.created_at:%Y-%m-%d %H:%M} UTC, "
        + (f"upon version {manifest.parent}." if manifest.parent else "the first version.")
        + " A version never changes; `SHA256SUMS` holds its files.",
        "",
        "| source | published | dropped | terms |",
        "|---|--:|--:|---|",
    ]
    for source, counts in manifest.counts.items():
        published = counts.get("articles", 0)
        lines.append(
            f"| {source} | {published} | {sum(counts.values()) - published} | {terms.get(source, '')} |"
        )
    if manifest.equal_to:
        lines += ["", f"**Rolled back:** equal to {manifest.equal_to}, published again: {manifest.why}."]
    if manifest.masked:
        found = ", ".join(f"{kind} {count}" for kind, count in manifest.masked.items())
        lines += [
            "",
            f"**Masked:** in this copy personal data is masked, sign for sign, with █ ({found}); the flag `masked`"
            " and spans in `structure` say where. Addresses stay, hashes are of the masked texts, and the index of"
            " copies and the list of changes are left out.",
        ]
    for source, why in manifest.held.items():
        lines += ["", f"**Held back:** the newest rows of `{source}`: {why}."]
    if manifest.made_by:
        lines += ["", "**Of two makings:** rows with a `made_by` were made by later rules than the others."]
    for run, pages in manifest.withdrawn.items():
        lines += [
            "",
            f"**Withdrawn:** the {pages} pages of the run `{run}` stay in the archive and count for nothing.",
        ]
    lines += ["", "## Why rows were dropped", "", "| reason | rows |", "|---|--:|"]
    reasons: dict[str, int] = {}
    for counts in manifest.counts.values():
        for word, n in counts.items():
            if word != "articles":
                reasons[word] = reasons.get(word, 0) + n
    lines += [f"| {word} | {n} |" for word, n in sorted(reasons.items(), key=lambda kv: (-kv[1], kv[0]))]
    lines += ["", f"What each column means stands in [{COLUMNS}]({COLUMNS})."]
    return "\n".join(lines) + "\n"


def columns_table() -> str:
    """What each column means, as a table in Markdown."""
    lines = ["# Columns", "", "| column | type | meaning |", "|---|---|---|"]
    lines += [f"| {name} | {kind} | {meaning} |" for name, (kind, meaning) in column_docs().items()]
    return "\n".join(lines) + "\n"


def _head(manifest: Manifest, terms: dict[str, str]) -> list[str]:
    """The header in YAML that the Hugging Face hub and `datasets` read (huggingface.co/docs/hub/datasets-cards)."""
    articles = sum(counts.get(ARTICLES, 0) for counts in manifest.counts.values())
    name = metadata.one_licence(manifest, terms)
    of_each = ["license: other", "license_name: of-each-source", "license_link: README.md"]
    lines = [
        "---",
        f"pretty_name: {metadata.TITLE}",
        "language: [zh]",
        *([f"license: {name}"] if name else of_each),
        f"size_categories: [{_SIZES[max(0, len(str(articles)) - 3)]}]",
        "task_categories: [text-generation]",
        "configs:",
    ]
    for table in TABLES:
        if metadata.data_files(manifest, table):
            lines += [f"- config_name: {table}", f"  data_files: {table}/*.parquet"]
            lines += ["  default: true"] if table == ARTICLES else []
    return [*lines, "---"]


def _type_word(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_type_word(kind.value_type)}"
    return "struct" if pa.types.is_struct(kind) else str(kind)
