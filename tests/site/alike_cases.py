"""What is known of a generated case: whether it is like others before it, and whether it is a form with boxes."""

import json
import math
from collections import Counter
from typing import Any

import schemathesis
from schemathesis.generation.meta import CoveragePhaseData

from tests import example_counts

ALIKE = math.inf if example_counts.EXPLORES else example_counts.times(1)
"""How many values are tried that are wrong in the same way, or right, in the same place."""
tried = Counter[tuple[Any, ...]]()


def is_like_others(case: schemathesis.Case) -> bool:
    """Whether ``ALIKE`` cases were tried already that differ from this one only in the value of one place."""
    phase = case.meta.phase.data if case.meta else None
    if not isinstance(phase, CoveragePhaseData):
        return False
    # What is right has no location; its description names the property and the kind of value.
    place = phase.location or phase.description
    # As JSON or as a form, not both: required values alone, and what is wrong, are tried in each.
    encoding = () if place.startswith("Object with valid") else (case.media_type, phase.parameter)
    kind = case.method, phase.scenario, place, *encoding
    tried[kind] += 1
    return tried[kind] > ALIKE


def has_boxes(case: schemathesis.Case) -> bool:
    """In a form all is text: a "0" is a box that is not ticked, and no number that was sent in its place."""
    form = "application/x-www-form-urlencoded"
    bodies = [body.definition for body in case.operation.body if body.media_type == form]
    return case.media_type == form and any('"boolean"' in json.dumps(body) for body in bodies)
