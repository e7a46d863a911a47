"""Probes of the records of care, an area each: declared in its package, done by its modules.

`DECLARED` of an area names its probes and imports nothing heavy; `doing.PROBES` are the functions.
"""
