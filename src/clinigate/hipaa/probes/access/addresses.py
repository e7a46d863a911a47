"""Addresses below a host at which services are known to show what they should not."""

from __future__ import annotations

__all__ = ["WELL_KNOWN"]

WELL_KNOWN: tuple[str, ...] = (
    # What a program tells about itself while it is being built.
    "/debug", "/debug/", "/debug/requests", "/debug/vars", "/debug/pprof/", "/debug/config",
    "/debug/env", "/debug/routes", "/debug/sessions", "/_debug", "/__debug__/", "/_profiler",
    "/trace", "/traces", "/dump", "/threaddump", "/heapdump", "/env", "/config", "/info", "/vars",
    # Spring Boot's actuator.
    "/actuator", "/actuator/env", "/actuator/heapdump", "/actuator/httptrace",
    "/actuator/mappings", "/actuator/configprops", "/actuator/loggers", "/actuator/beans",
    # Administration.
    "/admin", "/admin/", "/admin/users", "/administrator", "/console", "/h2-console",
    "/management", "/manage", "/internal", "/internal/status", "/_admin", "/phpmyadmin/",
    "/adminer.php", "/server-status", "/server-info", "/phpinfo.php",
    # Counters and the state of what lies behind.
    "/metrics", "/metrics/", "/prometheus", "/stats", "/status", "/monitoring", "/varz",
    # Documents of the interface, where they are not declared open.
    "/docs", "/redoc", "/swagger", "/swagger.json", "/swagger-ui/", "/swagger-ui.html",
    "/api-docs", "/v2/api-docs", "/v3/api-docs", "/openapi.yaml", "/graphql", "/graphiql",
    # Files that were left in the folder that is served.
    "/.env", "/.git/HEAD", "/.git/config", "/.htpasswd", "/.DS_Store", "/config.json",
    "/config.yml", "/settings.json", "/backup", "/backup.sql", "/backup.zip", "/dump.sql",
    "/database.sqlite", "/db.sqlite3", "/logs", "/log", "/export", "/exports",
)  # fmt: skip
"""Of each the answer to nobody must be a refusal, or that there is nothing."""
