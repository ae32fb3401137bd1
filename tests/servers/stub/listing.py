"""ListObjectsV2: keys in order, by pages; a page is joined from rows that were rendered before."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape

from tests.servers.stub.answers import NAMESPACE, iso_date, xml
from tests.servers.stub.objects import Bucket, StoredObject

PAGE_LIMIT: Final = 1000


def list_objects(name: str, bucket: Bucket, query: dict[str, str]) -> bytes:
    """Answer one page."""
    page = _Page(query)
    page.fill(bucket)
    return xml(page.render(name))


class _Page:
    """What one page shows, as far as it is filled."""

    def __init__(self, query: dict[str, str]) -> None:
        self._query = query
        self._prefix = query.get("prefix", "")
        self._delimiter = query.get("delimiter", "")
        self._limit = min(PAGE_LIMIT, int(query.get("max-keys", PAGE_LIMIT)))
        self._is_url = query.get("encoding-type") == "url"
        self._spell: Callable[[str], str] = _quoted if self._is_url else escape
        self._rows: list[bytes] = []
        self._groups: list[str] = []
        self._last = ""
        self._is_cut = False

    def fill(self, bucket: Bucket) -> None:
        """Take keys from the first one asked for, until the page is full or they end."""
        order, objects = bucket.order(), bucket.objects
        place = self._start(order)
        end = bisect_left(order, _after(self._prefix), place) if self._prefix else len(order)
        while place < end:
            key = order[place]
            place += 1
            stored = objects.get(key)
            if stored is None:
                continue
            if len(self._rows) + len(self._groups) == self._limit:
                self._is_cut = self._limit > 0
                return
            cut = key.find(self._delimiter, len(self._prefix)) if self._delimiter else -1
            if cut < 0:
                self._rows.append(stored.rows[self._is_url] or self._row(key, stored))
                self._last = key
            else:
                group = key[: cut + len(self._delimiter)]
                self._groups.append(group)
                self._last = group
                place = bisect_left(order, _after(group), place)

    def _start(self, order: list[str]) -> int:
        token = self._query.get("continuation-token")
        after = bytes.fromhex(token).decode() if token else self._query.get("start-after", "")
        if token and self._delimiter and after.endswith(self._delimiter):
            return bisect_left(order, _after(after))
        return max(bisect_left(order, self._prefix), bisect_right(order, after))

    def _row(self, key: str, stored: StoredObject) -> bytes:
        row = (
            f"<Contents><Key>{self._spell(key)}</Key><LastModified>{iso_date(stored.modified)}"
            f"</LastModified><ETag>&quot;{stored.etag}&quot;</ETag><Size>{len(stored.body)}</Size>"
            "<StorageClass>STANDARD</StorageClass></Contents>"
        ).encode()
        stored.rows[self._is_url] = row
        return row

    def render(self, name: str) -> bytes:
        spell = self._spell
        head = f"<Name>{name}</Name><Prefix>{spell(self._prefix)}</Prefix>"
        head += f"<MaxKeys>{self._limit}</MaxKeys>"
        head += f"<KeyCount>{len(self._rows) + len(self._groups)}</KeyCount>"
        if self._delimiter:
            head += f"<Delimiter>{spell(self._delimiter)}</Delimiter>"
        if self._is_url:
            head += "<EncodingType>url</EncodingType>"
        head += f"<IsTruncated>{str(self._is_cut).lower()}</IsTruncated>"
        if self._is_cut:
            token = self._last.encode().hex()
            head += f"<NextContinuationToken>{token}</NextContinuationToken>"
        groups = "".join(
            f"<CommonPrefixes><Prefix>{spell(group)}</Prefix></CommonPrefixes>"
            for group in self._groups
        )
        start = b"<ListBucketResult %s>" % NAMESPACE
        end = (groups + "</ListBucketResult>").encode()
        return b"".join((start, head.encode(), *self._rows, end))


def _quoted(text: str) -> str:
    return quote(text, safe="/-_.~*")


def _after(prefix: str) -> str:
    """Give the least text above all that begin with the prefix."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)
