"""Prefect flows: decorators and parameters round the functions of pipeline.runs."""

import logging

logging.getLogger("pipeline").setLevel(logging.INFO)  # prefect.toml takes these into the log of the run
