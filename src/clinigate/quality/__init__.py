"""Reports of the own build that count as evidence, as its coverage."""
