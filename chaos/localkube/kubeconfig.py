"""Kubeconfig files: how clients find the API and prove who they are."""

from __future__ import annotations

import base64
from pathlib import Path

import yaml

__all__ = ["write_kubeconfig"]


def write_kubeconfig(
    path: Path, *, server: str, authority: bytes, token: str, namespace: str = "default"
) -> Path:
    """Write a kubeconfig with one context, `localkube`, readable by its owner only."""
    data = base64.b64encode(authority).decode()
    body = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "localkube",
        "clusters": [
            {
                "name": "localkube",
                "cluster": {"server": server, "certificate-authority-data": data},
            }
        ],
        "users": [{"name": "localkube", "user": {"token": token}}],
        "contexts": [
            {
                "name": "localkube",
                "context": {"cluster": "localkube", "user": "localkube", "namespace": namespace},
            }
        ],
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(body), encoding="utf-8")
    return path
