"""Go templates' comparisons: values of different types are never equal, they are an error."""

from __future__ import annotations

from nrdctl.render.gofmt import text
from nrdctl.render.values import MISSING, type_name

_BASIC = {bool: "bool", int: "int", float: "float", str: "string"}


class ComparisonError(Exception):
    """These two can't be compared."""


def equal(first: object, *others: object) -> bool:
    """Whether the first equals one of the others; nil equals nil."""
    if not others:
        raise ComparisonError("missing argument for comparison")
    return any(_same(first, other) for other in others)


def not_equal(first: object, second: object) -> bool:
    """The opposite of equal."""
    return not equal(first, second)


def less(first: object, second: object) -> bool:
    """Whether a number or text comes before another."""
    kinds = _basic(first), _basic(second)
    if None in kinds:
        raise ComparisonError("invalid type for comparison")
    if kinds[0] != kinds[1]:
        raise _incompatible(first, second)
    if isinstance(first, str) and isinstance(second, str):
        return first.encode("utf-8", "surrogateescape") < second.encode("utf-8", "surrogateescape")
    if isinstance(first, bool) or not (isinstance(first, int | float) and isinstance(second, int | float)):
        raise ComparisonError("invalid type for comparison")
    return first < second


def less_or_equal(first: object, second: object) -> bool:
    """Before or equal."""
    return less(first, second) or equal(first, second)


def greater(first: object, second: object) -> bool:
    """Neither before nor equal."""
    return not less_or_equal(first, second)


def greater_or_equal(first: object, second: object) -> bool:
    """Not before."""
    return not less(first, second)


def _basic(value: object) -> str | None:
    return next((name for kind, name in _BASIC.items() if isinstance(value, kind)), None)


def _same(first: object, second: object) -> bool:
    nils = [value is None or value is MISSING for value in (first, second)]
    if any(nils):
        return all(nils)
    kinds = _basic(first), _basic(second)
    if kinds[0] != kinds[1]:
        raise _incompatible(first, second)
    if kinds[0] is None:
        raise ComparisonError(f"non-comparable type {text(second)}: {type_name(second)}")
    return first == second


def _incompatible(first: object, second: object) -> ComparisonError:
    return ComparisonError(f"incompatible types for comparison: {type_name(first)} and {type_name(second)}")
