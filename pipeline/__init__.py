"""From Chinese web pages to a versioned clean corpus.

`raw/` is what the web said and never changes; `clean/` is a pure function of `raw/`, this code and
the rule files. So there are two movements: *crawl* (web → raw) and *build* (raw → clean).

The rooms, in the order a page meets them:

    sources      which sites we read, and what each must yield
    crawl/       which URLs, when, what order                                    (order: crawl/run.py)
    web/         robots → pace → fetch → decode → block pages: one URL, safely   (order: web/fetch.py)
    archive/     capture → WARC → index, and back; the only door to raw/         (order: archive/writer.py)
    extract/     encoding → container → body → metadata → boilerplate → split    (order: extract/__init__.py)
    normalize/   markup → spaces → punctuation → script → damage                 (order: normalize/__init__.py)
    dedupe/      furniture → sketches → candidates → relations → policy          (order: dedupe/run.py)
    corpus/      shards → quality → dedupe → publish → versions → read           (order: corpus/build.py)
    rules/       the tables all rooms ask, and the fingerprint of what makes an output
    runs         refresh, backfill, rebuild, maintain: what `corpus` and the flows both call

Imports go one way, as the table in tests/test_layers.py says.
"""

import logging

logging.getLogger(__name__).addHandler(logging.NullHandler())  # quiet unless somebody listens
