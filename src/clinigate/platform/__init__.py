"""Policies of the platform: what manifests and clusters must say, judged alone and as a set."""
