"""Text in files that spreadsheets open: none of it may run as a formula."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of one (OWASP, CSV injection)."""


def formula_safe(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run.

    >>> formula_safe("=1+cmd|' /C calc'!A0")
    "'=1+cmd|' /C calc'!A0"
    """
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
