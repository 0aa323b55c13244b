"""The safety gate: sees numbers, passes, slows or stops commands. Each rule is one file; gate.py joins them.

May import core only. Owns no clock, thread or logger: every function takes values and ``now`` (seconds of a
steady clock). Its output goes to the drivers and nowhere else.
"""
