"""Probes: what sessions rely on in a store, each tried on it under a prefix of its own."""
