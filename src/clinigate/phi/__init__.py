"""PHI detection: the home of a producer that comes later."""
