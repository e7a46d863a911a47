"""Chaos experiments, probes and safety rails: the home of a producer that comes later."""
