"""The clauses of HIPAA: probes of a running service, and dated attestations."""
