"""A document taken down: out of the archive, of every version and of all that is remembered, and never back.

places.py finds all that stands, carry_out.py does what the journal (archive/takedowns.py) says, as often as it takes,
grams.py tells whether bytes say something of a text, proof.py asks that of every byte there is.
"""
