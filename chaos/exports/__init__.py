"""Experiments as objects of other tools: Chaos Mesh and Litmus.

They inject; they measure neither recovery nor lost data, and know none of our rails. What is left
behind is said in the file's head, and what such an object cannot express is refused.
"""

from __future__ import annotations

from clinigate.chaos.exports.export import FORMATS, export

__all__ = ["FORMATS", "export"]
