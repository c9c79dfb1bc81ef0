"""The measurements and names of irises: what clients send, and what a model takes and answers."""

from collections.abc import Mapping, Sequence
from typing import Any

FEATURES = ("sepal_length", "sepal_width", "petal_length", "petal_width")
SPECIES = ("setosa", "versicolor", "virginica")
CENTIMETRES = {"cm": 1.0, "mm": 0.1, "in": 2.54}


class NotIrises(ValueError):  # noqa: N818 - it names what came
    """What came is no list of irises; the text says what is wrong, and where."""


def rows_in_centimetres(payload: Mapping[str, Any]) -> list[list[float]]:
    """Return the irises of a request as rows of numbers in centimetres.

    Each is a list of four numbers or a mapping of the four features; the request's `unit` is cm, mm or in.

    Raises:
        NotIrises: it is something else.

    """
    unit = payload.get("unit", "cm")
    if not isinstance(unit, str) or unit not in CENTIMETRES:
        raise NotIrises(f"unit is {unit!r}; it must be {', '.join(CENTIMETRES)}")
    instances = payload.get("instances")
    if not isinstance(instances, list) or not instances:
        raise NotIrises("instances must be a list of at least one iris")
    return [[value * CENTIMETRES[unit] for value in _row(iris, place)] for place, iris in enumerate(instances)]


def named(predictions: Sequence[Any]) -> list[str]:
    """Return the species of each class index.

    Raises:
        NotIrises: one is no class of this data.

    """
    if any(type(index) is not int or not 0 <= index < len(SPECIES) for index in predictions):
        raise NotIrises(f"the model answered {list(predictions)}, and its classes are 0 to {len(SPECIES) - 1}")
    return [SPECIES[index] for index in predictions]


def _row(iris: Any, place: int) -> list[float]:
    if isinstance(iris, Mapping):
        if set(iris) != set(FEATURES):
            raise NotIrises(f"instances[{place}] has {sorted(iris)}; it must have {', '.join(FEATURES)}")
        iris = [iris[feature] for feature in FEATURES]
    if not isinstance(iris, list) or len(iris) != len(FEATURES) or not all(map(_is_number, iris)):
        raise NotIrises(f"instances[{place}] must be {len(FEATURES)} numbers: {', '.join(FEATURES)}")
    return iris


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
