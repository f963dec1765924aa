"""What a site says of the use of its pages: robots.txt, tdmrep.json, robots directives, licences; pure.

Facts are `records.Right`, their words those of rules/rights.tsv. Nothing is inferred: who is silent has said nothing.
"""
