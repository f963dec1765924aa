"""What the sites of changed documents repeat now, and on which other documents that is.

The rule stands in lines.py; here the lines that a change can concern are looked up, and their pages compared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.dedupe.comparison import Texts
from pipeline.dedupe.frame import two_articles
from pipeline.dedupe.furniture import edge_lines
from pipeline.dedupe.index import DedupeIndex
from pipeline.dedupe.lines import COMPARED, FEW, LISTED, is_furniture, line_key
from pipeline.dedupe.prepared import stripped
from pipeline.dedupe.records import Item, Member
from pipeline.dedupe.sketch import Shingles, shingles, text_key
from pipeline.dedupe.tables import key_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One document before and after."""

    id: str
    """The document."""
    before: Member | None
    """As the index knows it; None: it is new."""
    text: str | None
    """Its text then; None: there was none, or it is not to be had."""
    after: Item | None
    """As it is now; None: it is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What changed in what the sites repeat."""

    before: Mapping[str, frozenset[str]]
    """The furniture of each site that has another one now, as it was."""
    documents: frozenset[str]
    """The documents that have a line of which this changed."""


def learn(changes: Sequence[Change], index: DedupeIndex, texts: Texts) -> Learned:
    """Judge the lines of the changed documents anew, old and new ones; `texts` gives those of the others."""
    lines: dict[int, tuple[str, str]] = {}
    moved: defaultdict[int, set[int]] = defaultdict(set)
    for change in changes:
        document = key_of(change.id)
        for site, text, title, stands in _sides(change):
            keys = {line_key(site, line): line for line in edge_lines(text, title)}
            for key, line in keys.items():
                lines[key] = (site, line)
                moved[key].add(document)
            if stands:
                index.lines.add(keys, document)
    index.load_sites(site for site, _ in lines.values())
    listed = index.lines.first(lines)
    # A line that many have is not looked at again for one more, unless that is among the first.
    doubtful = {
        key: documents
        for key, documents in listed.items()
        if moved[key].intersection(documents)
        and (len(documents) > 1 or lines[key][1] in index.site(lines[key][0]).repeated)
    }
    furniture = _furniture(doubtful, _Pages(changes, index, texts), index)
    before: dict[str, frozenset[str]] = {}
    turned = []
    for key in doubtful:
        site, line = lines[key]
        known = index.site(site).repeated
        if (key in furniture) == (line in known):
            continue
        before.setdefault(site, frozenset(known))
        turned.append(key)
        if key in furniture:
            known.add(line)
        else:
            known.discard(line)
    for site in sorted(before):
        index.learned(site)
    having = {one for documents in index.lines.all(turned).values() for one in documents}
    return Learned(before=before, documents=frozenset(index.load_keys(having).values()))


def _sides(change: Change) -> list[tuple[str, str, str, bool]]:
    """Site, text and title before and after, and whether they stand."""
    found = []
    if change.before is not None and change.text is not None:
        found.append((change.before.site, change.text, change.before.title, False))
    if change.after is not None:
        found.append((change.after.site, change.after.text, change.after.title, True))
    return found


def _furniture(listed: Mapping[int, Sequence[int]], pages: _Pages, index: DedupeIndex) -> set[int]:
    """Which of the lines, with the documents that may have them, are furniture."""
    names = index.load_keys({one for documents in listed.values() for one in documents})
    names |= pages.own
    found: set[int] = set()
    for most in (FEW, LISTED):
        undecided = {
            key: [names[one] for one in documents[:most] if one in names]
            for key, documents in listed.items()
            if key not in found and (most == FEW or len(documents) > FEW)
        }
        pages.fetch(name for documents in undecided.values() for name in documents)
        for key, documents in undecided.items():
            having = [name for name in documents if pages.has(name, key)][:COMPARED]
            if is_furniture(having, pages.shared):
                found.add(key)
    return found


class _Pages:
    """Pages to be told apart as articles: those of the changed documents, and others, fetched when asked for."""

    def __init__(self, changes: Sequence[Change], index: DedupeIndex, texts: Texts) -> None:
        self._index = index
        self._texts = texts
        self._gone = {change.id for change in changes if change.after is None}
        self._pages = {one.id: (one.site, one.title, one.text) for c in changes if (one := c.after)}
        self._keys: dict[str, Collection[int]] = {}
        self._shingles: dict[str, Shingles] = {}
        self._known: dict[tuple[str, str], float | None] = {}
        self.own = {key_of(name): name for name in self._pages}
        """The changed documents that stand, by their keys."""

    def fetch(self, names: Iterable[str]) -> None:
        """Bring the texts of these documents into memory."""
        missing = sorted(set(names) - self._pages.keys() - self._gone)
        for name, text in self._texts(missing).items() if missing else ():
            if member := self._index.get(name):
                self._pages[name] = (member.site, member.title, text)

    def has(self, name: str, line: int) -> bool:
        """Whether a document has a line, by its key."""
        if name not in self._pages:
            return False
        if name not in self._keys:
            site, title, text = self._pages[name]
            self._keys[name] = {line_key(site, each) for each in edge_lines(text, title)}
        return line in self._keys[name]

    def shared(self, one: str, other: str) -> float | None:
        """The share that two pages have in common; None when they are versions of one."""
        pair = (min(one, other), max(one, other))
        if pair not in self._known:
            a, b = (self._of(name) for name in pair)
            titles = (self._pages[pair[0]][1], self._pages[pair[1]][1])
            self._known[pair] = two_articles(a, b, titles)
        return self._known[pair]

    def _of(self, name: str) -> Shingles:
        if name not in self._shingles:
            self._shingles[name] = shingles(text_key(stripped(self._pages[name][2], ())))
        return self._shingles[name]
