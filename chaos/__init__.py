"""Chaos experiments on the one road: rails, undo, Chaos Toolkit as the runner, what was measured.

Heavy parts (Chaos Toolkit, Kubernetes) load only where they are used.
"""
