"""Texts → relations: who copies, contains or continues whom. The order of the steps stands in run.py."""
