"""Which clauses the same evidence shows, and which controls of NIST stand beside them (YAML)."""
