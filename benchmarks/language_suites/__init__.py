"""The suites of ``python -m benchmarks.language``: one module each, see benchmarks/language.py."""
