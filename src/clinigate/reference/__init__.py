"""A small therapeutic-AI service to calibrate Clinigate with. It is no clinical model.

The service runs on loopback over HTTPS, speaks OAuth 2 and an OpenAI-compatible chat, keeps an
audit log and an encrypted store, and can be started with one *defect* that violates exactly one
thing. A clean start passes what Clinigate checks; each defect is caught by the check made for it.

Nothing heavy is imported here; `launch.running` starts the service as a process of its own, and
`web.app.asgi_app` builds it in this one.
"""

from __future__ import annotations

__all__ = ["MODELS", "NOTICE"]

MODELS = ("calibrator", "baseline")
"""The engines that the service can run."""

NOTICE = (
    "Reference service for calibrating test tools. It is no clinical model, gives no medical "
    "advice, and must never be used by a person in need of help."
)
"""What the service says about itself wherever it is asked."""
