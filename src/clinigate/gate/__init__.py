"""The gate: policy, people's signed records and sealed bundles in, one decision with reasons out.

==================  ==============================================================================
`policy`            what an environment demands; `policy_file` reads it from TOML
`bundles`           what the gate knows of a bundle, and whether it may be judged at all
`judging`           the measurements judged again, at the tightest limit
`records`           waivers, approvals, attestations, sign-offs; `record_files` signs and opens them
`waivers`           which records count, and what they may let through
`control_states`    how the evidence of a clause came out
`decision`          `decide`, pure: all of the above in one answer
`document`          the decision as files that a deployment can read
`run`               bundles from disk, verified and decided
==================  ==============================================================================

Modules are imported one by one: deciding needs neither pydantic nor cryptography.
"""
