"""The vla command."""
