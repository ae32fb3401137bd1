"""A history of five messages, the verbs that move where it begins, and somebody at each request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from s3sessions import Sessions
from s3sessions.ports import PAGE_LIMIT, Page, SyncStore
from s3sessions.stores.memory import MemoryStore
from tests.dao.deleting import KillAt
from tests.interposed import Interposed

Act: TypeAlias = Callable[[Any], object]

AGENT: Final = "session_s/agents/agent_default"
HISTORY: Final = f"{AGENT}/history.json"
SESSION: Final = "session_s/session.json"
MOST_REQUESTS: Final = 60


@dataclass(frozen=True, slots=True)
class View:
    """What a reader is shown: the numbers of the messages, and the summary."""

    numbers: tuple[Any, ...]
    summary: str | None = None

    def with_more(self, *numbers: Any) -> View:
        return View(self.numbers + numbers, self.summary)


@dataclass(frozen=True, slots=True)
class Verb:
    """One change of where the history begins, and what it leaves of `OLD`."""

    act: Act
    left: View


OLD: Final = View((2, 3, 4), "old")
"""What readers are shown of the history before."""

VERBS: Final = {
    "truncate": Verb(lambda chat: chat.truncate(1), View((4,), "old")),
    "summarize": Verb(lambda chat: chat.summarize("new", keep_last=1), View((4,), "new")),
    "summarize alone": Verb(lambda chat: chat.summarize("new"), View((2, 3, 4), "new")),
    "clear": Verb(lambda chat: chat.clear(), View(())),
    "replace": Verb(lambda chat: chat.replace([{"n": "a"}, {"n": "b"}]), View(("a", "b"), "old")),
}


class SmallPages(MemoryStore):
    """Lists three keys at a time, so that a list of a short history is no snapshot either."""

    def list(
        self,
        prefix: str,
        *,
        delimiter: str | None = None,
        token: str | None = None,
        start_after: str | None = None,
        limit: int = PAGE_LIMIT,
    ) -> Page:
        return super().list(
            prefix,
            delimiter=delimiter,
            token=token,
            start_after=start_after,
            limit=min(limit, 3),
        )


class BackwardPages(MemoryStore):
    """Lists three keys at a time, the last ones first: no order is promised everywhere."""

    @property
    def lists_in_parts(self) -> bool:
        return False

    def list(
        self,
        prefix: str,
        *,
        delimiter: str | None = None,
        token: str | None = None,
        start_after: str | None = None,
        limit: int = PAGE_LIMIT,
    ) -> Page:
        whole = super().list(prefix, delimiter=delimiter)
        entries = [each for each in whole.entries if token is None or each.key < token][::-1]
        return Page(entries[:3], whole.prefixes, entries[2].key if entries[3:] else None)


STORES: Final = {"one page": MemoryStore, "pages": SmallPages, "backward pages": BackwardPages}
"""Ways to list."""


def opened(store: SyncStore, **options: Any) -> Any:
    return Sessions(store=store).open("s", **options)


def say(memory: SyncStore, *numbers: Any) -> None:
    """Append by a handle that knows nothing."""
    for n in numbers:
        opened(memory).append({"n": n})


def filled(store: MemoryStore | None = None, *, is_hidden: bool = True) -> MemoryStore:
    """Give a history of five messages, of which two are hidden."""
    memory = store or MemoryStore()
    chat = opened(memory)
    for n in range(5):
        chat.append({"n": n}, usage={"tokens": 1})
    if is_hidden:
        chat.summarize("old", keep_last=3)
    return memory


def shown(memory: SyncStore) -> View:
    """Give what a fresh reader is shown, whichever way it reads."""
    view = restored(opened(memory))
    assert tuple(message.payload["n"] for message in opened(memory).iterate()) == view.numbers
    return view


def restored(chat: Any, **how: Any) -> View:
    history = chat.restore(**how)
    numbers = tuple(payload["n"] for payload in history.payloads)
    return View(numbers, history.summary.text if history.summary else None)


READS: Final[dict[str, Callable[[Any], Any]]] = {
    "restore": restored,
    "restore the newest": lambda chat: restored(chat, last=2),
    # Members that wait for their commit count.
    "restore with a limit": lambda chat: restored(chat, max_messages=9),
    "restore from a start": lambda chat: restored(chat, start=1).numbers,
    "iterate": lambda chat: tuple(message.payload["n"] for message in chat.iterate()),
}
"""Ways to read."""


def seen_of(view: View, read: str) -> Any:
    """Give what one way to read shows of a history."""
    if read == "restore the newest":
        return View(view.numbers[-2:], view.summary)
    if read == "restore from a start":
        return tuple(n for n in view.numbers if n not in (0, "new 0"))
    return view.numbers if read == "iterate" else view


class Handle:
    """A handle whose requests a hook meets; one that is warm has restored before."""

    def __init__(self, memory: SyncStore, *, warm: bool, **options: Any) -> None:
        self._hook: Any = None
        store = Interposed(memory, self._meet)
        self.chat = Sessions(store=store).open("s", **options)
        if warm:
            self.chat.restore()

    def run(self, act: Act, hook: Any) -> object:
        self._hook = hook
        try:
            return act(self.chat)
        finally:
            self._hook = None

    def _meet(self, verb: str, key: str, call: Callable[[], Any]) -> Any:
        return call() if self._hook is None else self._hook(verb, key, call)


def every_request(*, least: int = 3, **strike: Any) -> Iterator[KillAt]:
    """Strike before and after each request in turn, until one comes that is never made."""
    for after in (False, True):
        for request in range(1, MOST_REQUESTS):
            hook = KillAt(request, after=after, **strike)
            yield hook
            if not hook.struck:
                assert request > least
                break
        else:
            raise AssertionError("it never ended")
