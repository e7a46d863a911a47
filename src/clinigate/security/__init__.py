"""Security scanning: the home of a producer that comes later."""
