"""The pictures of a body: where they stand in its text, their captions, their addresses."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urljoin

from pipeline.extract.layout import Layout
from pipeline.extract.marks import kinds
from pipeline.extract.weights import JUNK_TAGS
from pipeline.records import Span

CAPTIONS = frozenset({"caption", "caption_place", "both_doubt_caption"})
"""Rules whose lines are the captions of the article's pictures."""

CAPTION_LINES = 3
"""Lines of a caption below a picture."""

NEAR = 2
"""Lines between the text and a picture above or below it that still is one of the article's."""

ADDRESS_LONGEST = 2_000
"""Characters of the longest address."""


def images_of(
    layout: Layout,
    kept: Sequence[int],
    removed: Mapping[int, str],
    roots: Sequence[int],
    places: Sequence[tuple[int, int]],
    end: int,
) -> Iterator[Span]:
    """Pictures of the body, each before the paragraph that follows it, the last ones at the end of the text.

    `places` are the first line of each paragraph and where it begins in the text, `end` is the text's; `removed`
    and `roots` as in `write_text`.
    """
    lines = [line for line, _ in places]
    for number, image in enumerate(layout.images):
        chain = layout.up(image.box)
        is_inside = not roots or any(box in roots for box in chain)
        if not (image.address and is_inside and kept[0] - NEAR <= image.line <= kept[-1] + 1 + NEAR):
            continue
        if any(_is_aside(layout, box) for box in chain if box not in roots):
            continue
        following = bisect_left(lines, image.line)
        at = places[following][1] if following < len(places) else end
        is_last = number + 1 == len(layout.images) or layout.images[number + 1].line != image.line
        label = _caption(layout, image.line, removed) if is_last else ""
        yield Span(kind="image", level=0, start=at, end=at, label=label, target=image.address)


def _caption(layout: Layout, line: int, removed: Mapping[int, str]) -> str:
    """The lines right below a picture that went as its caption."""
    said: list[str] = []
    while len(said) < CAPTION_LINES and removed.get(line) in CAPTIONS:
        said.append(layout.lines[line].text)
        line += 1
    return " ".join(said)


def _is_aside(layout: Layout, box: int) -> bool:
    """Whether an element is of the page's furniture, by its own names."""
    element = layout.boxes[box]
    return element.hidden or element.tag in JUNK_TAGS or "junk" in kinds(element.names)


def with_addresses(structure: Sequence[Span], url: str) -> tuple[Span, ...]:
    """The spans with the addresses of images absolute; an image without one of http is left out."""
    spans = (
        replace(span, target=absolute(url, span.target)) if span.kind == "image" else span
        for span in structure
    )
    return tuple(span for span in spans if span.target or span.kind != "image")


def absolute(url: str, address: str) -> str:
    """An address on a page as an absolute one of http; "" where it is none or longer than ADDRESS_LONGEST."""
    try:
        target = urljoin(url, address.strip())
    except ValueError:
        return ""
    return target if target.startswith(("http://", "https://")) and len(target) <= ADDRESS_LONGEST else ""
