"""Evidence: what a run saw, written as it happens, sealed, signed, and verifiable by anyone.

==============  ==================================================================================
`runs`          begin, join and list runs on disk
`recorder`      one process's part of a run: observations, verdicts, raw evidence
`redaction`     identifiers and secrets out, before anything is written
`seal`          a finished run becomes a signed bundle
`bundle`        read a bundle, from a directory or a zip
`verify`        check a bundle, level by level; `explain` says how to do it with openssl alone
`ledger`        the append-only log of all runs
`keys` `trust`  signing keys of ours, and the keys whose signatures count
`envelope`      DSSE, for statements of machines and records of people alike
==============  ==================================================================================

Modules are imported one by one: recording needs no cryptography, and must start fast.
"""
