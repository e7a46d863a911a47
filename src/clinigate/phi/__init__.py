"""Identifiers of patients: recognizers, canaries, scans."""
