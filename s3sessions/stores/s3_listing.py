"""One page of a list out of S3's XML, in a small part of the time that an SDK's parser takes.

Only documents in the form that S3 servers send are read here, to their last character; of any
other nothing is, and the SDK parses it. So nothing is expanded, skipped or guessed: declarations,
comments, sections, attributes, unknown elements and unknown references are all "any other".
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final
from urllib.parse import unquote_plus

from s3sessions.ports import Entry, Page

__all__ = ["parse_page"]

_START: Final = re.compile(
    r"""(?:<\?xml[ ]version=["']1\.0["'](?:[ ]encoding=["'](?i:utf-8)["'])?[ ]?\?>)?[ \t\n]*+
    <ListBucketResult(?:[ ]xmlns=["'][^<>&"']*+["'])?>[ \t\n]*+""",
    re.VERBOSE,
)
_END: Final = re.compile(r"</ListBucketResult>[ \t\n]*+")
# Each maker has an order, and more elements, of its own. None of the first four comes twice in an
# entry: `(?(1)(?!))` fails where group 1 has matched before.
_ITEM: Final = re.compile(
    r"""
    (?: <Contents> SPACE
        (?: (?: (?(1)(?!)) <Key> ([^<>]++) </Key>
              | (?(2)(?!)) <LastModified> (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d++)?+Z)
                           </LastModified>
              | (?(3)(?!)) <ETag> QUOTE ([^<>&"]*+) QUOTE </ETag>
              | (?(4)(?!)) <Size> (\d++) </Size>
              | <(?!(?:Key|LastModified|ETag|Size)>)(\w++)> [^<>&]*+ </\5>
              | <Owner> SPACE (?: <(ID|DisplayName)> [^<>&]*+ </\6> SPACE )*+ </Owner>
            ) SPACE
        )++ </Contents>
      | <CommonPrefixes> SPACE <Prefix> ([^<>]++) </Prefix> SPACE </CommonPrefixes>
      | <(Name|Prefix|Delimiter|StartAfter|EncodingType|IsTruncated
         |ContinuationToken|NextContinuationToken)> ([^<>]*+) </\8>
      | <(MaxKeys|KeyCount)> \d++ </\10>
      | <(Prefix|Delimiter|StartAfter|ContinuationToken|NextContinuationToken) [ ]?/>
    ) SPACE
    """.replace("SPACE", r"[ \t\n]*+").replace("QUOTE", r"""(?:&quot;|&\#34;|")*+"""),
    re.VERBOSE | re.ASCII,
)
_REFERENCE: Final = re.compile(r"&(?:(?:(\w+)|#(\d{1,7})|#x([0-9a-fA-F]{1,6}));)?", re.ASCII)
_NAMED: Final = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_ILLEGAL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# What XML cannot hold, and the line end that a parser reads as another.
_UNREADABLE: Final = bytes(code for code in range(32) if code not in b"\t\n")


def parse_page(body: bytes) -> Page | None:
    """Read the body of the answer to a ListObjectsV2; None for one that is not as expected."""
    if len(body.translate(None, _UNREADABLE)) != len(body):
        return None
    try:
        return _parse(body.decode("utf-8"))
    except (KeyError, ValueError):
        return None


def _parse(text: str) -> Page | None:
    start = _START.match(text)
    if start is None or "\ufffe" in text or "\uffff" in text:
        return None
    at = start.end()
    listed: list[tuple[str, str, str, str]] = []
    prefixes: list[str] = []
    told: dict[str, str] = {}
    for item in _ITEM.finditer(text, at):
        if item.start() != at:
            return None
        at = item.end()
        key, modified, etag, size, _, _, prefix, name, value, number, empty = item.groups()
        if key is not None:
            listed.append((key, size, etag, modified))
        elif prefix is not None:
            prefixes.append(prefix)
        else:
            leaf = name or number or empty
            if leaf is None or leaf in told:
                return None
            told[leaf] = _plain(value or "")
    if _END.fullmatch(text, at) is None:
        return None
    return _page(listed, prefixes, told)


def _page(
    listed: list[tuple[str, str, str, str]], prefixes: list[str], told: dict[str, str]
) -> Page | None:
    if any(None in entry for entry in listed):
        return None
    decode = _decoded if told.get("EncodingType") == "url" else _plain
    return Page(
        entries=[
            Entry(decode(key), int(size), etag, datetime.fromisoformat(modified))
            for key, size, etag, modified in listed
        ],
        prefixes=[decode(prefix) for prefix in prefixes],
        token=told["NextContinuationToken"] if _TRUTH[told["IsTruncated"]] else None,
    )


_TRUTH: Final = {"true": True, "false": False}


def _plain(text: str) -> str:
    return _REFERENCE.sub(_referred, text) if "&" in text else text


def _decoded(text: str) -> str:
    return unquote_plus(_plain(text)) if "%" in text or "+" in text or "&" in text else text


def _referred(reference: re.Match[str]) -> str:
    name, decimal, hexadecimal = reference.groups()
    if name is not None:
        return _NAMED[name]
    code = int(decimal) if decimal is not None else int(hexadecimal or "", 16)
    if _ILLEGAL.match(chr(code)):
        raise ValueError(f"no character of XML: {code}")
    return chr(code)
