"""Rules that are proposed and not in force, as changes to a catalogue (YAML)."""
