"""The parser of lists: it reads a page as the SDK does, or not at all."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

import botocore.handlers
import botocore.parsers
import botocore.session
import pytest
from botocore.parsers import ResponseParserError
from hypothesis import given
from hypothesis import strategies as st

from s3sessions.errors import StoreUnavailable
from s3sessions.ports import Page
from s3sessions.stores.s3_answers import read_page
from s3sessions.stores.s3_listing import parse_page
from tests.stores.listings import AWS, CEPH, CLOSE, ENTRY, LAST, MOTO, OPEN, SEAWEEDFS, START


@functools.cache
def sdk() -> tuple[Any, Any]:
    model = botocore.session.Session().get_service_model("s3").operation_model("ListObjectsV2")
    return botocore.parsers.create_parser("rest-xml"), model.output_shape


def read_by_the_sdk(body: bytes) -> Page | None:
    """The page as the store makes it of the SDK's answer; None for what either refuses."""
    parser, shape = sdk()
    try:
        answer = parser.parse({"headers": {}, "status_code": 200, "body": body}, shape)
        botocore.handlers.decode_list_object_v2(answer, {"encoding_type_auto_set": True})
        return read_page(answer)
    except (ResponseParserError, StoreUnavailable, ValueError, AttributeError, TypeError):
        return None


def document(content: str) -> bytes:
    return f"{START}{OPEN}{content}{CLOSE}".encode()


CONTROLS = "".join(chr(code) for code in range(32) if code not in b"\t\n")
LEGAL = st.characters(codec="utf-8", exclude_characters=f"{CONTROLS}\ufffe\uffff")
NAMES = st.text(LEGAL, min_size=1) | st.from_regex(
    r"[a-z]{1,5}/message_[0-9]{1,3}\.json", fullmatch=True
)
ESCAPES: list[Callable[[str], str]] = [
    escape,
    lambda text: escape(text, {'"': "&quot;", "'": "&apos;", "\n": "&#xA;"}),
    lambda text: "".join(f"&#{ord(letter)};" for letter in text),
    lambda text: "".join(f"&#x{ord(letter):x};" for letter in text),
]
TIMES = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)).map(
    lambda moment: moment.isoformat(timespec="milliseconds") + "Z"
) | st.sampled_from(
    ["2026-11-20T09:00:00Z", "2026-11-20T11:00:00.5+02:00", "Fri, 20 Nov 2026 09:00:00 GMT"]
)
ETAGS = st.sampled_from(
    ["&quot;abc-1&quot;", "&#34;abc&#34;", '"abc"', "abc", '""', "&#x22;a&#x22;", "a&amp;b"]
)
SPACES = st.sampled_from(["", "", "\n  ", " \t"])
MORE = st.sampled_from(
    [
        "<StorageClass>STANDARD</StorageClass>",
        "<Owner><ID>me</ID>\n<DisplayName>I</DisplayName></Owner>",
        "<Owner></Owner>",
        "<ChecksumAlgorithm>CRC32</ChecksumAlgorithm>",
        "<Type>Normal</Type>",
        "<RestoreStatus><IsRestoreInProgress>false</IsRestoreInProgress></RestoreStatus>",
        "<!-- none of ours -->",
    ]
)


@st.composite
def pages(draw: st.DrawFn) -> bytes:
    """The body of a list, as some server might send it."""
    is_encoded = draw(st.booleans())
    escaped = draw(st.sampled_from(ESCAPES))
    coded = draw(st.sampled_from([quote, quote_plus])) if is_encoded else escaped

    def entry() -> str:
        fields = [
            f"<Key>{coded(draw(NAMES))}</Key>",
            f"<LastModified>{draw(TIMES)}</LastModified>",
            f"<ETag>{draw(ETAGS)}</ETag>",
            f"<Size>{draw(st.integers(0, 2**50))}</Size>",
        ]
        if draw(st.integers(0, 19)) == 0:
            fields.pop(draw(st.integers(0, 3)))
        fields += draw(st.lists(MORE, max_size=2, unique=True))
        space = draw(SPACES)
        return f"<Contents>{space}{space.join(draw(st.permutations(fields)))}{space}</Contents>"

    parts = [entry() for _ in range(draw(st.integers(0, 3)))]
    for name in draw(st.lists(NAMES, max_size=2)):
        parts.append(f"<CommonPrefixes><Prefix>{coded(name)}</Prefix></CommonPrefixes>")
    parts += draw(st.sampled_from([[LAST], [LAST], ["<IsTruncated>true</IsTruncated>"], []]))
    if draw(st.booleans()):
        token = escaped(draw(NAMES))
        parts.append(f"<NextContinuationToken>{token}</NextContinuationToken>")
    parts += ["<EncodingType>url</EncodingType>"] * is_encoded
    parts += draw(
        st.lists(
            st.sampled_from(["<Prefix/>", "<Name>b</Name>", "<KeyCount>3</KeyCount>"]), unique=True
        )
    )
    return document(draw(SPACES).join(draw(st.permutations(parts))))


@given(pages())
def test_a_page_is_read_as_the_sdk_reads_it_or_left_to_it(body: bytes) -> None:
    page = parse_page(body)
    assert page is None or page == read_by_the_sdk(body)


@given(pages(), st.data())
def test_a_page_that_was_garbled_on_its_way_is_read_as_the_sdk_reads_it_or_not_at_all(
    body: bytes, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(body)))
    to = data.draw(st.integers(at, min(len(body), at + 20)))
    piece = data.draw(
        st.sampled_from(["", "<", ">", "&", "&#0;", "]]>", "\r", "\0", "<Key>", "<!", "x"])
    )
    garbled = body[:at] + piece.encode() + body[to:]
    page = parse_page(garbled)
    assert page is None or page == read_by_the_sdk(garbled)


@pytest.mark.parametrize("body", [AWS, SEAWEEDFS, CEPH, MOTO], ids=["aws", "weed", "ceph", "moto"])
def test_what_the_servers_send_is_never_left_to_the_sdk(body: str) -> None:
    page = parse_page(body.encode())
    assert page is not None
    assert page == read_by_the_sdk(body.encode())
    assert [entry.etag for entry in page.entries] == ["etag"]
    assert page.entries[0].modified.tzinfo is UTC


def test_keys_prefixes_and_the_token_are_decoded_each_in_its_way() -> None:
    page = parse_page(AWS.encode())
    assert page is not None
    assert [entry.key for entry in page.entries] == ["p/é+ .json"]
    assert (page.prefixes, page.token) == (["p/a b/"], "1c+/Zt=")


ODDITIES = [
    (LAST, ""),
    (LAST, LAST * 2),
    (LAST, "<IsTruncated>true</IsTruncated>"),
    (LAST, "<IsTruncated>perhaps</IsTruncated>"),
    (LAST, f"{LAST}<MaxKeys>many</MaxKeys>"),
    (LAST, f"{LAST}<Unheard>of</Unheard>"),
    (LAST, f"{LAST}<!-- a comment -->"),
    (LAST, f"{LAST}<![CDATA[text]]>"),
    (LAST, f"{LAST}text"),
    ("<Size>7</Size>", ""),
    ("<Size>7</Size>", "<Size>7</Size><Size>8</Size>"),
    ("<Size>7</Size>", "<Size>-7</Size>"),
    ("2026-11", "2026-13"),
    (">key<", ">&unheard;<"),
    (">key<", ">a & b<"),
    (">key<", ">&#0;<"),
    (">key<", ">&#x110000;<"),
    (">key<", ">a]]>b<"),
    (">key<", ">a\rb<"),
    (">key<", ">a\0b<"),
    (">key<", ">a\uffffb<"),
    ("<Contents>", '<Contents a="b">'),
    (CLOSE, ""),
    (CLOSE, f"{CLOSE}text"),
    ("UTF-8", "UTF-16"),
    (START, f'{START}<!DOCTYPE a [<!ENTITY b "c">]>'),
]


@pytest.mark.parametrize(("old", "new"), ODDITIES)
def test_whatever_is_not_as_expected_is_left_to_the_sdk(old: str, new: str) -> None:
    body = document(ENTRY + LAST).decode()
    assert old in body
    assert parse_page(body.encode()) is not None
    assert parse_page(body.replace(old, new).encode()) is None


@pytest.mark.parametrize("body", [b"", b"<Error><Code>InternalError</Code></Error>", b"<html/>"])
def test_what_is_no_list_is_left_to_the_sdk(body: bytes) -> None:
    assert parse_page(body) is None


def test_bytes_that_are_no_text_are_left_to_the_sdk() -> None:
    assert parse_page(document(ENTRY + LAST).replace(b">key<", b">\xff<")) is None
