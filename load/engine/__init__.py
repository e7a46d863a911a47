"""What runs in the generator's own processes, on Locust.

Importing this patches the interpreter for gevent. It is imported by `python -m
clinigate.load.engine` and by the locustfile, and by nothing that measures, tests or judges:
threads no longer run beside each other after it, and TLS that was loaded before breaks.
"""

from __future__ import annotations

# First of all, before anything loads ssl: Locust patches the standard library for gevent.
import locust as _locust

__all__ = ["LOCUST_VERSION"]

LOCUST_VERSION: str = _locust.__version__
