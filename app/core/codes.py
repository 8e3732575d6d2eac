"""Short codes in mails, for whoever cannot open a link: typed on a page, they lead where the link leads.

A code is 60 bits of an HMAC over purpose, row and nonce, in Crockford's base 32: no I, L, O or U, and whoever types one of
the first three is understood. Its row holds a keyed digest of it, by which it is found; code and digest are of one key, and
the digest tells which. A code ends when the nonce changes or the key leaves the list, as the link beside it does.
"""

from __future__ import annotations

import hmac
import unicodedata
import uuid

from app.core import tokens

LENGTH = 12
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUES = {letter: value for value, letter in enumerate(_LETTERS)}
_TYPED = str.maketrans("OILoil", "011011")
_NONE = -1
"""What was typed is no code; it is looked for all the same."""


def _made(key: str, purpose: str, row: bytes, nonce: str) -> int:
    return int.from_bytes(tokens.mac(key, f"code:{purpose}", row, nonce)[:8], "big") >> 4


def _digest(key: str, code: int) -> str:
    return hmac.digest(key.encode(), b"typed code\0%d" % code, "sha256")[:16].hex()


def fresh_digest(keys: list[str], purpose: str, row: uuid.UUID, nonce: str) -> str:
    """What a row keeps of its code, by the first (current) key."""
    return _digest(keys[0], _made(keys[0], purpose, row.bytes, nonce))


def standing_digest(keys: list[str], purpose: str, row: uuid.UUID, nonce: str, kept: str | None) -> str:
    """What a row goes on keeping: what it has while a key of the list and the present nonce made it, else a fresh one."""
    lives = kept and _code_of(keys, purpose, row.bytes, nonce, kept) is not None
    return kept if kept and lives else fresh_digest(keys, purpose, row, nonce)


def mark(link: str, digest: str) -> str:
    """What stands in a code's place where a mail waits: the mark of the link beside it, and the digest."""
    return f"{link}~{digest}"


def opened(keys: list[str], marked: str) -> str:
    """The code as it is read."""
    _, purpose, row, nonce, digest = marked.split("~")
    code = _code_of(keys, purpose, bytes.fromhex(row), nonce, digest)
    return written(_made(keys[0], purpose, bytes.fromhex(row), nonce) if code is None else code)


def _code_of(keys: list[str], purpose: str, row: bytes, nonce: str, digest: str) -> int | None:
    """The code this digest was made of, if a key of the list made both."""
    for key in keys:
        code = _made(key, purpose, row, nonce)
        if hmac.compare_digest(_digest(key, code), digest):
            return code
    return None


def written(code: int) -> str:
    """A code as people read it out: ``ABCD-EFGH-JKMN``."""
    letters = "".join(_LETTERS[code >> 5 * place & 31] for place in range(LENGTH - 1, -1, -1))
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"


def read(typed: str) -> int:
    """The code somebody typed, whatever case, spaces, signs and digits of whatever script; ``-1`` for what is none."""
    plain = "".join(str(unicodedata.digit(c, c)) for c in unicodedata.normalize("NFKC", typed) if c.isalnum())
    letters = plain.translate(_TYPED).upper()
    if len(letters) != LENGTH or not all(letter in _VALUES for letter in letters):
        return _NONE
    code = 0
    for letter in letters:
        code = code << 5 | _VALUES[letter]
    return code


def digests(keys: list[str], typed: str) -> list[str]:
    """Under what a typed code may be found: by each key of the list. As much work for any text."""
    code = read(typed)
    return [_digest(key, code) for key in keys]


def matches(keys: list[str], purpose: str, row: uuid.UUID, nonce: str, typed: str) -> bool:
    """Is this the code of this purpose, row and present nonce, by a key of the list? Constant time."""
    code, found = b"%d" % read(typed), False
    for key in keys:
        found |= hmac.compare_digest(b"%d" % _made(key, purpose, row.bytes, nonce), code)
    return found
