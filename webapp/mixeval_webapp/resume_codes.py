"""The code that opens a session again: the session's secret, as it is written down and typed.

Cookie, resume link and typed code are one secret in different clothes. It is 20 characters of an alphabet of 31,
99 bits, so nobody guesses one in the few attempts that they have. It needs no key of the server's: after a new
SECRET_KEY every session still opens by its code.
"""

import hashlib
import hmac
import re
import unicodedata

CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Capitals and digits that nobody confuses when they are written down."""
CHARACTERS = 20
GROUP = 4

_CODE = re.compile(f"[{CODE_ALPHABET}]{{{CHARACTERS}}}")


def derive_code(secret_key: str, *nonces: str) -> str:
    """Derive a session's secret from the nonces of the form that starts it.

    The same form sent twice gives the same secret and so one session; without the server's key nobody can
    work it out.
    """
    text = "\x1f".join(["session", *nonces]).encode("utf-8", "replace")
    # 256 bits to 31**20, which is below 2**100: no character is likelier than another by any amount that counts.
    number = int.from_bytes(hmac.digest(secret_key.encode(), text, hashlib.sha256))
    letters = []
    for _ in range(CHARACTERS):
        number, letter = divmod(number, len(CODE_ALPHABET))
        letters.append(CODE_ALPHABET[letter])
    return "".join(letters)


def as_typed(text: str) -> str | None:
    """Return the code that somebody may have meant, whatever case, spaces and dashes they typed; None for no code.

    >>> as_typed(" abcd-efgh jkmn pqrs-2345 ")
    'ABCDEFGHJKMNPQRS2345'
    """
    # An input method for Japanese types wide letters.
    plain = unicodedata.normalize("NFKC", text[:200]).upper()
    code = "".join(
        letter
        for letter in plain
        if not letter.isspace() and unicodedata.category(letter) not in {"Pd", "Cf"}
    )
    return code if _CODE.fullmatch(code) else None


def in_groups(secret: str) -> str | None:
    """Write a code as it is read best; None for the secret of an older session, which cannot be typed.

    >>> in_groups("ABCDEFGHJKMNPQRS2345")
    'ABCD-EFGH-JKMN-PQRS-2345'
    """
    if not _CODE.fullmatch(secret):
        return None
    return "-".join(secret[start : start + GROUP] for start in range(0, CHARACTERS, GROUP))
