"""What is one stage of a chain that items pass through?"""

from __future__ import annotations

from typing import NamedTuple


class Stage(NamedTuple):
    """Workers that do the same thing to items, one item each at a time."""

    name: str
    service_s: float  # seconds that one worker spends on one item, on average
    workers: int = 1
    share: float = 1.0  # of the pipeline's items that pass through the stage: 0.02 for a quarantine, 2.0 for two visits
