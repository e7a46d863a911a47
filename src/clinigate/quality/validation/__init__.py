"""The tool's own qualification: does this installation do what it promises, on this machine?

21 CFR 11.10(a) wants systems validated, GAMP 5 wants the record of it. Installation qualification
looks at what is installed; operational qualification at what it does: statistics against values
from elsewhere, planted defects that must be found, evidence that is tampered with, and a process
that is killed.
"""
