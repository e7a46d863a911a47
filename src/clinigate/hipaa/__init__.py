"""The clauses of HIPAA: probes of a running service, and dated attestations.

`named` lists the tests, `premises` is what they look at, `checks` is what they do, and `run`
carries out one of them or all. A probe writes synthetic patients of its own through the service's
API, asks for what it must refuse, and reads records and logs; records are altered in copies alone.
"""
