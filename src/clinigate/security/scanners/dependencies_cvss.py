"""Base scores of CVSS 3.0 and 3.1 vectors (FIRST, "Common Vulnerability Scoring System", 7.1)."""

from __future__ import annotations

__all__ = ["base_score"]

_WEIGHTS = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2},
    "AC": {"L": 0.77, "H": 0.44},
    "UI": {"N": 0.85, "R": 0.62},
    "C": {"H": 0.56, "L": 0.22, "N": 0.0},
    "I": {"H": 0.56, "L": 0.22, "N": 0.0},
    "A": {"H": 0.56, "L": 0.22, "N": 0.0},
}
#: Privileges weigh more where the flaw reaches beyond its own component.
_PRIVILEGES = {
    "U": {"N": 0.85, "L": 0.62, "H": 0.27},
    "C": {"N": 0.85, "L": 0.68, "H": 0.5},
}


def base_score(vector: str) -> float | None:
    """Return the base score of a version 3 vector, 0.0 to 10.0; None for any other text."""
    version, *pairs = vector.strip().split("/")
    if version not in ("CVSS:3.0", "CVSS:3.1"):
        return None
    metrics = dict(pair.split(":", 1) for pair in pairs if ":" in pair)
    try:
        weights = {name: options[metrics[name]] for name, options in _WEIGHTS.items()}
        scope = metrics["S"]
        privileges = _PRIVILEGES[scope][metrics["PR"]]
    except KeyError:
        return None
    lost = 1 - (1 - weights["C"]) * (1 - weights["I"]) * (1 - weights["A"])
    beyond = 7.52 * (lost - 0.029) - 3.25 * (lost - 0.02) ** 15
    impact = 6.42 * lost if scope == "U" else beyond
    if impact <= 0:
        return 0.0
    ease = 8.22 * weights["AV"] * weights["AC"] * privileges * weights["UI"]
    factor = 1.0 if scope == "U" else 1.08
    return _round_up(min(factor * (impact + ease), 10.0))


def _round_up(score: float) -> float:
    """Round up to one decimal, by whole numbers: appendix A of CVSS 3.1."""
    hundred_thousandths = round(score * 100_000)
    if hundred_thousandths % 10_000 == 0:
        return hundred_thousandths / 100_000
    return (hundred_thousandths // 10_000 + 1) / 10
