"""The HTTP face of the service: routes, access control, telemetry."""
