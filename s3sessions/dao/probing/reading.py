"""Probes of what a store shows: reads, lists, pages, keys and times."""

from __future__ import annotations

from typing import Final

from s3sessions.dao.probing.bench import Bench, ProbeFailed
from s3sessions.ports import Page

MOST_SKEW: Final = 60.0
"""Seconds between the clocks that leases and ages can bear."""

_MOST_PAGES: Final = 20
_ODD: Final = ("a b", "é", "a:b", "%25", "back\\slash", "a+b", "a=b&c", "~@!$'()*,;")


async def read_after_write(bench: Bench) -> str:
    """Read what was just written, text and bytes of all values."""
    key = bench.key("read")
    for data in ('{"text":"é 日本 \\u0000"}'.encode(), bytes(range(256)), b""):
        await bench.put(key, data)
        await bench.expect_bytes(key, data, "a read gave other bytes than were just written")
    return "a read gives what was just written"


async def list_after_write(bench: Bench) -> str:
    """List what was just written, and then deleted."""
    for number in range(3):
        key = bench.key(f"list/{number}")
        etag = await bench.put(key, b"12345")
        shown = {entry.key: entry for entry in await bench.list("list/")}
        if len(shown) != number + 1 or key not in shown:
            raise ProbeFailed("a list does not show what was just written")
        if (shown[key].etag, shown[key].size) != (etag, 5):
            raise ProbeFailed("a list shows another etag or size than was just written")
    await bench.scope.store.delete(key)
    if key in {entry.key for entry in await bench.list("list/")}:
        raise ProbeFailed("a list shows what was just deleted")
    return "a list shows what was just written, and nothing that was deleted"


async def pages(bench: Bench) -> str:
    """List in pages that are smaller than the whole."""
    names = {f"pages/{name}" for name in ("a/1", "a/2", "b/1", "c", "d", "e/f/1")}
    await bench.put_all(names)
    found, prefixes = await _paged(bench, None)
    if sorted(found) != sorted(names) or prefixes:
        raise ProbeFailed("pages of two do not show every key once")
    found, prefixes = await _paged(bench, "/")
    if sorted(found) != ["pages/c", "pages/d"]:
        raise ProbeFailed("pages of two with a delimiter do not show every key once")
    if sorted(prefixes) != ["pages/a/", "pages/b/", "pages/e/"]:
        raise ProbeFailed("pages of two with a delimiter do not show every prefix once")
    return "pages of two show every key once"


async def _paged(bench: Bench, delimiter: str | None) -> tuple[list[str], list[str]]:
    found: list[str] = []
    prefixes: list[str] = []
    token = None
    for _ in range(_MOST_PAGES):
        page: Page = await bench.scope.store.list(
            bench.prefix + "pages/", delimiter=delimiter, token=token, limit=2
        )
        found += [entry.key.removeprefix(bench.prefix) for entry in page.entries]
        prefixes += [prefix.removeprefix(bench.prefix) for prefix in page.prefixes]
        token = page.token
        if token is None:
            return found, prefixes
    raise ProbeFailed(f"a list of six keys has not ended after {_MOST_PAGES} pages")


async def odd_keys(bench: Bench) -> str:
    """List keys with every kind of character that ids may hold."""
    await bench.put_all(f"odd/{text}/1" for text in _ODD)
    shown = {entry.key.removeprefix(bench.prefix + "odd/") for entry in await bench.list("odd/")}
    lost = [text for text in _ODD if f"{text}/1" not in shown]
    strange = sorted(shown - {f"{text}/1" for text in _ODD})
    if lost:
        instead = f", but {', '.join(map(repr, strange))}" if strange else ""
        raise ProbeFailed(f"not listed: {', '.join(repr(f'{text}/1') for text in lost)}{instead}")
    return "listed as they were written"


async def clock(bench: Bench) -> str:
    """Compare the store's clock with ours."""
    key = bench.key("clock")
    before = bench.scope.clock()
    await bench.put(key, b"{}")
    after = bench.scope.clock()
    modified = (await bench.scope.store.get(key)).modified.timestamp()
    skew = max(0.0, modified - after) or min(0.0, modified - before)
    # Below a second it is the time that the request took, or that the store cuts off.
    bench.skew = 0.0 if abs(skew) < 1 else round(skew, 1)
    text = f"{abs(bench.skew):g} s {'ahead of' if bench.skew > 0 else 'behind'} ours"
    if abs(bench.skew) > MOST_SKEW:
        raise ProbeFailed(f"the store's clock is {text}")
    return text if bench.skew else "within a second of ours"
