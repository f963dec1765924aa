"""What passes between the stages: frozen records, each field with meaning, format and unit.

Time is aware UTC, days are `date` in China's calendar as printed, delays are seconds, sizes bytes,
lengths code points, shares 0..1. Standard library only, so that every room can import it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum


class Outcome(StrEnum):
    """What came of a visit: the word in the archive, and the reason of a row whose page was not usable."""

    OK = "ok"
    """A usable page with a new body."""
    UNCHANGED = "unchanged"
    """304, or the body of the last good visit again."""
    REDIRECT = "redirect"
    """A hop on the way."""
    EMPTY = "empty"
    """An answer without a body."""
    NOT_HTML = "not_html"
    """A page was asked for and something else came."""
    GONE = "gone"
    """404 or 410."""
    SOFT_GONE = "soft_gone"
    """A page that only says that the article is gone."""
    REPEATED_PART = "repeated_part"
    """The next page of an article that says what an earlier one said."""
    BLOCKED = "blocked"
    """A captcha, challenge or block page instead of the page."""
    ROBOTS = "robots"
    """Not asked: robots.txt forbids it."""
    HTTP_ERROR = "http_error"
    """Any other status that brings no page."""
    DEFERRED = "deferred"
    """The server asked for a longer wait than one run has."""
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    INCOMPLETE = "incomplete"
    """The connection ended before the body did."""
    BAD_ENCODING = "bad_encoding"
    """A content coding that cannot be undone."""
    BAD_PROTOCOL = "bad_protocol"
    """What came is not HTTP."""
    REDIRECT_LOOP = "redirect_loop"
    HOP_REFUSED = "hop_refused"
    """A redirect to where we do not go."""
    ADDRESS_REFUSED = "address_refused"
    """A private address, another scheme, a forbidden port."""
    DNS_ERROR = "dns_error"
    CONNECT_ERROR = "connect_error"
    TLS_ERROR = "tls_error"
    UNREADABLE = "unreadable"
    """A foreign record that is no HTTP response."""
    OUTSIDE = "outside"
    """It came for a backfill and is of another day than that is for: another backfill, or the schedule, brings it."""
    DAMAGED = "damaged"
    """It was archived, and its record in the archive can no longer be read."""


SETTLED = frozenset(
    {
        Outcome.GONE,
        Outcome.SOFT_GONE,
        Outcome.REPEATED_PART,
        Outcome.ROBOTS,
        Outcome.NOT_HTML,
        Outcome.TOO_LARGE,
        Outcome.EMPTY,
        Outcome.ADDRESS_REFUSED,
        Outcome.REDIRECT_LOOP,
        Outcome.BAD_ENCODING,
    }
)
"""After these a further part of an article is not owed any more: it is not there, and will not be."""

USABLE = frozenset({Outcome.OK, Outcome.UNCHANGED})
"""Outcomes that bring a page, or say that the one we have still stands."""

UNREACHED = frozenset({Outcome.DNS_ERROR, Outcome.CONNECT_ERROR, Outcome.TLS_ERROR, Outcome.TIMEOUT})
"""Outcomes of visits that no server answered."""


class Reason(StrEnum):
    """Why a row with a usable page is not published, besides a rule of quality and what extraction says of a page."""

    SUPERSEDED = "superseded"
    """An earlier text of a document, or an article that a page no longer has."""
    PART_OF = "part_of"
    """Page 2, 3 … of an article that stands joined under page 1."""
    NO_BODY = "no_body"
    """No article was found on the page."""
    VERIFY = "verify"
    """The page checks its visitors instead."""
    DELETED = "deleted"
    """The page only says that its article is deleted, withheld or not there."""
    LOGIN = "login"
    """The page only says that its article is for members."""
    GALLERY = "gallery"
    """Pictures or a film without a text."""
    LIST_PAGE = "list_page"
    """Nothing but teasers of other pages: a column, a search."""
    GOODS = "goods"
    """Something for sale, with its price, and what is said of it."""
    DUPLICATE = "duplicate"
    """A copy of an article that is published."""
    CONTAINED_IN = "contained_in"
    """An excerpt of an article that is published."""
    GLUED = "glued"
    """A page made of articles that are published one by one."""
    LESS = "less"
    """A later capture that gives less of the article than stands: its page keeps it by now."""
    HELD = "held"
    """Its source did not yield what it must; it waits."""
    QUARANTINED = "quarantined"
    """Its page killed, hung or broke its worker."""
    TAKEDOWN = "takedown"
    """It was taken down, or is a copy of what was; nothing of it is kept."""
    NOT_AN_ARTICLE = "not_an_article"
    """A correction says that what was taken for an article is none."""
    RESERVED = "reserved"
    """Its page or site keeps it from text and data mining, or from AI; the archive has it, the corpus has no text."""


WITHHELD = frozenset({Reason.DUPLICATE, Reason.CONTAINED_IN, Reason.GLUED})
"""Reasons of rows that are still the current text of their document: deduplication withheld them."""


class Kind(StrEnum):
    """What a capture was asked for."""

    PAGE = "page"
    FEED = "feed"
    SITEMAP = "sitemap"
    LISTING = "listing"
    ROBOTS = "robots"
    TDMREP = "tdmrep"
    """`/.well-known/tdmrep.json`: what a host reserves of text and data mining."""
    REDIRECT = "redirect"
    """A hop on the way to the capture behind it."""
    PROBE = "probe"
    """An address that does not exist: how the host answers to such."""
    DISCOVERY = "discovery"
    """No request: how many links a run found for its source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of links to articles."""

    url: str
    """Absolute http(s) URL."""
    links: str = "a[href]"
    """CSS selector of the `a` elements to follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """A CSS selector that holds for a span of days (a site's layout changes)."""

    css: str
    """CSS selector as Lexbor understands it."""
    since: date | None = None
    """First capture day (UTC) it holds for; None: from the beginning."""
    until: date | None = None
    """Last capture day (UTC) it holds for; None: to this day."""


RESPECT, PUBLISH = RESERVED_WORDS = ("respect", "publish")
"""What a source may say of its pages that reserve text and data mining."""

RENDER_NEVER, RENDER_AUTO, RENDER_ALWAYS = RENDER_WORDS = ("never", "auto", "always")
"""What a source may say of rendering its pages in a browser."""
RENDERED_TYPE = "text/html; charset=utf-8"
"""What a page is as a browser made it."""

MASKED = "masked"
"""Kind of the spans over personal data that was masked, and name of the flag on such a row."""

PERSONAL = ("id-card", "bank-card", "phone", "email")
"""What a source may have masked in its articles (corpus/personal.py)."""

EXTRACTORS = ("container", "trafilatura")
"""Readers of a body that a source may name: the lines of its element, or trafilatura."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A site we read: where its articles are found, how politely, and what it must yield."""

    name: str
    """Lower-case letters, digits and hyphens; the name of its TOML file."""
    home: str
    """Absolute http(s) URL of its front page."""
    feeds: tuple[str, ...] = ()
    """RSS, Atom or JSON feed URLs."""
    sitemaps: tuple[str, ...] = ()
    """Sitemap or sitemap index URLs (plain or gz)."""
    listings: tuple[Listing, ...] = ()
    """Pages of links."""
    urls: tuple[str, ...] = ()
    """Article URLs named outright."""
    include: tuple[str, ...] = ()
    """Glob patterns (fnmatch, whole URL); empty: every discovered URL on the source's own hosts."""
    exclude: tuple[str, ...] = ()
    """Glob patterns (fnmatch, whole URL) never fetched."""
    body: tuple[Selector, ...] = ()
    """Selectors of the article body; they win over the container search."""
    drop: tuple[Selector, ...] = ()
    """Selectors removed before extraction."""
    delay: float = 5.0
    """Seconds between two requests to one host; robots.txt may ask for more."""
    every: float = 6 * 3600.0
    """Seconds between two visits of its feeds, sitemaps and listings."""
    terms: str = ""
    """Under what terms the text may be used; copied to every row."""
    expect_links: int = 0
    """A run that discovers fewer links than this is refused."""
    expect_kept: float = 0.0
    """Share 0..1 of its last new documents that must be fit to publish, else new rows are held back."""
    expect_own: float = 0.5
    """Share 0..1 of a build's new documents that must be no copies, excerpts or compilations of others; 0: a mirror."""
    harm_articles: int = 5
    """A build that would remove, cut by a third or rob of a fact so many of its published articles, and …"""
    harm_share: float = 0.02
    """… this share 0..1 of them, needs a person's word."""
    allow_private: bool = False
    """Whether loopback and private addresses may be connected to (a test site)."""
    charset: str | None = None
    """Charset label that overrides what the pages declare; None: as detected."""
    extractor: str | None = None
    """The one reader of its bodies, a word of EXTRACTORS; None: both."""
    reserved: str = RESPECT
    """What becomes of its pages that reserve text and data mining or say noai, a word of RESERVED_WORDS: respect
    leaves them unpublished; publish is for who has the right by other means, which `terms` should name."""
    answer_to: tuple[str, ...] = ()
    """Tokens of AI crawlers (rules/ai-agents.tsv) to which we answer: what robots.txt or a page forbids to one of these
    counts as a reservation; what it forbids to others is only recorded."""
    render: str = RENDER_NEVER
    """Whether its pages are rendered in a browser, a word of RENDER_WORDS; auto: those whose text only a script makes,
    a share of a run (crawl/rendering.py)."""
    mask: tuple[str, ...] = ()
    """Personal data that no reader of its articles is to see, words of PERSONAL."""
    robots_sitemaps: bool = False
    """Whether the sitemaps that the robots.txt of its home names are read as well, those on its own sites."""
    twins: bool = True
    """Whether its URLs that are one page, as its own pages have shown, are fetched once (crawl/folding.py)."""

    @property
    def lists(self) -> tuple[tuple[Kind, str], ...]:
        """Its feeds, sitemaps and listings, each with its kind."""
        listings = (listing.url for listing in self.listings)
        by_kind = ((Kind.FEED, self.feeds), (Kind.SITEMAP, self.sitemaps), (Kind.LISTING, listings))
        return tuple((kind, url) for kind, urls in by_kind for url in urls)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address it names: home, lists, articles."""
        return (self.home, *(url for _, url in self.lists), *self.urls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a record lies in the archive."""

    file: str
    """Path of the WARC file, relative to the raw folder, with forward slashes."""
    offset: int
    """Bytes from the start of the file to the record's gzip member."""
    length: int
    """Bytes of the gzip member."""


Headers = tuple[tuple[str, str], ...]
"""HTTP headers as received, latin-1 decoded, in order."""


def header_of(headers: Headers, name: str) -> str:
    """The first value of a header, its name compared without case; "" if there is none."""
    size = len(name)
    for key, value in headers:
        if len(key) == size and key.lower() == name:
            return value
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One visit of one URL, whatever came of it."""

    id: str
    """WARC-Record-ID without the angle brackets (urn:uuid:…)."""
    source: str
    """Name of the source it was fetched for."""
    kind: str = Kind.PAGE
    """A word of Kind; what another writer said stays as it is."""
    url: str
    """The URL asked for, in fetch form."""
    url_key: str
    """Identity of the URL: equal keys are one address (crawl/urls.py)."""
    final_url: str
    """Where the body came from after redirects."""
    fetched_at: datetime
    """Aware UTC, microseconds."""
    status: int = 0
    """HTTP status; 0: no response."""
    headers: tuple[tuple[str, str], ...] = ()
    """Response headers as received, latin-1 decoded, in order."""
    body: bytes = b""
    """Payload after content decoding; empty for a revisit."""
    rendered: bytes = b""
    """The page as a browser made it of that payload, HTML in UTF-8; empty: it was not rendered."""
    digest: str = ""
    """`sha1:` + base32 of the payload; of the earlier payload for a revisit."""
    outcome: str = Outcome.OK
    """A word of Outcome; what another writer said stays as it is."""
    via: str | None = None
    """URL where the link was found; None: named by the user."""
    part_of: str | None = None
    """url_key of part 1 when this page is part 2… of an article; None: a page of its own."""
    next_part: str | None = None
    """The URL of the next part of the article, when that was to be fetched after this page, in fetch form."""
    refers_to: str | None = None
    """id of the earlier capture whose payload a revisit repeats."""
    links: int | None = None
    """For kind discovery: how many links the run found for the source."""
    gap: bool = False
    """For a feed: whether nothing known was left in it, so that items may have passed unseen."""
    twin: str | None = None
    """What this page says of other URLs of it: a sign, the URL key of the other page, the rules it speaks for or
    against, a line each (crawl/twinmemory.py)."""
    notes: tuple[str, ...] = ()
    """Facts about the fetch worth keeping: decoder flags, attempts, robots rule, peer address."""
    place: Place | None = None
    """Where it is archived; None: not archived yet."""

    def header(self, name: str) -> str:
        """The first value of a response header, named in lower case; "" if there is none."""
        return header_of(self.headers, name)

    @property
    def page(self) -> tuple[bytes, str]:
        """What is read as its page: as rendered, else as it came; and the content type of that."""
        came = (self.body, self.header("content-type"))
        return (self.rendered, RENDERED_TYPE) if self.rendered else came


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Damage that was found and not repaired, or a doubt about the text."""

    name: str
    """Which kind, e.g. lone_latin, censor_mark, replacement_character, pseudo_traditional, parts_missing; glued_words:
    little words grown together (allinAGI); half_width_mark: one left between Han; no_le: the text has lost its 了, and
    lost_le: a place where one is missing;
    masked: personal data, `structure` says where; implausible_date: the capture claims to be of later than the day
    after its archive file was begun; licenses_differ: the page names more than one licence; terms_differ: it names
    another than the source's `terms`; title_cut: the site cut the title short to `text` (where `title` is longer it was
    completed from the page, or a copy has it in full: `of`); references_missing: marks such as [3] point at a list that
    the text does not have."""
    start: int | None = None
    """First code point in `Document.text`; None: the whole text."""
    end: int | None = None
    """One past the last code point."""
    text: str = ""
    """The damaged span with a few characters around it."""
    of: str = ""
    """Id of the document that shows it: of title_cut, a copy of the article whose title goes on. "": the page does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """Something that a page or its site says of how the page may be used."""

    name: str
    """A word of rules/rights.tsv: tdm_reserved, tdm_open, tdm_policy, noai, noimageai, ai_barred, noindex, noarchive,
    license, reprint_forbidden, reprint_credited."""
    place: str
    """Where it stood: robots.txt, tdmrep.json, header, meta, link (rel=license), item (microdata, RDFa), json-ld,
    printed (a line beside the article)."""
    said: str
    """The words or the address there, as written; of ai_barred the token of the crawler."""


BY_FEED = "feed"
"""The method of a body that came by a feed, and where its title, author and day were read, if there."""


class AccessState(StrEnum):
    """How much of its article a page gives, as it says itself."""

    WHOLE = "whole"
    """All of it, to everyone."""
    TEASER = "teaser"
    """Its beginning; the rest is elsewhere, in an app or on another page."""
    PAYWALLED = "paywalled"
    """The rest, or all of it, is for who pays."""
    LOGIN = "login"
    """It is for who logs in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How much of its article a page gives, and where it says so (extract/access.py)."""

    state: AccessState
    place: str
    """json-ld, item (microdata), meta, printed (a line or a button), fold."""
    said: str
    """The words there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """Someone who worked on an article and did not write it."""

    name: str
    """As printed, without the code that some sites set behind it."""
    role: str
    """A word of rules/editor-roles.tsv: responsible_editor, editor, proofreader, reviewer, final_reviewer,
    duty_editor, chief_editor, supervisor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginStep:
    """One step back on the way by which an article came to its page."""

    name: str | None
    """The publisher as printed; None: only an address is given."""
    url: str | None
    """Its address, or that of the article there; None: none is given."""
    how: str
    """What says so, a word of ORIGIN_STEPS: source (来源, the account, the paper of the page), reprint (转自),
    original (原文, 原载, 首发), agency (a dateline: 新华社北京3月1日电), mention (an app or a paper to whose
    reporters people in the text speak)."""
    confidence: float
    """0..1: .9 a label says so, .7 the place where it is printed, .5 it is only declared for machines, .3 a mention."""


ORIGIN_STEPS = ("source", "reprint", "original", "agency", "mention")
"""From what the page names as its source back to what only hints at where the text was first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """One thing that a correction changed in a row."""

    column: str
    """The column it is about: title, author, published_on, origin_name, extracted (and with it all that is made of it),
    part (split off, or joined to the article before it), reason (not an article), relation (kept apart)."""
    was: str | None
    """What stood there without the correction; of `extracted` its hash; None: nothing."""


RIGHTS_PLACES = ("robots.txt", "tdmrep.json", "header", "meta", "link", "item", "json-ld", "printed")
"""Where something may be said of a page's use, what stands nearer to the article last: that order is TDMRep's."""

HIGH, MEDIUM, LOW = "high", "medium", "low"
"""How sure a fact is, in `published_confidence`."""

TITLE_CUT = "title_cut"
"""Flag of a row whose site cut the title short; as its page shows, or, with `of`, as a copy does."""
IMPLAUSIBLE_DATE = "implausible_date"
"""Flag of a row whose capture claims a time that is not believed."""
DATE_AFTER_CAPTURE = "date_after_capture"
"""Flag of a row whose page gives a day of publication that had not begun anywhere when it was captured."""
LICENSES_DIFFER = "licenses_differ"
"""Flag of a row whose page names more than one licence: none is given then."""
TERMS_DIFFER = "terms_differ"
"""Flag of a row whose page names another licence than the `terms` of its source."""


BAR = " | "
"""What parts the cells of a table's row in a text; beside an empty cell one space is left out."""
CELL_BAR = "｜"
"""A bar inside a cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What a part of a text was on its page; the text itself is plain."""

    kind: str
    """heading, item (of a list), table, row, quote, code (a block, or within a line), formula, note (a footnote mark),
    image, masked (personal data, every sign of it █)."""
    level: int
    """heading: 1..6; item, quote: how deep, from 1; row: 1 for the names of the columns; formula: 1 on a line of its
    own; else 0."""
    start: int
    """First code point; image: where it stands, always the beginning of a line or the end of the text."""
    end: int
    """One past the last; image: the same as `start`."""
    label: str = ""
    """item: its mark, - or 3.; code: the language, where the page names it; image: its caption; masked: what it was, a
    word of PERSONAL."""
    target: str = ""
    """image: its absolute address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article as a page prints it, before normalization."""

    part: int = 1
    """1 for the page's first article, 2 for the next one glued below it."""
    title: str | None = None
    """Heading without site and column suffixes, as printed."""
    title_from: str | None = None
    """The reader of TITLES (extract/title.py) that found it."""
    author: str | None = None
    """Names as printed, several joined with 、."""
    author_from: str | None = None
    """The rule of AUTHORS (extract/author.py) that found them."""
    affiliation: str | None = None
    """The organisation printed beside the author, several joined with 、."""
    editors: tuple[Editor, ...] = ()
    """Who edited, proofread and reviewed it, as printed."""
    published_on: date | None = None
    """Day of publication in China time, unless the page says otherwise."""
    published_raw: str | None = None
    """The string the day was read from."""
    published_from: str | None = None
    """Where that string stood: a reader of DAYS (extract/published.py); meta:<name>, script:<variable>."""
    published_at: str | None = None
    """Day and time of publication, ISO 8601."""
    published_at_from: str | None = None
    """Where the time stood, as in `published_from`."""
    published_confidence: str | None = None
    """high, medium, low."""
    modified_on: date | None = None
    """Day of the last change."""
    modified_at: str | None = None
    """Day and time of the last change, ISO 8601."""
    modified_raw: str | None = None
    """The string it was read from."""
    modified_from: str | None = None
    """Where that string stood: a reader of CHANGES (extract/modified.py)."""
    zone_from: str | None = None
    """What says the offset of the times."""
    origin_name: str | None = None
    """Where the article first appeared, as printed (来源, 转自)."""
    origin_url: str | None = None
    """Link to the original, if the page gives one."""
    origin_from: str | None = None
    """The rule of SAID or ELSEWHERE (extract/origin.py) that found it."""
    origins: tuple[OriginStep, ...] = ()
    """From what the page names as its source back to the original, as far as it says; `origin_name` is one of them."""
    site_name: str | None = None
    """The site's own name."""
    section: str | None = None
    """Column or breadcrumb the page stands in."""
    sections: tuple[str, ...] = ()
    """The steps of the breadcrumb, the widest first; `section` is the last."""
    tags: tuple[str, ...] = ()
    """Keywords under which the site files it (extract/filed.py)."""
    canonical_url: str | None = None
    """rel=canonical or og:url, a hint only."""
    extracted: str = ""
    """The body as it stands on the page, one line a paragraph or a row of a table."""
    structure: tuple[Span, ...] = ()
    """What the parts of `extracted` were on the page, by their beginning, outer ones first."""
    captions: tuple[str, ...] = ()
    """Photo captions, which are not body text."""
    method: str = ""
    """How the body was chosen: selector, container, trafilatura (of the element, alone), trafilatura-page, text; of one
    that no element shows the place: ld+json, script, noscript, template, textarea, srcdoc, attribute, comment; feed: as
    the feed printed it in which the page was found, for the page is blocked or keeps it."""
    agreement: float | None = None
    """Share 0..1 of the letters of the body that both readers of the element have (extract/agreement.py), of the
    first part where several are joined; None: only one read it."""
    flags: tuple[Flag, ...] = ()
    """Doubts that extraction itself has (no offsets)."""
    reprint_terms: str | None = None
    """The line nearest to the body that says who may reprint it, or by whose leave it is reprinted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What extraction made of one captured body."""

    encoding: str
    """WHATWG name of the encoding used."""
    encoding_from: str
    """bom, utf-8, http, meta, xml, scored, detector, or source."""
    replacements: int
    """Number of U+FFFD that decoding produced."""
    articles: tuple[Article, ...] = ()
    """The articles in page order; empty when there is a reason."""
    next_url: str | None = None
    """The page's link to its next part (下一页), absolute; None: there is none."""
    rights: tuple[Right, ...] = ()
    """What it says of its use (extract/statements.py)."""
    access: Access | None = None
    """How much of its article it gives; None: it does not say."""
    reason: str | None = None
    """Why there is no article: empty, not_html, too_large, frameset, no_body, timeout, …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What is measured of a text; shares are 0..1 of its characters unless said otherwise."""

    han: int
    """Han characters."""
    letters: int
    """Letters of any script."""
    han_share: float
    """Han characters among all letters of any script."""
    kana_share: float
    """Kana among all letters."""
    sentences: int
    """Sentence-ending marks 。！？；…"""
    marks_share: float
    """Chinese marks per Han character."""
    long_share: float
    """Han characters that stand in lines of at least 30 characters or ending a sentence."""
    repeated_lines: float
    """Characters in lines that stood earlier in the text (Gopher: duplicate line fraction)."""
    top_gram: float
    """Letters covered by the most frequent 10-gram, in the first 20,000 outside code (Gopher: top n-gram fraction)."""
    broken: float
    """Runs of U+FFFD or private-use characters: one lost emoji leaves a run of up to eight."""
    keywords: float
    """Characters in lines of six or more terms joined by commas, bars or spaces without a sentence end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One row of the corpus: an article, where it came from, and why it reads as it does."""

    id: str
    """32 hex digits from the URL key and the part; stable across versions and revisions."""
    capture: str
    """id of the capture the text was taken from."""
    source: str
    """Name of the source."""
    url: str
    """Address the text was fetched from."""
    url_key: str
    """Identity of that address."""
    site: str
    """Host name without a leading www."""
    part: int = 1
    """Which article of the page."""
    captured_at: datetime
    """When that capture was fetched, UTC."""
    first_seen: datetime
    """When the document was first captured, UTC; decides the file it stands in."""
    title: str | None = None
    """Normalized title."""
    title_raw: str | None = None
    """Title as printed."""
    title_from: str | None = None
    """The reader that found it: repeated, part, label, heading, named, json-ld, meta, item, script, last,
    centred, title, short (extract/title.py says what each believes). With repeated and part, page and declaration
    agree."""
    author: str | None = None
    """Names, several joined with 、."""
    author_from: str | None = None
    """The rule that found them: reprint, label, behind_source, cell, original, opening, twice, element, profile,
    follow, dateline, with_paper, foot, alone, agency, desk, beside_day, signature, blog, card, declared, above_day,
    closing (extract/author.py says what each believes)."""
    affiliation: str | None = None
    """The organisation printed beside the author, several joined with 、."""
    editors: tuple[Editor, ...] = ()
    """Who edited, proofread and reviewed it (责任编辑, 校对, 审核), in the order of the page."""
    published_on: date | None = None
    """Day of publication."""
    published_raw: str | None = None
    """The string that day was read from."""
    published_from: str | None = None
    """Where that string stood: label, printed, parted, foot, meta:<name>, json-ld, item, script:<variable>, beside,
    time, shown, above, ago, url, bare, closing, dispatch, modified (extract/published.py)."""
    published_at: str | None = None
    """Day and time of publication, where the page prints a time: ISO 8601, of the day `published_on`, as precise as
    printed; with an offset only where `zone_from` says why. None: it prints none, or midnight."""
    published_at_from: str | None = None
    """Where the time stood, as in `published_from`: it may be another place that gives the same day."""
    published_confidence: str | None = None
    """How sure the day is. high: a label says so, or two voices the same; medium: one voice; low: reckoned or found
    where another's day may stand, with nothing to bear it out, or contradicted (extract/publication.py)."""
    modified_on: date | None = None
    """Day of the last change, where the page tells it apart from the publication."""
    modified_at: str | None = None
    """Day and time of the last change, as in `published_at`."""
    modified_raw: str | None = None
    """The string it was read from."""
    modified_from: str | None = None
    """Where that string stood: printed, meta:<name>, json-ld, item, ago (extract/modified.py)."""
    zone_from: str | None = None
    """What says the offset of the times: page (written beside it), country (the host name's), filing (registered in
    mainland China); None: nothing, they have none."""
    origin_name: str | None = None
    """Original publisher as printed (来源)."""
    origin_url: str | None = None
    """Link to the original."""
    origin_from: str | None = None
    """The rule that found it: reprint, account, label, cell, element, with_name, reporters, beside_day,
    above_day, day_line, original, twice, foot, office, meta, own, agency (extract/origin.py)."""
    origins: tuple[OriginStep, ...] = ()
    """The way it came, from the source the page names back to the original (来源 → 转自 → 原文), as far as it says;
    `origin_name` is one of them."""
    site_name: str | None = None
    """The site's own name."""
    section: str | None = None
    """Column or breadcrumb: the last of `sections`."""
    sections: tuple[str, ...] = ()
    """The steps of the breadcrumb above the title, the widest first, without the site and the title."""
    tags: tuple[str, ...] = ()
    """Keywords that the page prints as tags or declares as such; those of its meta keywords that the article has."""
    canonical_url: str | None = None
    """The page's own hint at its canonical address."""
    text: str = ""
    """The article in the corpus's form: Simplified, Chinese marks, one line a paragraph."""
    extracted: str = ""
    """The article as it stood on the page."""
    structure: tuple[Span, ...] = ()
    """What the parts of `text` were on the page, by their beginning, outer ones first."""
    structure_raw: tuple[Span, ...] = ()
    """The same of `extracted`."""
    text_hash: str = ""
    """First 32 hex digits of the SHA-256 of `text`."""
    extracted_hash: str = ""
    """The same of `extracted`."""
    captions: tuple[str, ...] = ()
    """Photo captions, normalized."""
    script: str = ""
    """Script of `extracted`: Hans, Hant, mixed, pseudo-Hant, or none."""
    han: int = 0
    """Han characters in `text`."""
    fixes: tuple[str, ...] = ()
    """Names of the fixes that changed something, in the order they ran."""
    flags: tuple[Flag, ...] = ()
    """Damage that could not be repaired, and doubts."""
    encoding: str = ""
    """Encoding the page was decoded with."""
    encoding_from: str = ""
    """How that encoding was chosen."""
    replacements: int = 0
    """U+FFFD produced by decoding."""
    method: str = ""
    """How the body was chosen."""
    agreement: float | None = None
    """Share 0..1 of the letters of `extracted` that both readers of the element have, the element's own lines and
    trafilatura; None: only one read it (extract/agreement.py)."""
    access: str | None = None
    """How much of the article its page gives, a word of AccessState; None: it does not say."""
    access_raw: str | None = None
    """The words that say so."""
    access_from: str | None = None
    """Where they stood: json-ld, item, meta, printed, fold (extract/access.py)."""
    rendered: bool = False
    """Whether the text was read from the page as a browser rendered it."""
    quality: Measures | None = None
    """What the quality rules measured of `text`; None: it was never measured."""
    reason: str | None = None
    """Why the row is not published; None: it is."""
    cluster: str | None = None
    """Id of the cluster of versions of one article; None: never compared."""
    relation: str | None = None
    """new, canonical (the published one of several copies), duplicate, contained_in, contains, same_form,
    split_from, or None."""
    related_to: tuple[str, ...] = ()
    """ids of the documents the relation points at."""
    score: float | None = None
    """Share of the text found in the partner, 0..1."""
    rule: str | None = None
    """The rule of dedupe that decided."""
    form_id: str | None = None
    """Id shared by texts of one form with other facts."""
    terms: str = ""
    """Terms of use of the source."""
    rights: tuple[Right, ...] = ()
    """What the page and its site said of its use when it was captured, in the order of RIGHTS_PLACES."""
    license_url: str | None = None
    """Address of the licence that the page names for its article; None: it names none, none with an address, or
    several."""
    reprint_terms: str | None = None
    """The line nearest to the article that says who may reprint it, or by whose leave it is reprinted, as printed."""
    corrected: tuple[Corrected, ...] = ()
    """What a person corrected; `corpus explain` names the file of the correction."""
    made_by: str = ""
    """Key in the manifest's `made_by` of the rules it was made by; "": those of the version."""
    last_verified: date | None = None
    """Day (UTC) of the last visit on which the page still had what the row says, its own capture among them; None: no
    visit has a time that is believed, the row is not published, or the version does not tell."""
    gone_since: date | None = None
    """Day (UTC) of the first visit since which the page is gone (404, 410, a page that only says so): the row stays.
    None: it is not known to be gone."""
    revised: int | None = None
    """How often the page said something else before, in text, title, day, author, origin or licence; None as above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """A sealed WARC file that went into a version."""

    file: str
    """Path relative to the raw folder."""
    sha256: str
    """Of the file's bytes, hex."""
    captures: int
    """Page captures in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFile:
    """A file of a version."""

    file: str
    """Path relative to the version folder."""
    sha256: str
    """Of the file's bytes, hex."""
    rows: int | None
    """Rows, for Parquet files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a version is made of."""

    version: str
    """SCHEMA.RELEASE.REVISION."""
    parent: str | None
    """The version it was built upon."""
    created_at: datetime
    """Time of the newest capture in it whose time is believed, UTC; no clock's (`corpus.plan.time_of`)."""
    fingerprints: dict[str, str]
    """Hashes of the code, rules and libraries of extract, normalize, dedupe, sources."""
    inputs: tuple[InputFile, ...]
    """The archive files."""
    files: tuple[OutputFile, ...]
    """The version's files."""
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    """source → articles, and dropped by reason."""
    changes: dict[str, int] = field(default_factory=dict)
    """kind:cause → documents changed against the parent."""
    held: dict[str, str] = field(default_factory=dict)
    """source → why its new rows were held back: a word of `corpus.gates.KINDS`, a colon, the figures."""
    accepted: dict[str, str] = field(default_factory=dict)
    """source → time (ISO, UTC) up to which a person took what it yielded as it is: expectations count from then."""
    corrections: dict[str, str] = field(default_factory=dict)
    """Id of a document → hash of what the corrections in force said of it."""
    made_by: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of a version that was published before all of it was made anew: mark of the newer rows → their fingerprints."""
    environment: dict[str, str] = field(default_factory=dict)
    """What it was made with: python, commit, `library/NAME`, `code/FILE`; empty: `environment.json` says it, or
    nothing does (`corpus.environment.environment_of`)."""
    unsettled: tuple[str, ...] = ()
    """Clusters out of which a takedown took documents, and documents whose text came from a feed that it took: the next
    build decides what stands in their place."""
    withdrawn: dict[str, int] = field(default_factory=dict)
    """Run that was taken back → its page captures, which stay in the archive and count for nothing here."""
    equal_to: str | None = None
    """The older version that this release brings back; None: it is no rollback."""
    why: str | None = None
    """Why it does."""
    columns: dict[str, str] = field(default_factory=dict)
    """Column → its type, of every file of rows (`corpus.schema.column_types`); empty: written before that was noted."""
    masked: dict[str, int] = field(default_factory=dict)
    """Of a copy that an export made with `--mask`: kind of personal data → how often it was masked; else empty."""
