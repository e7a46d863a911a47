"""Ready-made pytest suites over the registered checks, and the same as a Python API."""
