"""Schemas of OSCAL 1.2.3 (NIST, public domain), compressed."""
