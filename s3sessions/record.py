"""Frozen values that are cheap to declare: what a cold start meets in place of dataclasses.

A dataclass writes and compiles six functions when its class is made. That takes longer than to load
a module, and a process that appends one message meets fifty of them. Records share all but the
constructor, and that is compiled when a class turns out to be used a lot. To use one is to use a
frozen dataclass with slots: fields by annotation, equality, hash and repr by value, patterns,
copies and pickles; `dataclasses.replace`, `asdict` and `fields` take it for one.
"""

from __future__ import annotations

import functools
import reprlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from inspect import Signature

__all__ = ["Record", "field", "replace"]

R = TypeVar("R", bound="Record")

_MISSING: Final = object()
_FEW: Final = 8


class _Field:
    """What a class body says of a field besides its name and type."""

    __slots__ = ("compare", "default", "factory", "init", "repr")

    def __init__(
        self,
        default: object = _MISSING,
        factory: Callable[[], object] | None = None,
        *,
        init: bool = True,
        compare: bool = True,
        repr: bool = True,
    ) -> None:
        self.default = default
        self.factory = factory
        self.init = init
        self.compare = compare
        self.repr = repr

    @property
    def is_needed(self) -> bool:
        """Whether a constructor has to be given it."""
        return self.init and self.factory is None and self.default is _MISSING


def field(
    *,
    default: Any = _MISSING,
    default_factory: Callable[[], Any] | None = None,
    init: bool = True,
    compare: bool = True,
    repr: bool = True,
) -> Any:
    """Say more of a field than its default: what the same arguments say in `dataclasses`."""
    return _Field(default, default_factory, init=init, compare=compare, repr=repr)


class _RecordType(type):
    """Makes the annotations of a class body its fields, and their values the defaults."""

    _fields: dict[str, _Field]
    _made: int

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> _RecordType:
        own = {each: _described(body, each) for each in body.get("__annotations__", {})}
        fields = {}
        for base in bases:
            fields.update(base._fields if isinstance(base, _RecordType) else {})
        fields.update(own)
        body["__slots__"] = tuple(own)
        body["__match_args__"] = tuple(each for each, said in fields.items() if said.init)
        body["__init__"] = _make
        kind = super().__new__(cls, name, bases, body)
        kind._fields = fields
        kind._made = 0
        return kind

    @property
    def __signature__(cls) -> Signature:
        """What `help` and editors show."""
        from inspect import signature

        return signature(_twin(cls))


_PLAIN: Final = _Field()
"""What is said of a field of which nothing is said."""


def _described(body: dict[str, Any], name: str) -> _Field:
    # Taken out of the body: a class cannot have a value where it has a slot.
    value = body.pop(name, _PLAIN)
    return value if isinstance(value, _Field) else _Field(value)


def _make(record: Any, *given: Any, **named: Any) -> None:
    """Make one of the first records of a class, field by field; for more, compile a constructor."""
    kind: Any = type(record)
    values = dict(zip(kind.__match_args__, given, strict=False)) | named
    needed = {name for name, said in kind._fields.items() if said.is_needed}
    is_clear = len(values) == len(given) + len(named)
    kind._made += 1
    # A constructor also says what is wrong with its arguments.
    if kind._made > _FEW or not (is_clear and needed <= values.keys() <= set(kind.__match_args__)):
        kind.__init__ = _constructor(kind)
        record.__init__(*given, **named)
        return
    for name in kind.__match_args__:
        said = kind._fields[name]
        other = said.default if said.factory is None or name in values else said.factory()
        object.__setattr__(record, name, values.get(name, other))
    if hasattr(kind, "__post_init__"):
        record.__post_init__()


def _constructor(kind: _RecordType) -> Callable[..., None]:
    """Compile the constructor: a parameter for each field, and a line that fills its slot."""
    names: dict[str, Any] = {"MISSING": _MISSING}
    parameters, lines = ["self"], ["pass"]
    for name, said in kind._fields.items():
        if not said.init:
            continue
        names[f"set_{name}"] = getattr(kind, name).__set__
        names[f"default_{name}"], names[f"new_{name}"] = said.default, said.factory
        value = name
        if said.factory is not None:
            value = f"new_{name}() if {name} is MISSING else {name}"
        parameters.append(name if said.is_needed else f"{name}=default_{name}")
        lines.append(f"set_{name}(self, {value})")
    if hasattr(kind, "__post_init__"):
        lines.append("self.__post_init__()")
    text = f"def __init__({', '.join(parameters)}):\n " + "\n ".join(lines)
    exec(text, names)  # noqa: S102 - of names that stand in a class body, as a dataclass does
    constructor: Callable[..., None] = names["__init__"]
    return constructor


@functools.cache
def _twin(kind: _RecordType) -> Any:
    """Make the dataclass that a class of records stands for."""
    import dataclasses

    types: dict[str, Any] = {}
    for each in reversed(kind.__mro__):
        types.update(getattr(each, "__annotations__", {}))
    described = []
    for name, said in kind._fields.items():
        options: dict[str, Any] = {"init": said.init, "compare": said.compare, "repr": said.repr}
        if said.factory is not None:
            options["default_factory"] = said.factory
        elif said.default is not _MISSING:
            options["default"] = said.default
        described.append((name, types[name], dataclasses.field(**options)))
    return dataclasses.make_dataclass(kind.__name__, described, frozen=True)


class _Fields:
    """`__dataclass_fields__`, by which `dataclasses` knows its own; made when it is asked for."""

    def __get__(self, record: Record | None, kind: _RecordType) -> Any:
        return _twin(kind).__dataclass_fields__


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
class Record(metaclass=_RecordType):
    """A frozen value; its fields are what a class body annotates, as in a frozen dataclass.

    `field` and `__post_init__` are as there. A field with `init=False` is filled by `__post_init__`
    (`object.__setattr__`).
    """

    if TYPE_CHECKING:
        __dataclass_fields__: ClassVar[dict[str, Any]]
    else:
        __dataclass_fields__ = _Fields()

        def __setattr__(self, name: str, value: object) -> None:
            _refuse(f"cannot assign to field {name!r}")

        def __delattr__(self, name: str) -> None:
            _refuse(f"cannot delete field {name!r}")

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self._compared() == other._compared()

    def __hash__(self) -> int:
        return hash(self._compared())

    def _compared(self) -> tuple[object, ...]:
        fields = type(self)._fields
        return tuple(getattr(self, name) for name, said in fields.items() if said.compare)

    @reprlib.recursive_repr()
    def __repr__(self) -> str:
        fields = type(self)._fields
        shown = (f"{name}={getattr(self, name)!r}" for name, said in fields.items() if said.repr)
        return f"{type(self).__qualname__}({', '.join(shown)})"

    def __setstate__(self, state: tuple[None, dict[str, object]]) -> None:
        """Fill a copy, or what was pickled; frozen, it refuses all other ways."""
        for name, value in state[1].items():
            object.__setattr__(self, name, value)

    def __replace__(self: R, **changes: Any) -> R:
        """Make another one with some fields changed; see `replace`."""
        for name, said in type(self)._fields.items():
            if said.init and name not in changes:
                changes[name] = getattr(self, name)
        return type(self)(**changes)


def _refuse(what: str) -> NoReturn:
    from dataclasses import FrozenInstanceError

    raise FrozenInstanceError(what)


def replace(record: R, **changes: Any) -> R:
    """Make another record with some fields changed, as `dataclasses.replace` does."""
    return record.__replace__(**changes)
