"""A local web page over the archive and the corpus: `corpus look`. It reads, writes nothing and keeps nothing.

One module a page: `read` gives what it shows as frozen records, by the functions that the commands use too, and a
template of its name lays it out. Which pages there are stands in app.py; how all of them are guarded in guard.py.
"""
