"""Records: what tells them from frozen dataclasses is the time that they take to load."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3sessions.record import Record, field, replace

MANY = 20
"""More of a class than are made before it has a constructor of its own."""


class Point(Record):
    """A point.

    Attributes:
        x: to the right.
    """

    x: int
    y: int = 2
    tags: list[str] = field(default_factory=list)
    seen: str | None = field(default=None, compare=False, repr=False)
    norm: int = field(init=False)

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError("x is negative")
        object.__setattr__(self, "norm", self.x + self.y)

    @property
    def double(self) -> int:
        return 2 * self.x


class Named(Point):
    """A point with a name."""

    name: str = "p"


@dataclass(frozen=True, slots=True)
class PlainPoint:
    """What `Point` would be as a dataclass."""

    x: int
    y: int = 2
    tags: list[str] = dataclasses.field(default_factory=list)
    seen: str | None = dataclasses.field(default=None, compare=False, repr=False)
    norm: int = dataclasses.field(init=False)

    def __post_init__(self) -> None:
        if self.x < 0:
            raise ValueError("x is negative")
        object.__setattr__(self, "norm", self.x + self.y)


Made = tuple[str, Any]


def made(kind: Callable[..., Any], *given: Any, **named: Any) -> Made:
    """Give what a constructor makes of its arguments, or what it refuses them with."""
    try:
        return "made", repr(kind(*given, **named)).replace("Plain", "")
    except (TypeError, ValueError) as error:
        return type(error).__name__, str(error).replace("PlainPoint.", "")


ARGUMENTS = st.tuples(
    st.lists(st.integers(-1, 2), max_size=5),
    st.dictionaries(st.sampled_from(["x", "y", "tags", "seen", "norm", "z"]), st.integers(-1, 2)),
)


@given(ARGUMENTS, st.booleans())
def test_a_record_takes_the_arguments_that_a_dataclass_takes(
    arguments: tuple[list[int], dict[str, int]], is_compiled: bool
) -> None:
    given, named = arguments
    kind = type("Point", (Point,), {"__annotations__": {}})
    for number in range(MANY if is_compiled else 0):
        kind(number)
    assert made(kind, *given, **named) == made(PlainPoint, *given, **named)


@pytest.mark.parametrize("number", range(MANY))
def test_each_record_of_a_class_has_a_list_of_its_own(number: int) -> None:
    first, second = Point(number), Point(number)
    first.tags.append("t")
    assert (first.tags, second.tags) == (["t"], [])


def test_records_are_equal_by_the_fields_that_are_compared() -> None:
    assert Point(1, seen="a") == Point(1, seen="b")
    assert Point(1) != Point(2)
    assert Point(1) != Named(1)
    assert Point(1) != PlainPoint(1)


def test_records_of_what_can_be_hashed_can_be_hashed() -> None:
    class Pair(Record):
        a: int
        b: str

    assert len({Pair(1, "b"), Pair(1, "b"), Pair(2, "b")}) == 2
    with pytest.raises(TypeError, match="unhashable"):
        hash(Point(1))


def test_a_record_cannot_be_changed() -> None:
    point: Any = Point(1)
    for name in ("x", "unknown"):
        with pytest.raises(dataclasses.FrozenInstanceError, match=name):
            setattr(point, name, 3)
        with pytest.raises(dataclasses.FrozenInstanceError, match=name):
            delattr(point, name)
    assert point == Point(1)
    assert not hasattr(point, "__dict__")


def test_a_record_that_holds_itself_has_a_repr() -> None:
    loop: list[Any] = []
    loop.append(Point(1, tags=loop))
    assert repr(loop[0]) == "Point(x=1, y=2, tags=[...], norm=3)"


@pytest.mark.parametrize(
    "twin",
    [copy.copy, copy.deepcopy, lambda record: pickle.loads(pickle.dumps(record))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_a_copy_of_a_record_is_equal_in_every_field(twin: Callable[[Any], Any]) -> None:
    named = Named(1, tags=["t"], seen="s", name="n")
    again = twin(named)
    assert again == named
    assert (type(again), again.seen, again.norm) == (Named, "s", 3)


@pytest.mark.parametrize("changed", [replace, dataclasses.replace])
def test_some_fields_are_replaced_and_what_follows_from_them(changed: Callable[..., Any]) -> None:
    named = changed(Named(1, seen="s", name="n"), x=5)
    assert named == Named(5, name="n")
    assert (named.seen, named.norm) == ("s", 7)
    with pytest.raises(TypeError, match="unknown"):
        changed(named, unknown=1)
    with pytest.raises(ValueError, match="negative"):
        changed(named, x=-1)


def test_dataclasses_takes_a_record_for_one_of_its_own() -> None:
    assert all(map(dataclasses.is_dataclass, [Point, Point(1)]))
    assert dataclasses.asdict(Point(1)) == dataclasses.asdict(PlainPoint(1))
    ours, theirs = dataclasses.fields(Point), dataclasses.fields(PlainPoint)
    assert [(f.name, f.type, f.compare, f.init, f.repr, f.default) for f in ours] == [
        (f.name, f.type, f.compare, f.init, f.repr, f.default) for f in theirs
    ]


def test_a_record_can_be_matched_and_shows_its_signature() -> None:
    match Named(1, name="n"):
        case Point(x, y, name=name):
            assert (x, y, name) == (1, 2, "n")
        case _:
            raise AssertionError("a record matches no pattern")
    assert inspect.signature(Point) == inspect.signature(PlainPoint)


def test_a_record_keeps_its_docstring_and_its_properties() -> None:
    assert Point(4).double == 8
    assert (Point.__doc__ or "").startswith("A point.")
