"""How the researcher's pages write numbers and moments: short, with their unit, and exact on request."""

from datetime import UTC, datetime, timedelta

from flask import Flask

from mixeval_webapp.admin.timeline_drawing import told_of

MINUTE, HOUR, DAY = 60, 3600, 86400


def teach(app: Flask) -> None:
    """Give templates the filters below."""
    app.jinja_env.filters.update(
        ago=ago,
        duration=duration,
        moment=moment,
        decibels=decibels,
        minus=minus,
        plural=plural,
        spread=spread,
        told_of=told_of,
    )


def ago(then: datetime | None, now: datetime) -> str:
    """Say how long ago a moment was.

    >>> ago(datetime(2026, 1, 1, 12, 0, tzinfo=UTC), datetime(2026, 1, 1, 12, 31, 5, tzinfo=UTC))
    '31 min ago'
    """
    if then is None:
        return "never"
    seconds = (now - then).total_seconds()
    return "just now" if seconds < 1 else f"{duration(seconds)} ago"


def duration(seconds: float | timedelta | None) -> str:
    """Write a length of time in the unit that fits it.

    >>> duration(34), duration(75), duration(1440), duration(5400), duration(None)
    ('34 s', '1.2 min', '24 min', '1.5 h', '-')
    """
    if seconds is None:
        return "-"
    length = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
    for unit, name, enough in ((1, "s", MINUTE), (MINUTE, "min", HOUR), (HOUR, "h", 2 * DAY)):
        if round(length / unit) * unit < enough:
            return f"{_short(length / unit, whole=unit == 1)} {name}"
    return f"{length / DAY:.0f} days"


def spread(low: float, high: float) -> str:
    """Write a range of lengths of time, with the unit once where it is the same.

    >>> spread(66, 96), spread(50, 96)
    ('1.1 to 1.6 min', '50 s to 1.6 min')
    """
    first, last = duration(low), duration(high)
    number, unit = first.split(" ")
    return f"{number if last.endswith(f' {unit}') else first} to {last}"


def moment(then: datetime | None) -> str:
    """Write a moment in UTC, as it stands in the tables."""
    return "-" if then is None else f"{then.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def decibels(level: float) -> str:
    """Write a level with a real minus sign."""
    return minus(f"{level:.1f}".removesuffix(".0")) + " dB"


def minus(text: object) -> str:
    return str(text).replace("-", "\N{MINUS SIGN}")


def _short(value: float, *, whole: bool) -> str:
    return f"{value:.0f}" if whole or value >= 10 else f"{value:.1f}".removesuffix(".0")


def plural(count: int, noun: str) -> str:
    """Say `1 page` or `6 pages`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
