"""Larger language models behind the built-in parser: chosen by name, constrained to the Task schema.

A model only ever proposes a Task; what it proposes is read strictly, held against the words that the robot
knows and judged for hazards like any sentence. It cannot call anything.
"""
