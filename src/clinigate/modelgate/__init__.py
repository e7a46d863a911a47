"""The gate of a model's release: absolute criteria, a signed baseline, drift."""
