"""The command that reckons what sessions cost, beside DynamoDB: cost. It opens no store."""

from __future__ import annotations

import math
from argparse import Namespace
from dataclasses import asdict, replace
from typing import Any, Final

from s3sessions.cli.arguments.costing import STORAGE_CLASSES, decimal
from s3sessions.cli.exits import Exit
from s3sessions.cli.lessons.costing import PRICE_LISTS
from s3sessions.cli.output import Column, Output
from s3sessions.cli.text import counted
from s3sessions.costs import (
    Comparison,
    Cost,
    DynamoPrices,
    Operation,
    Query,
    Requests,
    Row,
    S3Prices,
)

__all__ = ["run_cost"]

_DOLLARS: Final = (
    Column("dollars"),
    Column("S3", is_number=True),
    Column("S3, packed", is_number=True),
    Column("DynamoDB", is_number=True),
    Column("eventual", is_number=True),
    Column("cheaper"),
)
_REQUESTS: Final = (
    Column("requests of one restore"),
    Column("S3"),
    Column("S3, packed"),
    Column("DynamoDB"),
)
_NOTHING: Final = "–"
_PAYING: Final = (1000, 10_000)
# Below this prices that differ are called the same.
_MATTERS: Final = 1.05


def run_cost(arguments: Namespace, output: Output) -> Exit:
    """Reckon, from requests and prices."""
    comparison = Comparison(
        arguments.message_bytes, _s3_prices(arguments), _dynamodb_prices(arguments)
    )
    if arguments.json:
        output.json(_document(comparison))
        return Exit.DONE
    rows = comparison.rows()
    output.table(_DOLLARS, list(map(_dollars_row, rows)))
    output.line()
    restores = [row for row in rows if row.operation is Operation.RESTORE]
    output.table(_REQUESTS, list(map(_requests_row, restores)))
    output.line()
    for line in _remarks(comparison, rows):
        output.line(line)
    return Exit.DONE


def _s3_prices(arguments: Namespace) -> S3Prices:
    given = {
        name: amount
        for name in asdict(STORAGE_CLASSES["standard"])
        if (amount := getattr(arguments, f"s3_{name}")) is not None
    }
    return replace(STORAGE_CLASSES[arguments.storage_class], **given)


def _dynamodb_prices(arguments: Namespace) -> DynamoPrices:
    return DynamoPrices(
        arguments.dynamodb_write, arguments.dynamodb_read, arguments.dynamodb_storage
    )


def _name(row: Row) -> str:
    match row.operation:
        case Operation.APPEND:
            return f"{row.times:,} appends"
        case Operation.PACK:
            return f"packing {row.times * row.messages:,}, once"
        case Operation.KEEP:
            return f"{row.times:,} kept for a month"
        case Operation.RESTORE:
            return f"{row.times:,} restores of {_read(row)}"


def _read(row: Row) -> str:
    return f"{row.messages:,}" if row.last is None else f"last {row.last} of {row.messages:,}"


def _dollars_row(row: Row) -> tuple[str, ...]:
    table = row.dynamodb
    return (
        _name(row),
        _dollars(None if row.loose is None else row.loose.dollars),
        _dollars(None if row.packed is None else row.packed.dollars),
        _dollars(None if table is None else table.strong),
        _dollars(None if table is None else table.eventual),
        _verdict(row),
    )


def _dollars(amount: float | None) -> str:
    """Write dollars: cents, or of less than a dollar the first three digits."""
    if amount is None:
        return _NOTHING
    places = 2 if not 0 < amount < 1 else max(2, 2 - math.floor(math.log10(amount)))
    return f"{amount:,.{places}f}"


def _verdict(row: Row) -> str:
    if row.dynamodb is None:
        return _NOTHING
    name = "DynamoDB" if row.is_dynamodb_cheaper else "S3"
    less, more = sorted((row.s3, row.dynamodb.strong))
    if not less:
        return name if more else "the same"
    times = more / less
    if times < _MATTERS:
        return "the same"
    return f"{name}, {times:,.{0 if times >= 9.95 else 1}f} times"


def _requests_row(row: Row) -> tuple[str, ...]:
    query = None if row.dynamodb is None else row.dynamodb.query
    return (
        _read(row),
        _asked(row.loose),
        _asked(row.packed),
        _NOTHING if query is None else _queried(query),
    )


def _asked(cost: Cost | None) -> str:
    if cost is None or cost.requests is None:
        return _NOTHING
    return f"{cost.requests.lists} LIST, {cost.requests.gets:,} GET"


def _queried(query: Query) -> str:
    return f"{counted(query.units, 'read unit')}, {counted(query.pages, 'page')}"


def _remarks(comparison: Comparison, rows: list[Row]) -> list[str]:
    """Say in words what the tables come to."""
    return [
        _where_dynamodb_is_cheaper(comparison, rows),
        *(_payback(comparison, messages) for messages in _PAYING),
        f"messages of {counted(comparison.message_bytes, 'byte')}; {_prices(comparison)}",
        PRICE_LISTS,
    ]


def _where_dynamodb_is_cheaper(comparison: Comparison, rows: list[Row]) -> str:
    if not comparison.fits_dynamodb:
        return "DynamoDB cannot hold such messages: an item has 400 KB at most"
    cheaper = [_name(row) for row in rows if row.is_dynamodb_cheaper]
    if not cheaper:
        return "DynamoDB is cheaper for none of this"
    return f"DynamoDB is cheaper for: {'; '.join(cheaper)}"


def _payback(comparison: Comparison, messages: int) -> str:
    restores = comparison.restores_that_pay(messages)
    if restores is None:
        return f"packing {messages:,} messages never pays for itself in dollars"
    return f"packing {messages:,} messages pays for itself after {counted(restores, 'restore')}"


def _prices(comparison: Comparison) -> str:
    """Say what was reckoned with."""
    s3, dynamodb = comparison.s3, comparison.dynamodb
    parts = [f"1,000 PUT or LIST ${decimal(s3.put)}", f"1,000 GET ${decimal(s3.get)}"]
    parts.append(f"GB-month ${decimal(s3.storage)}")
    if s3.upload or s3.retrieval:
        parts.append(f"GB written ${decimal(s3.upload)}, read ${decimal(s3.retrieval)}")
    units = f"${decimal(dynamodb.write)} and ${decimal(dynamodb.read)}"
    parts.append(f"DynamoDB a million write and read units {units}")
    parts.append(f"GB-month ${decimal(dynamodb.storage)}")
    return ", ".join(parts)


def _document(comparison: Comparison) -> dict[str, Any]:
    return {
        "message_bytes": comparison.message_bytes,
        "prices": {"s3": asdict(comparison.s3), "dynamodb": asdict(comparison.dynamodb)},
        "rows": [_row_document(row) for row in comparison.rows()],
        "restores_that_pay_for_packing": {
            str(messages): comparison.restores_that_pay(messages) for messages in _PAYING
        },
    }


def _row_document(row: Row) -> dict[str, Any]:
    table = row.dynamodb
    query = None if table is None else table.query
    return {
        "operation": row.operation,
        "messages": row.messages,
        "last": row.last,
        "times": row.times,
        "loose": _cost_document(row.loose),
        "packed": _cost_document(row.packed),
        "dynamodb": None
        if table is None
        else {
            "strong": table.strong,
            "eventual": table.eventual,
            "read_units": None if query is None else query.units,
            "pages": None if query is None else query.pages,
        },
        "dynamodb_is_cheaper": row.is_dynamodb_cheaper,
    }


def _cost_document(cost: Cost | None) -> dict[str, Any] | None:
    if cost is None:
        return None
    requests: Requests | None = cost.requests
    return {"dollars": cost.dollars, "requests": None if requests is None else requests.by_verb}
