"""The documents permit what was recorded at the wire, and nothing that was not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from s3sessions.permissions import Role, policy_document
from tests.conftest import HAS_OBSTORE
from tests.permissions import scenes
from tests.permissions.conftest import Recorder
from tests.permissions.evaluating import allows, permissions_of
from tests.permissions.recording import Asked, Recorded, verbs_of_faces
from tests.permissions.scenes import Scene

DOES: dict[Role, Sequence[Scene]] = {
    Role.WRITER: scenes.WRITING,
    Role.READER: scenes.READING,
    Role.EXPORTER: scenes.EXPORTING,
    Role.ERASER: scenes.ERASING,
}
USES = {**DOES, Role.WRITER: (*DOES[Role.WRITER], scenes.fork_what_is_deleted)}
"""With what a role asks for that is refused to it."""
# Where the other transport asks in other ways; the rest of its requests are the same.
BY_OBSTORE = (
    *(scenes.speak, scenes.change, scenes.hide, scenes.fork, scenes.browse),
    *(scenes.export_to_s3, scenes.delete, scenes.prune, scenes.purge_by_age),
)
PLAYED = [
    *((scene, "boto3") for does in DOES.values() for scene in does),
    *((scene, "object_store") for scene in BY_OBSTORE if HAS_OBSTORE),
]
# It makes no request.
QUIET = {"Sessions.under"}


def document_of(role: Role, played: Recorded) -> dict[str, Any]:
    exports = role is Role.EXPORTER
    return policy_document(
        role,
        played.bucket,
        played.prefix,
        destination=f"s3://{played.bucket}/{played.destination}" if exports else None,
    )


def refused(documents: Sequence[dict[str, Any]], played: Recorded) -> list[Asked]:
    """Give what none of the documents permits."""
    return [
        asked
        for asked in sorted(played.asked)
        if not any(allows(document, *in_iam(asked, played.bucket)) for document in documents)
    ]


def in_iam(asked: Asked, bucket: str) -> tuple[str, str, dict[str, str]]:
    """Give the action, the resource and the context of what is asked."""
    arn = f"arn:aws:s3:::{bucket}"
    if not asked.is_on_bucket:
        return asked.action, f"{arn}/{asked.key}", {}
    if asked.action == "s3:ListBucketMultipartUploads":
        return asked.action, arn, {}
    return asked.action, arn, {"s3:prefix": asked.key}


@pytest.mark.parametrize(
    ("role", "scene", "transport"),
    [
        pytest.param(role, scene, transport, id=f"{role}-{scene.__name__}-{transport}")
        for role, does in DOES.items()
        for scene, transport in dict.fromkeys(PLAYED)
        if scene in does
    ],
)
def test_a_role_may_do_all_that_it_is_there_for(
    recorded: Recorder, role: Role, scene: Scene, transport: str
) -> None:
    played = recorded(scene, transport)
    assert played.asked
    assert refused([document_of(role, played)], played) == []


@pytest.mark.parametrize("role", DOES)
def test_every_permission_of_a_role_is_used(recorded: Recorder, role: Role) -> None:
    unused: set[int] = set()
    for at, scene in enumerate(USES[role]):
        played = recorded(scene, "boto3")
        permissions = list(permissions_of(document_of(role, played)))
        wanted = [in_iam(asked, played.bucket) for asked in played.asked]
        here = {
            number
            for number, permission in enumerate(permissions)
            if not any(permission.allows(*each) for each in wanted)
        }
        unused = here if at == 0 else unused & here
    assert [permissions[number] for number in sorted(unused)] == []


def test_every_public_verb_was_recorded(recorded: Recorder) -> None:
    verbs = {verb for each in PLAYED for verb in recorded(*each).verbs}
    assert verbs_of_faces() - verbs == QUIET, "play it in a scene of the role that may do it"


def test_of_what_a_fork_takes_back_only_the_messages_may_not_be_deleted(
    recorded: Recorder,
) -> None:
    played = recorded(scenes.fork_what_is_deleted, "boto3")
    message = f"{played.prefix}session_child/agents/agent_default/messages/message_0.json"
    left = refused([document_of(Role.WRITER, played)], played)
    assert left == [Asked("s3:DeleteObject", message)]
    assert Asked("s3:PutObject", message) in played.asked


def test_who_writes_and_erases_may_repair(recorded: Recorder) -> None:
    played = recorded(scenes.repair, "boto3")
    documents = [document_of(role, played) for role in (Role.WRITER, Role.ERASER)]
    assert refused(documents, played) == []


@pytest.mark.parametrize(
    ("role", "scene", "action"),
    [
        (Role.READER, scenes.speak, "s3:PutObject"),
        (Role.EXPORTER, scenes.speak, "s3:PutObject"),
        (Role.WRITER, scenes.delete, "s3:DeleteObject"),
        (Role.WRITER, scenes.pack, "s3:DeleteObject"),
        (Role.ERASER, scenes.speak, "s3:PutObject"),
    ],
)
def test_a_role_may_not_do_what_another_is_there_for(
    recorded: Recorder, role: Role, scene: Scene, action: str
) -> None:
    played = recorded(scene, "boto3")
    assert action in {asked.action for asked in refused([document_of(role, played)], played)}


@pytest.mark.parametrize("role", DOES)
def test_a_role_reaches_no_other_prefix_and_no_other_bucket(recorded: Recorder, role: Role) -> None:
    for scene in DOES[role]:
        played = recorded(scene, "boto3")
        document = document_of(role, played)
        elsewhere = {asked._replace(key=f"x{asked.key}") for asked in played.asked}
        elsewhere |= {asked._replace(key=f"{played.prefix}tenant/session_s") for asked in elsewhere}
        for asked in elsewhere - {one for one in elsewhere if "Uploads" in one.action}:
            assert not allows(document, *in_iam(asked, played.bucket)), asked
        assert not any(allows(document, *in_iam(one, "other")) for one in played.asked)


def test_every_message_is_written_under_a_condition(recorded: Recorder) -> None:
    written = [
        sent
        for each in PLAYED
        for sent in recorded(*each).sent
        if "/messages/" in sent.key and sent.operation in ("PutObject", "CopyObject")
    ]
    assert len(written) > 20
    assert [
        sent for sent in written if not {"if-match", "if-none-match"} & sent.headers.keys()
    ] == []
