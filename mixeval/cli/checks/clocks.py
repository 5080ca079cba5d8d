"""Whether two machines agree on the time."""

from datetime import datetime

from mixeval.errors import StudyError

MOST_CLOCK_SECONDS = 5.0


def compare_clocks(here: datetime, there: datetime, *, whose: str) -> str:
    """Say that the clocks agree, or raise StudyError; `whose` names the other one."""
    apart = abs((here - there).total_seconds())
    if apart > MOST_CLOCK_SECONDS:
        raise StudyError(
            f"this machine's clock and {whose} are {apart:.0f} s apart", remedy="set both by NTP"
        )
    return f"this machine's clock and {whose} agree"
