"""What every scan shares: identity of findings, acceptance, SARIF, and the way into a run."""
