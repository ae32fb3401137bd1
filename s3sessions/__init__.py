"""Durable sessions."""
