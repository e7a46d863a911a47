"""Benchmarks of inference and database performance: the home of a producer that comes later."""
