"""The body of a DeleteObjects says what the SDK's own would say."""

from __future__ import annotations

import functools
import xml.etree.ElementTree as ET
from typing import Any, Literal

import botocore.serialize
import botocore.session
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3sessions.stores.s3_deletion import deletion_body
from s3sessions.stores.s3_protocol import fits_xml

ANY = st.text(st.characters(codec="utf-8"), min_size=1).filter(fits_xml)
TEXTS = st.text("a<>&;\"'é", min_size=1) | ANY
OBJECTS = st.lists(st.tuples(TEXTS, st.none() | TEXTS), max_size=3)


@functools.cache
def operation() -> Any:
    return botocore.session.Session().get_service_model("s3").operation_model("DeleteObjects")


def body_of_the_sdk(objects: list[tuple[str, str | None]], mark: str) -> bytes:
    named = [{"Key": key} if value is None else {"Key": key, mark: value} for key, value in objects]
    serializer = botocore.serialize.create_serializer("rest-xml")
    parameters = {"Bucket": "bucket", "Delete": {"Objects": named, "Quiet": True}}
    body: bytes = serializer.serialize_to_request(parameters, operation())["body"]
    return body


@pytest.mark.parametrize("mark", ["ETag", "VersionId"])
@given(objects=OBJECTS)
@settings(max_examples=40)
def test_the_body_says_what_the_sdk_would_say(
    mark: Literal["ETag", "VersionId"], objects: list[tuple[str, str | None]]
) -> None:
    ours = ET.canonicalize(deletion_body(objects, mark))
    assert ours == ET.canonicalize(body_of_the_sdk(objects, mark))
