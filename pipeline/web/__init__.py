"""One URL asked, safely: addresses, connections, redirects, decoding, block pages. The order stands in fetch.py."""
