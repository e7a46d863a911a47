"""Drivers: what an experiment can be run on. `base` holds the protocols, `registry` the names."""
