"""Adapters for agent frameworks: each sees public names alone, and has its framework as an extra.

`session_store` needs none: it is names, for a framework of another language.
"""
