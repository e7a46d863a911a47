"""Drills: a breach that is played through, and a backup that is restored.

`named` says what each must show, `breach` and `restore` carry them out, `deadlines` and `worksheet`
say what a breach asks of whom and until when, and `record` is what people sign of it.
"""
