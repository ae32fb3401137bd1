"""Adapters for agent frameworks; each needs an extra of its own and sees public names alone."""
