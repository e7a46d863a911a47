"""Taking faults back, whatever has died: a ledger on disk, a watchdog beside the runner, recovery.

Nothing here imports a driver, Chaos Toolkit or the measuring: a fault is taken back by functions of
modules that the ledger names, in a process that starts in a few hundredths of a second.
"""
