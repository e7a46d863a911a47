"""Real databases on loopback, started for one run and thrown away with it."""
