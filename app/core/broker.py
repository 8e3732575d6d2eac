"""Does Redis answer? Asked at most every few seconds by a process, and never for long."""

from __future__ import annotations

import time

AGAIN = 10.0
SECONDS = 0.3
_seen: dict[str, tuple[float, bool]] = {}


def answers(url: str) -> bool:
    """Whether the broker of wake-ups answers; the answer is kept for some seconds."""
    at, answer = _seen.get(url, (float("-inf"), False))
    if time.monotonic() - at > AGAIN:
        answer = _ping(url)
        _seen[url] = (time.monotonic(), answer)
    return answer


def _ping(url: str) -> bool:
    from redis import Redis, RedisError

    client = Redis.from_url(url, socket_timeout=SECONDS, socket_connect_timeout=SECONDS, retry=None)
    try:
        return bool(client.ping())
    except (RedisError, OSError, ValueError):
        return False
    finally:
        client.close()
