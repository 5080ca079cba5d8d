"""The terminal: what is told there shows itself, and moves nothing."""


def visible(text: str) -> str:
    r"""Spell out every control character but the newline, so that no name or file can rewrite what is on screen.

    >>> visible("a kick\x1b[2J")
    'a kick\\x1b[2J'
    """
    return "".join(
        letter if letter == "\n" or letter.isprintable() else ascii(letter)[1:-1] for letter in text
    )
