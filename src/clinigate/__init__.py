"""Clinigate."""
