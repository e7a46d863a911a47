"""Pipelines for the runners of others, rendered from one description."""
