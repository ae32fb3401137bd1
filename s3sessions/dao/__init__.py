"""The data access layer: it knows what sessions are, over a store that knows only objects.

Written once, as `async def` functions that await nothing but the store port; `bridge` runs them
in blocking code. Nothing in here imports asyncio, threading, time or a store.
"""
