"""Why a row reads as it does, or is not published, in words: decoded, extracted, normalized, measured, compared."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from pipeline.records import Document, Flag, Outcome, Reason

CHANGES_SHOWN = 3
"""So many changes of one fix are shown."""

HANG, DEEPER = 11, 27
"""Columns of the word before what is said, and before what a fix did."""

REASONS: dict[str, tuple[str, str]] = {
    Outcome.UNCHANGED: ("a later visit that said the same", ""),
    Outcome.ROBOTS: ("robots.txt forbids the page", "nothing of ours: ask the site"),
    Outcome.BLOCKED: (
        "a block or captcha page came instead",
        "a longer `delay`, and a --user-agent that says whom to write to",
    ),
    Outcome.GONE: ("the site no longer has the page", ""),
    Outcome.SOFT_GONE: ("the page only says that the article is gone", ""),
    Outcome.NOT_HTML: (
        "what came is no HTML page",
        "`exclude` in the source file, where all of its kind are so",
    ),
    Outcome.EMPTY: ("the answer had no body", "it is asked again; `corpus source try URL` asks now"),
    Outcome.DAMAGED: (
        "its record in the archive no longer reads",
        "it is fetched again; `corpus repair` told of it",
    ),
    "undecodable": (
        "its bytes read as no text in any encoding",
        'charset = "gb18030" or the like in the source file',
    ),
    "frameset": ("the page is a frame around others", "declare the pages that the frames show"),
    Reason.LESS: ("a later visit whose page keeps what an earlier one gave; that text stands", ""),
    Reason.SUPERSEDED: ("an earlier text; a newer one stands in its place", ""),
    Reason.PART_OF: ("a further page of an article that stands joined under its first page", ""),
    Reason.NO_BODY: ("no article was found on the page", ""),
    Reason.VERIFY: ("the page checks its visitors instead", "a longer `delay`; else nothing of ours"),
    Reason.DELETED: ("the page only says that its article is deleted or withheld", ""),
    Reason.LOGIN: (
        "the page only says that its article is for members",
        "a feed that carries the whole text",
    ),
    Reason.GALLERY: ("pictures or a film without a text", ""),
    Reason.GOODS: ("goods for sale and their description", ""),
    Reason.LIST_PAGE: (
        "nothing but teasers of other pages",
        "`exclude` in the source file, or `listings` if its links are wanted",
    ),
    Reason.DUPLICATE: (
        "a copy of an article that is published",
        "not_a_copy_of in a correction, where it is none (`corpus correct ID`)",
    ),
    Reason.CONTAINED_IN: (
        "an excerpt of an article that is published",
        "not_a_copy_of in a correction, where it is none (`corpus correct ID`)",
    ),
    Reason.GLUED: ("a page made of articles that are published one by one", ""),
    Reason.HELD: ("the new rows of its source are held back; it waits", "`corpus held NAME` says why"),
    Reason.QUARANTINED: ("its page killed, hung or broke its worker", "`corpus extract URL` shows where"),
    Reason.TAKEDOWN: ("it was taken down, or is a copy of what was", ""),
    Reason.NOT_AN_ARTICLE: ("a correction says that it is no article", "take the entry out of corrections/"),
    Reason.RESERVED: (
        "the page or its site reserves it against text and data mining",
        'the site\'s leave, then reserved = "publish" in the source file',
    ),
    "outside": (
        "a backfill asked for it and found it of another day than it was for",
        "`corpus backfill --fetch` with --from and --to round its day, or the schedule, brings it",
    ),
    "repeated_part": ("it says what an earlier page of the article said", ""),
    "http_error": ("the answer had a status that brings no page", ""),
    "deferred": ("the server asked for a longer wait than one run has", ""),
    "timeout": ("no answer came in time", ""),
    "too_large": ("the answer is larger than what is read", ""),
    "incomplete": ("the connection ended before the page did", ""),
    "bad_encoding": ("the body is packed in a way that cannot be undone", ""),
    "bad_protocol": ("what came is not HTTP", ""),
    "redirect": ("it is a hop on the way to another address", ""),
    "redirect_loop": ("the redirects go round in a circle", ""),
    "hop_refused": ("it leads to where we do not go", ""),
    "address_refused": ("a private address, another scheme or a forbidden port", ""),
    "dns_error": ("the name of its host could not be found", ""),
    "connect_error": ("no connection could be made", ""),
    "tls_error": ("the connection could not be secured", ""),
    "unreadable": ("the record, of a foreign archive, is no HTTP response", ""),
    "binary": ("the text is none: there are bytes of another kind in it", ""),
    "data": ("the text is data, not prose", ""),
    "table": ("the text is a table, not prose", ""),
    "log": ("the text is a log, not prose", ""),
    "code": ("the text is code, not prose", ""),
    "not_chinese": ("there is too little Chinese in it", ""),
}
"""Reason of a row → what it means, and what would help ("": nothing, or nothing is wrong)."""

TRIED = (
    "the element that reads most like an article (none convinced); trafilatura on the whole page (nothing);"
    " JSON-LD, state objects of scripts, noscript, templates, shadow roots, frames (no body)"
)
"""What extraction does before it says `no_body` (extract/__init__.py)."""

SCRIPTED = 200
"""Letters on a page below which its text must come from elsewhere: the shortest of 124 real articles has 71, and
menus and imprint have their share."""

LINES_SHOWN = 3
"""So many lines of a page without an article are shown, the longest ones."""

BOUNDED = {
    "too-long": "; it is so long that only its beginning was compared",
    "beyond": "; of a text that shares passages with it only the beginning was compared, which is not related",
    "capped": "; of the many that have as much in common with it only the likeliest were compared",
}
"""What the rules say that bound the work of a comparison (dedupe/comparison.py)."""


def verdict(document: Document, version: str) -> list[str]:
    """Whether a row is published, else why not and what would help."""
    if document.reason is None:
        return [f"Published in version {version}.", *life(document)]
    meaning, help_ = meaning_of(document.reason)
    related = f" ({', '.join(document.related_to)})" if document.related_to else ""
    lines = [f"Not published in version {version}: {document.reason}, {meaning}{related}."]
    return lines + ([f"What would help: {help_}."] if help_ else [])


def life(document: Document) -> list[str]:
    """Whether the page of a published row is still there, and how the row came to stand; none where nothing is told."""
    if document.revised is None:
        return []
    seen = document.last_verified
    lines = [f"Its page is gone since {document.gone_since}; the row stays."] if document.gone_since else []
    lines.append(f"Its page last said so on {seen}." if seen else "No visit of its page has a believed time.")
    if document.revised:
        lines.append(f"It was revised {document.revised} time{'s' * (document.revised > 1)}.")
    return lines


def meaning_of(reason: str, *, brief: bool = False) -> tuple[str, str]:
    """What a reason means (of a rule of quality, `brief`ly, without its source's numbers), and what would help."""
    if reason in REASONS:
        return REASONS[reason]
    from pipeline.corpus import quality

    rule = next((rule for rule in quality.RULES if rule.reason == reason), None)
    if rule is not None:
        said = re.split("[.;]", rule.source)[0] if brief else rule.source
        return f"a rule of quality ({said})", "`corpus correct ID`, where the body is cut wrongly"
    return "the visit brought no page", "it is asked again when due"


def without_body(lines: Sequence[tuple[bool, str, str]], size: int, source: str) -> list[str]:
    """What was tried on a page in which no article was found, and what would help; `lines`: extract.line_report."""
    letters = sum(sum(map(str.isalnum, text)) for _, _, text in lines)
    told = [
        f"{'tried':<{HANG}}{TRIED}",
        f"{'the page':<{HANG}}{size:,} bytes as it came, {len(lines)} lines with {letters:,} letters",
    ]
    longest = sorted(lines, key=lambda line: len(line[2]), reverse=True)[:LINES_SHOWN]
    told += [f"{'':<{HANG}}{rule}: {text[:100]}" for _, rule, text in longest]
    if letters < SCRIPTED:
        helps = (
            'its text is not in the page: a script fetches it. Say render = "auto" in'
            f" sources/{source}.toml, which renders such pages in a Chromium at their next look; or give there the"
            " address that the script asks (the browser's network view), or the site's print or mobile page"
        )
    else:
        helps = (
            f'if a line above is the article\'s: body = "the CSS of its element" in sources/{source}.toml;'
            " `corpus source try URL` shows what that gives; then `corpus build`. If none is: `exclude`"
        )
    return [*told, f"{'helps':<{HANG}}{helps}"]


def explain_lines(document: Document, *, whole: bool = True) -> list[str]:
    """How one text came about, in words: decoded, extracted, normalized, judged, compared.

    Of each fix all changes are told with `whole`, else the first.
    """
    from pipeline.corpus import quality

    lines = [
        f"decoded    {document.encoding or '-'}, chosen by {document.encoding_from or '-'},"
        f" {document.replacements} characters lost",
        f"body       by {document.method or '-'}, {len(document.extracted)} characters as on the page,"
        f"{' of the page as rendered,' * document.rendered}"
        f" {'one reader' if document.agreement is None else f'two readers agree {document.agreement:.2f}'}",
        f"structure  {_counted(document)}",
        f"titled     by {document.title_from or '-'}",
        *_days(document),
        f"author     {document.author or '-'} ({document.author_from or '-'})"
        + (f", of {document.affiliation}" if document.affiliation else ""),
        *([f"editors    {editors_of(document)}"] if document.editors else []),
        f"origin     {document.origin_name or '-'} ({document.origin_from or '-'})"
        + (f" {document.origin_url}" if document.origin_url else ""),
        *([f"came by    {way_of(document)}"] if document.origins else []),
        f"filed      {' > '.join(document.sections) or '-'}; tags {', '.join(document.tags) or '-'}",
        f"script     {document.script or '-'}",
    ]
    lines += _fixes(document, whole)
    lines += [_flag(document, flag) for flag in document.flags]
    lines += [f"rights     {r.name} in {r.place}: {r.said!r}"[:200] for r in document.rights]
    if document.access:
        lines.append(f"access     {document.access}, by {document.access_from}: {document.access_raw!r}")
    if document.license_url:
        lines.append(f"licence    {document.license_url}")
    if document.reprint_terms:
        lines.append(f"reprint    {document.reprint_terms!r}")
    if document.reason == Reason.RESERVED and document.rule:
        lines.append(
            f"reserved   by {document.rule.replace(':', ' in ', 1)}; the archive has its text, no version"
        )
    lines.append(f"measured   {quality.words(document.quality) if document.quality else '-'}")
    if document.relation:
        partners = ", ".join(document.related_to) or "-"
        lines.append(
            f"compared   {document.relation} of {partners} by rule {document.rule}, score {document.score},"
            f" cluster {document.cluster}{BOUNDED.get(document.rule or '', '')}"
        )
    return lines + [f"corrected  {said}" for said in _corrected(document)]


def editors_of(document: Document) -> str:
    """Who edited a text, each with the role, in words."""
    return ", ".join(f"{editor.name} ({editor.role})" for editor in document.editors)


def way_of(document: Document) -> str:
    """The way a text came to its page, step by step back to the original, in words."""
    return " ← ".join(
        " ".join(filter(None, (step.name, step.url, f"({step.how} {step.confidence:g})")))
        for step in document.origins
    )


def _days(document: Document) -> list[str]:
    """The days of a text: published, and where the page tells it, changed."""
    d = document
    said = f"published  {d.published_at or d.published_on or '-'} from {d.published_raw!r} ({published_by(d) or '-'})"
    if d.modified_on is None:
        return [said]
    return [said, f"modified   {d.modified_at or d.modified_on} from {d.modified_raw!r} ({modified_by(d)})"]


def published_by(document: Document) -> str:
    """Where the day of publication stood and how sure it is, in words; "" where nothing was found."""
    d = document
    if not d.published_from:
        return ""
    if d.published_on is None:
        return f"{d.published_from}: later than the capture"
    time = f"its time {d.published_at_from}" if d.published_at_from not in (None, d.published_from) else ""
    return "; ".join(filter(None, (d.published_from, time, _zone(d, d.published_at), d.published_confidence)))


def modified_by(document: Document) -> str:
    """Where the day of the last change stood, in words."""
    return "; ".join(filter(None, (document.modified_from, _zone(document, document.modified_at))))


def _zone(document: Document, at: str | None) -> str:
    """What says the offset of a time, in words."""
    return f"zone by {document.zone_from}" if at and document.zone_from and at[-6] in "+-" else ""


def _fixes(document: Document, whole: bool) -> list[str]:
    """What normalization changed, by fix, in the order they first did something; worked out anew where it did."""
    if not document.fixes:
        return []
    from pipeline import normalize
    from pipeline.spans import verbatim

    by_fix: dict[str, list[str]] = {}
    for change in normalize.explain(document.extracted, verbatim=verbatim(document.structure_raw)):
        by_fix.setdefault(change.fix, []).append(f"{change.before!r} → {change.after!r}"[:175])
    lines = []
    for fix, changes in by_fix.items():
        shown = changes if whole else changes[:CHANGES_SHOWN]
        lines += [f"  {fix:<24} {change}" for change in shown]
        if len(changes) > len(shown):
            lines.append(f"  {'':<24} + {len(changes) - len(shown)} more (-v shows all)")
    return lines


def _flag(document: Document, flag: Flag) -> str:
    """A flag: where it stands, if it has a place, and what says so, if not the page itself."""
    at = "" if flag.start is None else f" at {flag.start}"
    shown = f", as {flag.of} shows" if flag.of else ""
    return f"  flag {flag.name}{at}: {flag.text!r}{_on_the_page(document, flag)}{shown}"


def _on_the_page(document: Document, flag: Flag) -> str:
    """What the page said where a flag points, if that is something else."""
    from pipeline.origin import original

    if flag.start is None or flag.end is None or flag.end > len(document.text):
        return ""
    start, end = original(document, flag.start, flag.end)
    said = document.extracted[start:end]
    return "" if said == document.text[flag.start : flag.end] else f", on the page {said!r}"


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
