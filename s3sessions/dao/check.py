"""Check: whether a store honours what sessions rely on, tried on it rather than believed.

It works under `<prefix>s3sessions_check_<id>/`, where no session can be, and takes away what it
wrote, also where it ends in an error.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from s3sessions.dao.leftovers import all_versions
from s3sessions.dao.probing.bench import Bench, ProbeFailed
from s3sessions.dao.probing.trials import TRIALS, Trial
from s3sessions.dao.scope import Scope
from s3sessions.errors import AccessDenied, S3SessionsError, StoreUnavailable
from s3sessions.health import CheckReport, Probe
from s3sessions.metering import Meter
from s3sessions.ports import DELETE_LIMIT, DeleteOutcome, Target
from s3sessions.versions import AsyncVersions, VersionOutcome, VersionTarget


@dataclass(frozen=True, slots=True)
class Cleared:
    """How the prefix was left: whether the bucket keeps versions, and what could not be erased."""

    versioned: bool | None
    left: str


async def check(scope: Scope) -> CheckReport:
    """Try every probe. Requests: about 130, each small.

    Raises:
        AccessDenied: a permission is missing that sessions need.
        StoreUnavailable, InvalidSettings: the store does not answer, or there is no such bucket.
    """
    meter = Meter()
    scope = replace(scope, store=scope.store.observed(meter))
    bench = Bench(scope, f"{scope.root.checks}{scope.new_id()}/")
    try:
        # Outside any probe: a store that takes no object at all is no store to judge.
        await bench.put(bench.key("first"), b"{}")
        probes = [await _try(bench, trial) for trial in TRIALS]
    except BaseException:
        await _unless_it_fails(_clear(bench))
        raise
    cleared = await _clear(bench)
    return CheckReport(
        prefix=bench.prefix,
        probes=tuple(probes),
        requests=meter.counts.total,
        skew=bench.skew,
        versioned=cleared.versioned,
        left=cleared.left,
    )


async def _try(bench: Bench, trial: Trial) -> Probe:
    try:
        passed, detail = True, await trial.run(bench)
    except ProbeFailed as failed:
        passed, detail = False, str(failed)
    except (AccessDenied, StoreUnavailable):
        raise
    except S3SessionsError as error:
        passed, detail = False, str(error)
    return Probe(trial.name, passed, trial.is_fatal, trial.meaning, detail)


async def _unless_it_fails(clearing: Awaitable[Cleared]) -> None:
    """Clear up behind an error, which is the one to be told."""
    try:
        await clearing
    except S3SessionsError:
        return


async def _clear(bench: Bench) -> Cleared:
    """Delete what was written, and what a list shows of it under other names, old versions too."""
    shown = {entry.key for entry in await bench.list("")}
    keys = sorted(bench.keys | shown)
    chunks = [keys[at : at + DELETE_LIMIT] for at in range(0, len(keys), DELETE_LIMIT)]
    calls = [partial(bench.scope.store.delete_many, _targets(chunk)) for chunk in chunks]
    outcomes = [out for outs in await bench.scope.store.fan_out(calls) for out in outs]
    left = _refused(bench, outcomes, "objects")
    versions = bench.scope.store.versions
    if versions is None:
        return Cleared(None, left)
    try:
        found, erased = await _erase_versions(bench, versions)
    except S3SessionsError as error:
        # It takes permissions that sessions do not need, and not every server lists versions.
        return Cleared(None, left or f"old versions, if the bucket keeps any: {error}")
    return Cleared(found, left or erased)


async def _erase_versions(bench: Bench, versions: AsyncVersions) -> tuple[bool, str]:
    """Erase all versions; tell whether there were any, and what is left of them."""
    listed = await all_versions(versions, bench.prefix)
    targets = [VersionTarget(version.key, version.version_id) for version in listed]
    outcomes: list[VersionOutcome] = []
    for at in range(0, len(targets), DELETE_LIMIT):
        outcomes += await versions.delete_versions(targets[at : at + DELETE_LIMIT])
    return bool(targets), _refused(bench, outcomes, "old versions")


def _refused(bench: Bench, outcomes: Sequence[DeleteOutcome | VersionOutcome], what: str) -> str:
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    if not errors:
        return ""
    return f"{len(errors)} {what} under {bench.prefix}, the first because of: {errors[0]}"


def _targets(keys: Sequence[str]) -> list[Target]:
    return [Target(key) for key in keys]
