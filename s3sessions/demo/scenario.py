"""The demo from beginning to end: where it runs, its steps, and what is left of it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

from s3sessions import Sessions
from s3sessions.cli.output import Output
from s3sessions.demo.child import ChildDied, Place
from s3sessions.demo.conversations import load_conversations
from s3sessions.demo.stage import ClaimFailed, Stage, watch_reads
from s3sessions.demo.survival import die_in_the_middle, go_on, write_together
from s3sessions.demo.tour import look_around, look_underneath
from s3sessions.settings import Options

__all__ = ["run_scenario"]


def run_scenario(output: Output, *, url: str | None, options: Options, keep: bool) -> bool:
    """Run the demo and tell whether all that it claims holds.

    Args:
        url: a bucket or a folder; None for a temporary folder.
        options: of the store: `endpoint_url`, `region`, `profile`.
        keep: leave what was written where it is.

    Raises:
        S3SessionsError: the store cannot be used.
    """
    began = time.monotonic()
    with _place(output, url, options, keep) as place:
        read_keys: set[str] = set()
        watch = watch_reads(read_keys)
        with Sessions(place.url, on_request=watch, **options).under(place.under) as sessions:
            next(sessions.list(), None)  # A place that cannot be used is an error before step 1.
            stage = Stage(output, sessions, place, load_conversations(), read_keys)
            try:
                _play(stage)
            except (ClaimFailed, ChildDied) as error:
                output.error(f"the demo failed: {error}")
                return False
            finally:
                if url is not None and not keep:
                    _clear(sessions)
    output.line()
    output.line(f"All claims hold; {time.monotonic() - began:.1f} s.", "good")
    return True


def _play(stage: Stage) -> None:
    acknowledged = die_in_the_middle(stage)
    go_on(stage, acknowledged)
    write_together(stage)
    look_around(stage)
    look_underneath(stage)


@contextmanager
def _place(output: Output, url: str | None, options: Options, keep: bool) -> Iterator[Place]:
    """Find a place and say where it is."""
    under = f"demo-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"
    if url is not None:
        end = "kept" if keep else "deleted at the end; --keep keeps it"
        output.line(f"In {url}, under the name {under} ({end}).")
        yield Place(url, under, options)
    elif keep:
        folder = Path(mkdtemp(prefix="s3sessions-demo-"))
        output.line(f"In the folder {folder}, which is kept.")
        yield Place(folder.as_uri(), under, options)
    else:
        with TemporaryDirectory(prefix="s3sessions-demo-") as name:
            output.line(
                f"In a temporary folder, {name}, with the same keys that a bucket would hold "
                "(removed at the end; --keep keeps it, --url s3://… takes a bucket of yours)."
            )
            yield Place(Path(name).as_uri(), under, options)


def _clear(sessions: Sessions) -> None:
    for ref in list(sessions.list()):
        sessions.delete(ref.id)
