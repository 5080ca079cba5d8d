"""Whether two machines agree on the time."""

from collections.abc import Callable
from datetime import UTC, datetime

from mixeval.errors import StudyError

MOST_CLOCK_SECONDS = 5.0


def compare_clocks(ask: Callable[[], datetime], *, whose: str) -> str:
    """Say that the clocks agree, or raise StudyError; `ask` asks the other one, which `whose` names."""
    asked = datetime.now(UTC)
    there = ask()
    # It told its time at some moment in between: a slow way there and back is no fault of a clock.
    here = min(max(there, asked), datetime.now(UTC))
    apart = abs((here - there).total_seconds())
    if apart > MOST_CLOCK_SECONDS:
        raise StudyError(
            f"this machine's clock and {whose} are {apart:.0f} s apart", remedy="set both by NTP"
        )
    return f"this machine's clock and {whose} agree"
