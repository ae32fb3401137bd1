"""Stores: one object store a file, each blocking or async, none knowing of sessions."""
