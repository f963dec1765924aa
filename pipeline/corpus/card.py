"""What a version says about itself: a README for people, Croissant metadata for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.corpus.schema import RECORDS, SCHEMA
from pipeline.records import Document, Manifest, OutputFile

_CROISSANT_TYPES = {
    "string": "sc:Text",
    "int64": "sc:Integer",
    "double": "sc:Float",
    "bool": "sc:Boolean",
    "date32[day]": "sc:Date",
    "timestamp[us, tz=UTC]": "sc:DateTime",
}


@cache
def column_docs() -> dict[str, tuple[str, str]]:
    """Column → its type and what it means; behind a column of records the fields of these, `column.field`."""
    found = {}
    docs = _docs()
    for column in SCHEMA:
        found[column.name] = (_type_word(column.type), docs[Document.__name__][column.name])
        for part in _parts(column.type):
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


def _parts(kind: pa.DataType) -> Sequence[pa.Field]:
    """The fields of a struct or of the structs of a list; none for any other type."""
    inner = kind.value_type if pa.types.is_list(kind) else kind
    return list(inner) if pa.types.is_struct(inner) else ()


def write_card(folder: Path, manifest: Manifest, terms: dict[str, str]) -> None:
    """Write README.md and croissant.json of a version."""
    (folder / "README.md").write_text(readme(manifest, terms), encoding="utf-8")
    text = json.dumps(croissant(manifest), ensure_ascii=False, indent=1) + "\n"
    (folder / "croissant.json").write_text(text, encoding="utf-8")


def readme(manifest: Manifest, terms: dict[str, str]) -> str:
    """The dataset card of a version, in Markdown with the header Hugging Face datasets reads."""
    lines = [
        "---",
        "language: [zh]",
        "configs:",
        "- config_name: articles",
        "  default: true",
        "  data_files: articles/*.parquet",
        "- config_name: dropped",
        "  data_files: dropped/*.parquet",
        "---",
        f"# Chinese web-article corpus {manifest.version}",
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
    for source, why in manifest.held.items():
        lines += ["", f"**Held back:** the newest rows of `{source}`: {why}."]
    if manifest.made_by:
        lines += ["", "**Of two makings:** rows with a `made_by` were made by later rules than the others."]
    lines += ["", "## Why rows were dropped", "", "| reason | rows |", "|---|--:|"]
    reasons: dict[str, int] = {}
    for counts in manifest.counts.values():
        for word, n in counts.items():
            if word != "articles":
                reasons[word] = reasons.get(word, 0) + n
    lines += [f"| {word} | {n} |" for word, n in sorted(reasons.items(), key=lambda kv: (-kv[1], kv[0]))]
    lines += ["", "## Columns", "", "| column | type | meaning |", "|---|---|---|"]
    lines += [f"| {name} | {kind} | {meaning} |" for name, (kind, meaning) in column_docs().items()]
    return "\n".join(lines) + "\n"


def _type_word(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_type_word(kind.value_type)}"
    return "struct" if pa.types.is_struct(kind) else str(kind)


def croissant(manifest: Manifest) -> dict[str, Any]:
    """Croissant 1.0 metadata (mlcommons.org/croissant/1.0) of a version's two tables."""
    data = [f for f in manifest.files if f.file.startswith(("articles/", "dropped/"))]
    return {
        "@context": {
            "@vocab": "https://schema.org/",
            "sc": "https://schema.org/",
            "cr": "http://mlcommons.org/croissant/",
            "dct": "http://purl.org/dc/terms/",
        },
        "@type": "sc:Dataset",
        "dct:conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": "zh-article-corpus",
        "description": "Chinese web articles: extracted, normalized, deduplicated, with provenance.",
        "version": manifest.version,
        "inLanguage": "zh",
        "dateModified": manifest.created_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "distribution": [_file_object(f) for f in data],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": table,
                "field": [_field(table, column.name, column.type) for column in SCHEMA],
            }
            for table in ("articles", "dropped")
        ],
    }


def _field(table: str, name: str, kind: pa.DataType) -> dict[str, Any]:
    field: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{table}/{name}",
        "description": column_docs()[name][1],
    }
    if pa.types.is_list(kind):
        field["repeated"] = True
        kind = kind.value_type
    if pa.types.is_struct(kind):
        return {**field, "subField": [_field(table, f"{name}.{part.name}", part.type) for part in kind]}
    return {**field, "dataType": _CROISSANT_TYPES.get(str(kind), "sc:Text")}


def _file_object(file: OutputFile) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.file,
        "contentUrl": file.file,
        "encodingFormat": "application/x-parquet",
        "sha256": file.sha256,
    }
