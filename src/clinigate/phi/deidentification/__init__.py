"""deidentification."""
