"""Settings: `clinigate.toml`, its tables, and errors that name file, field and fix."""
