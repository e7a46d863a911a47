"""Scanners of code, dependencies, images and interfaces: their findings as observations."""
