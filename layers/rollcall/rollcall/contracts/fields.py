"""Fields that contracts share: numbers as JSON writes them, attributes, members that are left out."""

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from rollcall.contracts.storable import StorableObject


def is_absent(value: object) -> bool:
    """Return whether the JSON omits this member."""
    return value is None


def is_empty(value: object) -> bool:
    """Return whether the JSON omits this list."""
    return value == []


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _whole_within(value: Any) -> Any:
    match value:
        case dict():
            return {key: _whole_within(item) for key, item in value.items()}
        case list():
            return [_whole_within(item) for item in value]
        case _:
            return _whole(value)


def _rounded(digits: int) -> Callable[[object], object]:
    """Return what rounds a float as PostgreSQL rounds the number that was written: half away from zero."""
    step = Decimal(1).scaleb(-digits)

    def rounded(value: object) -> object:
        # Beyond this the number is out of bounds, however it is rounded; NaN is not below it either.
        if type(value) is not float or not -ROUNDED_MAX < value < ROUNDED_MAX:
            return value
        if value > 0 and round(value, digits) == value:
            return value if digits else int(value)
        nearest = Decimal(repr(value)).quantize(step, ROUND_HALF_UP)
        return float(nearest) + 0.0 if digits else int(nearest)

    return rounded


WholeNumber = Annotated[int, BeforeValidator(_whole)]
# JSON has one kind of number: 1 and 1.0 become one, or an event sent again by another serialiser would be a conflict.
Attributes = Annotated[StorableObject, AfterValidator(_whole_within)]
SECONDS_PER_DAY, PERCENT_MAX = 86_400, 100
ROUNDED_MAX = 1e9
# A number that rounds to one within the bounds is one: JSON Schema has the same bounds.
Percent = Annotated[
    float,
    BeforeValidator(_rounded(2)),
    Field(ge=0, le=PERCENT_MAX, allow_inf_nan=False),
    WithJsonSchema({"type": "number", "exclusiveMinimum": -0.005, "exclusiveMaximum": PERCENT_MAX + 0.005}),
]
Seconds = Annotated[
    int,
    BeforeValidator(_rounded(0)),
    Field(ge=0, le=SECONDS_PER_DAY),
    WithJsonSchema({"type": "number", "exclusiveMinimum": -0.5, "exclusiveMaximum": SECONDS_PER_DAY + 0.5}),
]
