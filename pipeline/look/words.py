"""Why a row is not published, in a sentence for each reason."""

from __future__ import annotations

from pipeline.corpus.quality import RULES

REASONS = {
    "superseded": "The page says something newer now, or no longer has this article.",
    "unchanged": "The page said what it had said before.",
    "part_of": "It is a further page of an article that stands joined under its first page.",
    "no_body": "No article was found on the page.",
    "verify": "The page checks its visitors instead of showing an article.",
    "deleted": "The page only says that its article is deleted, withheld or not there.",
    "login": "The page only says that its article is for members.",
    "gallery": "There are pictures or a film, and no text.",
    "list_page": "There is nothing but teasers of other pages.",
    "duplicate": "It is a copy of an article that is published.",
    "contained_in": "It is an excerpt of an article that is published.",
    "glued": "The page is made of articles that are published one by one.",
    "held": "Its source did not yield what its file expects; its new rows wait.",
    "quarantined": "The page killed, hung or broke the process that read it.",
    "takedown": "It was taken down, or is a copy of what was.",
    "not_an_article": "A person said in a correction that this is no article.",
    "empty": "There was an answer without a body.",
    "not_html": "Something else than a page came.",
    "undecodable": "Its bytes are in no character set that could be told.",
    "frameset": "The page is made of frames, which are pages of their own.",
    "gone": "The address answers that the page is gone (404 or 410).",
    "soft_gone": "The page only says that the article is gone.",
    "repeated_part": "It says what an earlier page of the article said.",
    "blocked": "A captcha, challenge or block page came instead.",
    "robots": "robots.txt forbids it, so it was not asked for.",
    "http_error": "The answer had a status that brings no page.",
    "deferred": "The server asked for a longer wait than one run has.",
    "timeout": "No answer came in time.",
    "too_large": "The answer is larger than what is read.",
    "incomplete": "The connection ended before the page did.",
    "bad_encoding": "The body is packed in a way that cannot be undone.",
    "bad_protocol": "What came is not HTTP.",
    "redirect": "It is a hop on the way to another address.",
    "redirect_loop": "The redirects go round in a circle.",
    "hop_refused": "It leads to where we do not go.",
    "address_refused": "A private address, another scheme or a forbidden port.",
    "dns_error": "The name of its host could not be found.",
    "connect_error": "No connection could be made.",
    "tls_error": "The connection could not be secured.",
    "unreadable": "The record, of a foreign archive, is no HTTP response.",
    "damaged": "Its record in the archive can no longer be read.",
    "binary": "The text is none: there are bytes of another kind in it.",
    "data": "The text is data, not prose.",
    "table": "The text is a table, not prose.",
    "log": "The text is a log, not prose.",
    "code": "The text is code, not prose.",
    "not_chinese": "There is too little Chinese in it.",
}
"""Reason → why; those of the quality rules are told by their source."""

_OF_RULES = {rule.reason: f"It failed a rule of quality ({rule.source})." for rule in RULES}


def why(reason: str) -> str:
    """A reason in a sentence; of one that has none (`failed:ValueError`) the word itself."""
    word, _, rest = reason.partition(":")
    if word == "failed":
        return f"Reading the page failed ({rest})."
    return _OF_RULES.get(reason) or REASONS.get(reason, reason)
