r"""Is production what staging passed? `clinigate validate-production`, as pipelines call it.

python scripts/production_validation.py --clinical-accuracy-check --safety-validation \
    --performance-validation
"""

from __future__ import annotations

from clinigate.cli.validate_production import script

__all__: list[str] = []

if __name__ == "__main__":
    script()
