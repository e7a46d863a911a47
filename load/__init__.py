"""Load scenarios and service-level objectives: the home of a producer that comes later."""
