"""How a replica calls what it depends on: deadlines, few retries, breakers, a way on without."""
