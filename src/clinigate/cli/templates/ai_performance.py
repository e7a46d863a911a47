"""How fast the model answers: `clinigate bench ai` under the name that pipelines call.

python benchmark/ai_performance.py --latency-threshold=100ms --throughput-threshold=100rps
"""

from __future__ import annotations

from clinigate.cli.bench import script

__all__: list[str] = []

if __name__ == "__main__":
    script("ai")
