"""The catalogues as data, one YAML file each."""
