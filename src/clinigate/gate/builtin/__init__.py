"""The policies that Clinigate ships, as data, one TOML file each."""
