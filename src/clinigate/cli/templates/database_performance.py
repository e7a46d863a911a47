"""How fast the databases answer: `clinigate bench database` under the name that pipelines call.

python benchmark/database_performance.py --postgres-latency-max=10ms --redis-latency-max=1ms
"""

from __future__ import annotations

from clinigate.cli.bench import script

__all__: list[str] = []

if __name__ == "__main__":
    script("database")
