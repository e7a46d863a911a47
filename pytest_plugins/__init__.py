"""Our pytest plugins: hooks, fixtures and options only."""
