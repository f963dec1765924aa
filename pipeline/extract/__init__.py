"""Capture → articles: bytes to text, container, body, metadata, boilerplate, split."""
