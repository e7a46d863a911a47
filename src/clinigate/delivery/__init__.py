"""What happens around a release: figures from the ledger, validation in production."""
