"""What a version says about itself: a README for people, Croissant metadata for machines."""

from __future__ import annotations

import json
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from typing import Any

from pipeline.corpus.schema import SCHEMA
from pipeline.records import Document, Manifest, OutputFile

_CROISSANT_TYPES = {
    "string": "sc:Text",
    "int64": "sc:Integer",
    "double": "sc:Float",
    "bool": "sc:Boolean",
    "date32[day]": "sc:Date",
}


def column_docs() -> dict[str, str]:
    """Column → what it means, from the docstrings under the fields of `Document`."""
    import ast
    import inspect

    from pipeline import records

    tree = ast.parse(inspect.getsource(records))
    body = next(n.body for n in tree.body if isinstance(n, ast.ClassDef) and n.name == Document.__name__)
    docs = {}
    for field_node, doc_node in pairwise(body):
        if isinstance(field_node, ast.AnnAssign) and isinstance(doc_node, ast.Expr):
            docs[ast.unparse(field_node.target)] = ast.literal_eval(doc_node.value)
    return {f.name: " ".join(str(docs[f.name]).split()) for f in fields(Document)}


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
    lines += ["", "## Why rows were dropped", "", "| reason | rows |", "|---|--:|"]
    reasons: dict[str, int] = {}
    for counts in manifest.counts.values():
        for word, n in counts.items():
            if word != "articles":
                reasons[word] = reasons.get(word, 0) + n
    lines += [f"| {word} | {n} |" for word, n in sorted(reasons.items(), key=lambda kv: (-kv[1], kv[0]))]
    lines += ["", "## Columns", "", "| column | type | meaning |", "|---|---|---|"]
    docs = column_docs()
    lines += [f"| {f.name} | {_type_word(f.type)} | {docs[f.name]} |" for f in SCHEMA]
    return "\n".join(lines) + "\n"


def _type_word(kind: Any) -> str:
    word = str(kind)
    return (
        "list of struct"
        if word.startswith("list<item: struct")
        else word.replace("list<item: string>", "list of string")
    )


def croissant(manifest: Manifest) -> dict[str, Any]:
    """Croissant 1.0 metadata (mlcommons.org/croissant/1.0) of a version's two tables."""
    data = [f for f in manifest.files if f.file.startswith(("articles/", "dropped/"))]
    docs = column_docs()
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
                "field": [
                    {
                        "@type": "cr:Field",
                        "@id": f"{table}/{column.name}",
                        "description": docs[column.name],
                        "dataType": _CROISSANT_TYPES.get(str(column.type), "sc:Text"),
                    }
                    for column in SCHEMA
                ],
            }
            for table in ("articles", "dropped")
        ],
    }


def _file_object(file: OutputFile) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.file,
        "contentUrl": file.file,
        "encodingFormat": "application/x-parquet",
        "sha256": file.sha256,
    }
