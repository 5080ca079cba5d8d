"""Links by which a researcher sees the test as a listener does, and simulated listeners enter a closed study.

They are signed with the server's key and end after some days, so one that was passed on does not stay open for ever.
"""

import urllib.parse

from itsdangerous import BadData, URLSafeTimedSerializer

PREVIEW_DAYS = 30
SIMULATION_DAYS = 1
_DAY_SECONDS = 24 * 60 * 60
_PREVIEW, _SIMULATION = "preview", "simulation"


def preview_address(base: str, *, secret_key: str) -> str:
    """Return the address below `base`, the test's own, at which it can be taken without being counted."""
    return f"{base.rstrip('/')}/?{urllib.parse.urlencode({_PREVIEW: _sign(_PREVIEW, secret_key)})}"


def simulation_address(base: str, *, secret_key: str) -> str:
    """Return the address below `base` at which simulated listeners may begin, also where nobody else may."""
    return f"{base.rstrip('/')}/?{urllib.parse.urlencode({_SIMULATION: _sign(_SIMULATION, secret_key)})}"


def is_preview(token: str, secret_key: str) -> bool:
    """Tell whether `token` is that of a preview address which has not ended."""
    return _is_signed(token, _PREVIEW, secret_key, days=PREVIEW_DAYS)


def is_simulation(token: str, secret_key: str) -> bool:
    """Tell whether `token` is that of a simulation address which has not ended."""
    return _is_signed(token, _SIMULATION, secret_key, days=SIMULATION_DAYS)


def _sign(what: str, secret_key: str) -> str:
    return URLSafeTimedSerializer(secret_key, salt=what).dumps(what)


def _is_signed(token: str, what: str, secret_key: str, *, days: int) -> bool:
    if not token:
        return False
    try:
        return bool(
            URLSafeTimedSerializer(secret_key, salt=what).loads(token, max_age=days * _DAY_SECONDS) == what
        )
    except BadData:
        return False
