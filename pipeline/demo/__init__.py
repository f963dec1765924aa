"""The sample site: pages of our own and a loopback server that behaves like the real web.

    articles/   one text file an article; another page is another file      (read by stories.py)
    templates/  one HTML file a look, as old portals, blogs and apps print  (sites.py, filled by render.py)
    damage.py   what careless tools do to a text, by name
    pages.py    every address and what stands there in a turn
    server.py   both ports, conditional requests, the turn, the log
    sources/    the source declarations that read it
    expected.py the answer sheet

All people, places and events in the articles of news and notices are invented.
"""
