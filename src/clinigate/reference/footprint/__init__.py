"""What the service leaves beside its records, for those who run it: never a word of a patient."""
