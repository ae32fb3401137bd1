r"""Objects in a session's prefix that are not ours, and what a server may show in place of ours.

SeaweedFS lists a backslash in a key as a slash, so that an object of session `a\b` looks like a
foreign one in session `a`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from s3sessions.dao.doctor.case import Case, Patient
from s3sessions.dao.scope import Scope
from s3sessions.errors import NotFound
from s3sessions.health import FindingKind
from s3sessions.keys import Kind
from s3sessions.ports import Entry


async def foreign_cases(
    scope: Scope, session_id: str, foreign: Sequence[Entry]
) -> AsyncGenerator[Case, None]:
    """Give a case for each foreign object, and one for each session that is listed under a ghost.

    Requests: none, but 1 GET and 1 LIST for each agent that these objects could belong to.
    """
    ghosts: dict[tuple[str, str | None], bool] = {}
    for entry in foreign:
        true_key = _with_backslashes(scope, entry.key)
        if true_key is not None:
            place = scope.root.parse(true_key)
            owner = ("", None) if place is None else (place.session_id, place.agent_id)
            if owner not in ghosts:
                ghosts[owner] = await _is_ghost(scope, true_key)
                if ghosts[owner]:
                    yield _ghost(Patient(*owner), entry.key, true_key)
            if ghosts[owner]:
                continue
        yield foreign_case(session_id, entry.key)


def foreign_case(session_id: str | None, key: str) -> Case:
    """Make the case of an object that no session keeps there."""
    deletion = "no deletion" if session_id is None else "a deletion of the session"
    return Patient(session_id).case(
        FindingKind.FOREIGN_OBJECT,
        key,
        f"it has no name that s3sessions gives: readers pass it over, and {deletion} takes it "
        "along",
        "move it elsewhere if somebody needs it",
    )


def _with_backslashes(scope: Scope, key: str) -> str | None:
    """Give the key of ours that this one becomes where backslashes are listed as slashes."""
    parts = key.removeprefix(scope.root.prefix).split("/")
    for first in range(1, len(parts)):
        for last in range(first + 1, len(parts)):
            ids = "\\".join(parts[first - 1 : last])
            candidate = scope.root.prefix + "/".join([*parts[: first - 1], ids, *parts[last:]])
            place = scope.root.parse(candidate)
            if place is not None and place.kind is not Kind.FOREIGN:
                return candidate
    return None


async def _is_ghost(scope: Scope, true_key: str) -> bool:
    """Tell whether there is such an object, and no list shows it."""
    try:
        await scope.store.get(true_key)
    except NotFound:
        return False
    page = await scope.store.list(true_key, limit=1)
    return all(entry.key != true_key for entry in page.entries)


def _ghost(patient: Patient, listed: str, true_key: str) -> Case:
    return patient.case(
        FindingKind.BACKSLASH_GHOST,
        listed,
        f"this server lists an id with a backslash as if it had a slash: the object is "
        f"{true_key}; a restore of it finds nothing, and a deletion of the session that seems to "
        "hold it takes it along",
        "use ids without a backslash on this server; copy the objects to another id",
    )
