"""The life of one row in words: decoded, extracted, normalized, judged, compared, published. For `corpus explain` and
its page."""

from __future__ import annotations

from collections import Counter

from pipeline import normalize
from pipeline.corpus import quality
from pipeline.origin import original
from pipeline.records import Document, Flag
from pipeline.spans import verbatim


def _on_the_page(document: Document, flag: Flag) -> str:
    """What the page said where a flag points, if that is something else."""
    if flag.start is None or flag.end is None or flag.end > len(document.text):
        return ""
    start, end = original(document, flag.start, flag.end)
    said = document.extracted[start:end]
    return "" if said == document.text[flag.start : flag.end] else f", on the page {said!r}"


def explain_lines(document: Document) -> list[str]:
    """What was found out and decided about one row, a line each: its word, then what there is to say."""
    lines = [
        "",
        f"{document.title or document.title_raw or '(no title)'}  [{document.id}]",
        f"address    {document.url}",
        f"decoded    {document.encoding or '-'}, chosen by {document.encoding_from or '-'},"
        f" {document.replacements} characters lost",
        f"body       by {document.method or '-'}, {len(document.extracted)} characters as on the page,"
        f" {'one reader' if document.agreement is None else f'two readers agree {document.agreement:.2f}'}",
        f"structure  {_counted(document)}",
        f"titled     by {document.title_from or '-'}",
        f"published  {document.published_on or '-'} from {document.published_raw!r} ({document.published_from or '-'})",
        f"author     {document.author or '-'} ({document.author_from or '-'})",
        f"origin     {document.origin_name or '-'} ({document.origin_from or '-'}) {document.origin_url or ''}",
        f"script     {document.script or '-'}",
    ]
    if document.extracted:
        for change in normalize.explain(document.extracted, verbatim=verbatim(document.structure_raw)):
            lines.append(f"  {change.fix:<24} {change.before!r} → {change.after!r}"[:200])
    lines += [f"  flag {f.name} at {f.start}: {f.text!r}{_on_the_page(document, f)}" for f in document.flags]
    lines.append(f"measured   {quality.words(document.quality) if document.quality else '-'}")
    verdict = next((r for r in quality.RULES if r.reason == document.reason), None)
    if verdict is not None:
        lines.append(f"judged     {verdict.reason}: {verdict.source}")
    if document.relation:
        partners = ", ".join(document.related_to) or "-"
        lines.append(
            f"compared   {document.relation} of {partners} by rule {document.rule}, score {document.score},"
            f" cluster {document.cluster}"
        )
    lines += [f"corrected  {said}" for said in _corrected(document)]
    lines.append(
        "stands     in articles" if document.reason is None else f"stands     in dropped: {document.reason}"
    )
    return lines


def _corrected(document: Document) -> list[str]:
    """What a person corrected: the column, what stood there, what stands there now."""
    told = []
    for each in document.corrected:
        value = getattr(document, each.column)
        now = f"{len(value)} characters" if each.column == "extracted" else repr(str(value))
        was = f"what has the hash {each.was}" if each.column == "extracted" else repr(each.was)
        told.append(f"{each.column}: {was} → {now}")
    return told


def _counted(document: Document) -> str:
    """How many parts of each kind a text has, in words."""
    kinds = Counter(span.kind for span in document.structure)
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "paragraphs alone"
