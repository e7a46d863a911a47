"""HIPAA checks: the home of a producer that comes later."""
