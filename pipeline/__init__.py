"""From Chinese web pages to a versioned clean corpus.

`raw/` is what the web said and never changes; `clean/` is a pure function of `raw/`, this code and
the rule files. So there are two movements: *crawl* (web → raw) and *build* (raw → clean).

The rooms, in the order a page meets them:

    sources      which sites we read, and what each must yield
    crawl/       discover → robots → pace → fetch → archive → index → ledger     (order: crawl/run.py)
    extract/     encoding → container → body → metadata → boilerplate → split    (order: extract/__init__.py)
    normalize/   markup → spaces → punctuation → script → damage                 (order: normalize/__init__.py)
    corpus/      quality → dedupe → publish → versions → read                    (order: corpus/build.py)
    runs         refresh, backfill, rebuild, maintain: what `corpus` and the flows both call

Imports go one way: records ← rooms ← runs ← cli ← flows (held by tests/test_layers.py).
"""
