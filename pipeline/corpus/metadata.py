"""What a version says about itself to machines, each file judged by the tool that reads it.

`croissant.json` is Croissant 1.1, so schema.org/Dataset JSON-LD too (mlcroissant; dataset search engines);
`datapackage.json` with `tableschema.json` is a Data Package (frictionless).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.corpus.schema import ARTICLES, SCHEMA, TABLES, parts
from pipeline.records import Manifest, OutputFile

NAME = "zh-article-corpus"
TITLE = "Chinese web-article corpus"
WHAT = "Chinese web articles: extracted, normalized, deduplicated, with provenance."

Docs = Mapping[str, tuple[str, str]]
"""Column, or `column.field` → its type and what it means (card.column_docs)."""

_LICENCE = re.compile(
    r"cc0-1\.0|cc-by-(2\.0|2\.5|3\.0|4\.0)|cc-by-(sa|nc-nd)-[34]\.0|cc-by-(nc|nc-sa)-[234]\.0|cc-by-nd-4\.0"
    r"|odc-by|odbl|pddl"
)
"""Licences of data that the Hugging Face hub knows by these names (huggingface.co/docs/hub/repositories-licenses)."""

_SPDX = {"odc-by": "ODC-By-1.0", "odbl": "ODbL-1.0", "pddl": "PDDL-1.0"}
"""Where SPDX's name (spdx.org/licenses) is another than the same in capitals."""

# The context of the specification, docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html, word for word
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "arrayShape": "cr:arrayShape",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileProperty": "cr:fileProperty",
    "fileObject": "cr:fileObject",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isArray": "cr:isArray",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "name": {"@container": "@language"},
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}

_TYPES: tuple[tuple[Callable[[pa.DataType], bool], str, str], ...] = (
    (pa.types.is_integer, "sc:Integer", "integer"),
    (pa.types.is_floating, "sc:Float", "number"),
    (pa.types.is_boolean, "sc:Boolean", "boolean"),
    (pa.types.is_date, "sc:Date", "date"),
    (pa.types.is_timestamp, "sc:DateTime", "datetime"),
    (pa.types.is_string, "sc:Text", "string"),
    (pa.types.is_list, "", "any"),
    (pa.types.is_struct, "", "object"),
)
"""Whether an Arrow type is one → its name in Croissant and in a Table Schema."""


def _names(kind: pa.DataType) -> tuple[str, str]:
    return next((croissant, table) for is_one, croissant, table in _TYPES if is_one(kind))


def licence(terms: str) -> str | None:
    """The hub's name of a licence, from the terms of a source as people write them; None for any other terms."""
    said = re.sub(r"[\s_-]+", "-", terms.strip().lower())
    return said if _LICENCE.fullmatch(said) else None


def licence_url(name: str) -> str:
    """The page of a licence at SPDX."""
    return f"https://spdx.org/licenses/{_SPDX.get(name, name.upper())}"


def terms_in_use(manifest: Manifest, terms: Mapping[str, str]) -> list[str]:
    """The terms of the sources whose articles are published, each once; an empty one: a source says none."""
    using = (name for name, counts in manifest.counts.items() if counts.get("articles"))
    return list(dict.fromkeys(terms.get(name, "") for name in using))


def one_licence(manifest: Manifest, terms: Mapping[str, str]) -> str | None:
    """The hub's name of the licence that all published articles are under; None: there is no such one."""
    found = {licence(said) for said in terms_in_use(manifest, terms)}
    return found.pop() if len(found) == 1 else None


def citation(manifest: Manifest) -> str:
    """How to cite a version, as BibTeX."""
    return (
        f"@misc{{{NAME}-{manifest.version}, title={{{TITLE}}}, version={{{manifest.version}}},"
        f" year={{{manifest.created_at:%Y}}}}}"
    )


def data_files(manifest: Manifest, table: str) -> list[OutputFile]:
    """The files of a version that hold the rows of a table."""
    return [f for f in manifest.files if f.file.startswith(f"{table}/") and f.file.endswith(".parquet")]


def croissant(manifest: Manifest, terms: Mapping[str, str]) -> dict[str, Any]:
    """Croissant 1.1 (mlcommons.org/croissant/1.1) of a version's two tables; schema.org/Dataset as well.

    What a column means, a third of all that would stand here, is said by tableschema.json, which versions share.
    """
    tables = [table for table in TABLES if data_files(manifest, table)]
    said = [_licence_of(each) for each in terms_in_use(manifest, terms)]
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "name": NAME,
        "alternateName": TITLE,
        "description": WHAT,
        "version": manifest.version,
        "inLanguage": "zh",
        "license": list(dict.fromkeys(said)) or [_licence_of("")],
        "citeAs": citation(manifest),
        # no clock below the crawl: a version is of the day of its newest capture
        "datePublished": f"{manifest.created_at:%Y-%m-%d}",
        "dateModified": f"{manifest.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "isLiveDataset": False,  # a version never changes; the next one has a manifest of its own
        "isBasedOn": [
            {
                "@type": "sc:CreativeWork",
                "@id": f"source/{name}",
                "name": name,
                "creditText": terms.get(name, ""),
            }
            for name in manifest.counts
        ],
        # a file each would make this grow with the corpus: SHA256SUMS lists them all, datapackage.json the articles
        "distribution": [_file_set(table) for table in tables],
        # said once: it is written with every version, and what is dropped has the same columns
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": table,
                "name": table,
                "key": {"@id": f"{table}/id"}
                if table == ARTICLES
                else [
                    {"@id": f"{table}/capture"},
                    {"@id": f"{table}/part"},
                ],
                "field": [_field(table, column.name, column.type) for column in SCHEMA],
            }
            for table in tables[:1]
        ],
    }


def _licence_of(terms: str) -> str:
    name = licence(terms)
    return licence_url(name) if name else terms or "unknown: see README.md for each source"


def _file_set(table: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{table}-files",
        "name": f"{table}-files",
        "encodingFormat": "application/x-parquet",
        "includes": f"{table}/*.parquet",
    }


def _field(table: str, name: str, kind: pa.DataType) -> dict[str, Any]:
    """A column, or behind a dot a field of its records."""
    column, _, part = name.partition(".")
    field: dict[str, Any] = {"@type": "cr:Field", "@id": f"{table}/{name}", "name": name}
    if pa.types.is_list(kind):
        field["repeated"] = True
        kind = kind.value_type
    if pa.types.is_struct(kind):
        inner = [_field(table, f"{name}.{each.name}", each.type) for each in parts(kind)]
        return {**field, "subField": inner}
    source: dict[str, Any] = {"fileSet": {"@id": f"{table}-files"}, "extract": {"column": column}}
    if part:
        source["transform"] = {"jsonPath": part}
    return {**field, "dataType": _names(kind)[0], "source": source}


TABLE_SCHEMA = "tableschema.json"
"""The columns, once for all the files that `datapackage.json` lists."""


def data_package(manifest: Manifest, terms: Mapping[str, str]) -> dict[str, Any]:
    """The Data Package descriptor (datapackage.org) of a version: a resource a Parquet file of articles.

    What was dropped is not data of the package (where nothing is published, it is: a package needs a resource). Hashes
    stand in SHA256SUMS: said here too, they would cost each version 80 bytes a file.
    """
    tables = [table for table in TABLES if data_files(manifest, table)]
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": NAME,
        "title": TITLE,
        "description": WHAT,
        "version": manifest.version,
        "created": f"{manifest.created_at:%Y-%m-%dT%H:%M:%SZ}",
        "licenses": [_package_licence(each) for each in terms_in_use(manifest, terms)]
        or [_package_licence("")],
        "sources": [{"title": name} for name in manifest.counts],
        "resources": [
            {
                "name": re.sub(r"[^a-z0-9-]", "-", Path(file.file).stem),
                "path": file.file,
                "schema": TABLE_SCHEMA,
            }
            for table in tables[:1]
            for file in data_files(manifest, table)
        ],
    }


def _package_licence(terms: str) -> dict[str, str]:
    name = licence(terms)
    if name:
        return {"name": licence_url(name).rpartition("/")[2], "path": licence_url(name)}
    return {"title": terms or "unknown", "path": "README.md"}


def table_schema(docs: Docs) -> dict[str, Any]:
    """The Table Schema (datapackage.org/standard/table-schema) of both tables."""
    return {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "fields": [
            {"name": column.name, "type": _names(column.type)[1], "description": docs[column.name][1]}
            for column in SCHEMA
        ],
    }
