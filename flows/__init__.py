"""Prefect flows: decorators and parameters round the functions of pipeline.runs."""
