"""Writers behind a wire that breaks their requests, and what must hold of what they wrote."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from s3sessions import AppendConflict, AsyncSessions, History, Message, Sessions, StoreUnavailable
from tests.rig import Colour, Driven, fresh_name
from tests.servers.s3_server import S3Server
from tests.servers.wire import Rule, WireProxy


@dataclass
class Delivery:
    """One append that a writer has to bring to its end: of a message, or of a batch.

    Attributes:
        payloads: of the message, or of each of the batch's.
        write_id: under which it is to be appended again while its fate is open.
        messages: what was acknowledged.
    """

    payloads: Sequence[Mapping[str, Any]]
    write_id: str | None = None
    messages: Sequence[Message] = ()

    def send(self, chat: Any) -> None:
        """Append it, and note what came of it; its fate may stay open."""
        try:
            if len(self.payloads) == 1:
                self.messages = [chat.append(self.payloads[0], write_id=self.write_id)]
            else:
                self.messages = chat.append_many(self.payloads, write_id=self.write_id)
        except StoreUnavailable as error:
            self.write_id = error.write_id
        except AppendConflict:
            # Others were faster in each try: not stored, and no fate is open.
            self.send(chat)


@dataclass(frozen=True)
class Fire:
    """A prefix of a bucket behind a wire, spoken to in one colour.

    Attributes:
        url: of the prefix.
        endpoint_url: of the server behind the wire.
        patience: seconds that a client waits for an answer.
    """

    colour: Colour
    wire: WireProxy
    url: str
    endpoint_url: str
    patience: float = 3.0

    def options(self, *, directly: bool = False) -> dict[str, Any]:
        """Give the settings that lead to the wire, or past it and its faults."""
        common = {"region": S3Server.region, "connect_timeout": 5.0}
        if directly:
            return {**common, "endpoint_url": self.endpoint_url, "read_timeout": 30.0}
        return {**common, "endpoint_url": self.wire.url, "read_timeout": self.patience}

    @contextmanager
    def sessions(self, *, directly: bool = False, **more: Any) -> Iterator[Any]:
        """Open the place anew, as another process would."""
        given = {**self.options(directly=directly), **more}
        if self.colour == "sync":
            with Sessions(self.url, **given) as sessions:
                yield sessions
            return
        with asyncio.Runner() as runner:
            driven = Driven(AsyncSessions(self.url, **given), runner)
            yield driven
            driven.close()

    def restore(self) -> History:
        """Restore as one does who has met no fault."""
        with self.sessions(directly=True) as sessions:
            history: History = sessions.open("s").restore()
            return history

    def write(self, writers: int, each: int, largest: int) -> list[Delivery]:
        """Let writers append at once, each over several handles; gives what was to be delivered.

        Their appends are of one message up to `largest`, in turn.
        """
        work = [
            [Delivery(_payloads(w, n, 1 + n % largest)) for n in range(each)]
            for w in range(writers)
        ]
        with ThreadPoolExecutor(writers) as pool:
            return [delivery for done in pool.map(self._write, work) for delivery in done]

    def _write(self, deliveries: list[Delivery]) -> list[Delivery]:
        with self.sessions() as sessions:
            for n, delivery in enumerate(deliveries):
                if n % 4 == 0:
                    chat = sessions.open("s", on_conflict="rebase")
                delivery.send(chat)
        return deliveries

    def send_again(self, deliveries: Sequence[Delivery]) -> None:
        """Deliver what is open under its write id, by a handle that knows the history."""
        with self.sessions(directly=True) as sessions:
            chat = sessions.open("s", on_conflict="rebase")
            chat.restore()
            for delivery in deliveries:
                if not delivery.messages:
                    delivery.send(chat)


def _payloads(writer: int, n: int, size: int) -> list[dict[str, Any]]:
    common = {"writer": writer, "n": n, "text": "x" * 300}
    return [{**common, "position": position} for position in range(size)]


def check_each_is_there_once(deliveries: Sequence[Delivery], history: History) -> None:
    """What was acknowledged stands where it was said to, once; the rest once or not at all."""
    found = Counter(_name(message.payload) for message in history.messages)
    at = {message.index: message for message in history.messages}
    for delivery in deliveries:
        for message in delivery.messages:
            assert at[message.index].payload == message.payload
        times = {found[_name(payload)] for payload in delivery.payloads}
        assert times in ([{1}] if delivery.messages else [{0}, {1}]), "a batch is there whole"
    assert sum(found.values()) <= sum(len(delivery.payloads) for delivery in deliveries)
    assert history.corrupt == ()


def check_appends_are_unbroken(history: History) -> None:
    """Each batch stands in its order, with nothing in between."""
    positions = [message.payload["position"] for message in history.messages]
    before = [
        (m.payload["writer"], m.payload["n"], m.payload["position"] + 1) for m in history.messages
    ]
    for at, position in enumerate(positions):
        assert position == 0 or before[at - 1] == _name(history.messages[at].payload)


def _name(payload: Mapping[str, Any]) -> tuple[Any, ...]:
    return payload["writer"], payload["n"], payload["position"]


@contextmanager
def fire(server: S3Server, bucket: str, colour: Colour) -> Iterator[Fire]:
    """Put a wire before the server, under a prefix that nobody has used."""
    with WireProxy(server.endpoint_url) as wire:
        yield Fire(colour, wire, f"s3://{bucket}/{fresh_name()}", server.endpoint_url)


def append_under(fire: Fire, rules: Sequence[Rule], *, each: int, largest: int, seed: int) -> None:
    """Write while the rules stand, deliver again what is open, and look after each."""
    fire.wire.rules(rules, seed=seed)
    deliveries = fire.write(3, each, largest)
    fire.wire.settle()
    struck = fire.wire.struck
    fire.wire.rules([])
    check_each_is_there_once(deliveries, fire.restore())
    is_open = [delivery for delivery in deliveries if not delivery.messages]
    fire.send_again(deliveries)
    history = fire.restore()
    check_each_is_there_once(deliveries, history)
    assert len(history.messages) == sum(len(delivery.payloads) for delivery in deliveries)
    check_appends_are_unbroken(history)
    print(
        f"faults {dict(struck)}, appends {len(deliveries)}, open {len(is_open)}, "
        f"messages found {len(history.messages)}"
    )
    assert struck
