"""From a disclosure to a person who knows of it: the trace, and its escalation to the desk."""
