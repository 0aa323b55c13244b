"""Errors that a user can mend, and nothing else. Imports nothing; every layer raises these."""

from __future__ import annotations


class VlaError(Exception):
    """Base of every error this package raises on purpose."""


class ConfigError(VlaError):
    """A mistake in a file, parameter or environment, found at start.

    Args:
        field: dotted name of what is wrong, with its file where there is one.
        value: the offending value (shown with ``repr``, shortened).
        remedy: what the user should do about it.
    """

    def __init__(self, field: str, value: object, remedy: str) -> None:
        self.field = field
        self.value = value
        self.remedy = remedy
        super().__init__(f"{field}: {shorten(value)} is not valid. {remedy}")


class InputError(VlaError):
    """A message, instruction or array that arrived at run time and cannot be used.

    Same three parts as ConfigError; the receiver drops the input, reports it, and lives on.
    """

    def __init__(self, field: str, value: object, remedy: str) -> None:
        self.field = field
        self.value = value
        self.remedy = remedy
        super().__init__(f"{field}: {shorten(value)} cannot be used. {remedy}")


class MissingExtraError(VlaError):
    """An optional part is not installed; the text names the pip extra or apt package."""

    def __init__(self, part: str, remedy: str) -> None:
        super().__init__(f"{part} is not installed. {remedy}")


def shorten(value: object, limit: int = 80) -> str:
    """``repr`` of a value, cut in the middle so that a huge input never floods a log."""
    text = repr(value)
    if len(text) <= limit:
        return text
    half = (limit - 3) // 2
    return f"{text[:half]}...{text[-half:]}"
