"""The gate of a model's release: absolute criteria, a signed baseline, drift.

`gate_model` is all of it in one call, as `clinigate model-gate` is in one command.
"""

from clinigate.modelgate.release import Release, Released, gate_model, prepare_release

__all__ = ["Release", "Released", "gate_model", "prepare_release"]
