"""Stages of `clinigate run`: programs that run one after the other, as parts of one run."""
