"""Records of care: people who log in, patients, notes, and what may be done with them.

It stands beside the conversations of the service, in a database of its own, and is there where the
service was started with it. `care.base` is the database, `care.care` what the routes stand on; each
further module keeps one kind of record.
"""
