"""Many replicas, one key: a gate and a registry that all processes share through Redis (or Valkey).

    pip install "instatus_async[redis]"

    async with RedisGate("redis://cache:6379/0", rate=20) as gate, InstatusClient(gate=gate) as client:
        ...

Whatever becomes of Redis, no call fails for it, nor waits for it longer than `timeout`, a quarter of a second. While it
is refused, silent, full, read-only, or holds something else under the name, everything goes on as without it, with one
warning in the log; after `reconnect_after` seconds one call tries again, and the others don't wait for that one.

Time is the Redis server's, so the replicas' clocks need not agree.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import math
import random
import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from types import TracebackType
from typing import Any, NoReturn, Self, cast

from ._settings import Secret
from .errors import ConfigError, RateLimitError
from .jobs.registry import Claim
from .rate_limit import RateGate

try:
    from redis.asyncio import Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError as LostConnectionError
    from redis.exceptions import NoScriptError, ResponseError
except ModuleNotFoundError:
    raise ImportError('instatus_async.redis needs redis-py: pip install "instatus_async[redis]"') from None

__all__ = ["RedisGate", "RedisRegistry"]

_from_url = cast("Callable[..., Redis]", Redis.from_url)  # pyright: ignore[reportUnknownMemberType]  # **kwargs without a type

_LONGEST_WAIT = 1e6  # seconds; what Lua is told of a call without a deadline
_FRESH = 0.1  # seconds for which turns that were granted together are good

_log = logging.getLogger("instatus_async")


class _AwayError(Exception):
    """Redis cannot be asked."""


class _Script:
    """A Lua script, and the name by which Redis remembers it."""

    __slots__ = ("sha", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


class _Link:
    """The way to Redis: short timeouts, no question while it is away, and one warning an outage."""

    def __init__(self, redis: Redis | str, timeout: float, reconnect_after: float, instead: str) -> None:
        self._timeout = _positive(timeout, "timeout")
        self._reconnect_after = _positive(reconnect_after, "reconnect_after")
        self._instead = instead
        self._again: float | None = None  # while it is away: when to try again, on the loop's clock
        self._owner = not isinstance(redis, Redis)
        self._redis = redis if isinstance(redis, Redis) else _opened(redis, self._timeout)

    @property
    def away(self) -> bool:
        """Whether it was found away, and it is not yet time to try again."""
        return self._again is not None and asyncio.get_running_loop().time() < self._again

    async def run(self, script: _Script, key: str, *arguments: float | str) -> Any:
        """Run a script on one key; raises _AwayError."""
        async with self._asking() as redis:
            try:
                return await redis.execute_command("EVALSHA", script.sha, 1, key, *arguments)
            except NoScriptError:
                return await redis.execute_command("EVAL", script.text, 1, key, *arguments)

    async def field(self, key: str, name: str) -> Any:
        """Read one field of a hash, None when it is not there; raises _AwayError."""
        async with self._asking() as redis:
            return await redis.execute_command("HGET", key, name)

    @asynccontextmanager
    async def _asking(self) -> AsyncGenerator[Any]:
        if self.away:
            raise _AwayError
        if self._again is not None:  # the others don't wait for what becomes of this try
            self._again = asyncio.get_running_loop().time() + self._reconnect_after
        task, failure = asyncio.current_task(), None
        cancelling = task.cancelling() if task is not None else 0
        try:
            async with asyncio.timeout(self._timeout):
                yield self._redis
        except Exception as exc:  # noqa: BLE001 - whatever it is, no call fails for it
            failure = exc
        if task is not None and task.cancelling() > cancelling:  # a lent client with a timeout swallowed it, on 3.11
            raise asyncio.CancelledError
        if failure is not None:
            self._lost(failure)
            raise _AwayError
        if self._again is not None:
            self._again = None
            _log.info("Redis is back")

    def _lost(self, exc: Exception) -> None:
        if self._again is None:
            # Messages may name the server; the first word of Redis's own is its code: WRONGTYPE, OOM, NOPERM.
            code = str(exc).partition(" ")[0] if isinstance(exc, ResponseError) else ""
            reason = f"{type(exc).__name__} {code}" if code.isalpha() and code.isupper() else type(exc).__name__
            text = "Redis is away (%s): %s. It is tried again every %g s."
            _log.warning(text, reason, self._instead, self._reconnect_after)
        self._again = asyncio.get_running_loop().time() + self._reconnect_after

    async def close(self) -> None:
        """Close the connections, unless they were lent."""
        if self._owner:
            await self._redis.aclose()


class _Shared:
    """What holds connections to Redis: a block closes them, those of a lent client stay open."""

    _link: _Link

    async def aclose(self) -> None:
        """Close the connections to Redis; a lent client stays open."""
        await self._link.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"a {type(self).__name__} holds connections, and does not pickle")


# One hash a gate, times in microseconds. `next` is when the bucket's next turn is due, `till` the end of the pause,
# `pace` the turns a second that the latest 429 left, at `since`; from there it grows back to `rate` within a minute.
# `epoch` counts the 429s, of each burst the first, `row` those that came within a minute of the one before. `seen` is
# the latest time: when the clock goes back, or another server has taken over, the other times go back with it.
_STATE = """
local t = redis.call('TIME')
local now = t[1] * 1e6 + t[2]
local s = redis.call('HMGET', KEYS[1], 'seen', 'next', 'till', 'since', 'pace', 'epoch', 'row')
for i = 1, 7 do s[i] = tonumber(s[i] or 0) end
local back = math.max(0, s[1] - now)
local next, till, since, slow, epoch, row = s[2] - back, s[3] - back, s[4] - back, s[5], s[6], s[7]
local rate = tonumber(ARGV[1])
local pace = math.min(rate, slow + (now - since) / 6e7 * rate)
local function save()
  redis.call('HSET', KEYS[1], 'seen', now, 'next', next, 'till', till, 'since', since, 'pace', slow, 'epoch', epoch,
    'row', row)
  redis.call('EXPIRE', KEYS[1], 90000)
end
"""
_RESERVE = _Script(
    _STATE
    + """
local step, most, within = 1e6 / pace, tonumber(ARGV[3]), tonumber(ARGV[4])
next = math.max(next, till, now - (ARGV[2] - 1) * step)
local wait = math.ceil(math.max(0, next - now))
if wait > within then return {epoch, 0, wait} end
local turns = math.max(1, math.min(most, math.floor((now - next) / step) + 1))
next = next + turns * step
save()
return {epoch, turns, wait}
"""
)
_LIMITED = _Script(
    _STATE
    + """
if tonumber(ARGV[2]) == epoch then
  row = now - since < 6e7 and row + 1 or 1
  epoch, slow, since = epoch + 1, math.max(0.5, pace / 2), now
end
local pause = tonumber(ARGV[3])
if pause < 0 then pause = math.min(30, 2 ^ (math.max(row, 1) - 1)) * ARGV[4] * 1e6 end
till = math.max(till, now + pause)
save()
return math.ceil(till - now)
"""
)


class _Alone(RateGate):
    """The gate of this process while Redis is away."""

    __slots__ = ()

    @property
    def epoch(self) -> int:
        return self._epoch


class RedisGate(_Shared):
    """Hold the pace of one key, however many processes use it: `InstatusClient(gate=RedisGate(url))`.

    The service documents no limit (quirk 23), so `rate` is yours to choose: the requests a second of all processes
    together, of which `burst` may come at once after a lull. All of them give the same `name`, and the same numbers.
    After a 429 all pause, as long as Retry-After says, or a growing time; then they go on one by one at half the pace,
    which grows back to `rate` within a minute.

    A request costs one call of Redis, and one more, to see whether a pause has begun, when it had to wait. In a process
    they go in order, and a process asks for one turn at a time, so that one with a thousand calls in the queue does not
    keep out another's only one. A call that is cancelled hands the turn that it waits for to the next one of its
    process; without a next one, or while Redis is being asked, that turn is lost, and nothing goes out in its place.

    While Redis is away the pace is that of RateGate: none, until this process meets a 429.

    `redis` is a URL, whose connections this opens on the first request and closes with its block, or a client of
    yours, which stays open. It belongs to the event loop that uses it.

    Raises ConfigError for what cannot be.
    """

    def __init__(
        self,
        redis: Redis | str,
        /,
        *,
        name: str = "instatus",
        rate: float = 20.0,
        burst: int = 5,
        timeout: float = 0.25,
        reconnect_after: float = 5.0,
    ) -> None:
        redis = _hidden(redis)
        self._rate = _positive(rate, "rate")
        self._burst = _positive(burst, "burst")
        if self._burst < 1:
            raise ConfigError("burst must be at least 1")
        self._name = _checked(name)
        self._key = f"{name}:gate"
        self._link = _Link(redis, timeout, reconnect_after, "requests are paced within this process alone")
        self._local = _Alone()
        self._order = asyncio.Lock()
        self._queue = 0  # calls that wait for a turn, the first one included
        self._slot = 0.0  # when the reserved turn is due, on the loop's clock like the rest; over when there is none
        self._till = 0.0  # the end of the latest pause that this process has begun
        self._epoch = 0  # of the turns that were granted last
        self._spare = 0  # turns granted together with another one
        self._fresh = 0.0  # until when they are good

    def __repr__(self) -> str:
        return f"<RedisGate {self._name!r}, {self._rate:g} requests a second>"

    async def acquire(self, deadline: float) -> int:
        """Wait for a turn among all processes; without Redis, among the tasks of this one.

        Raises RateLimitError when the turn cannot come before the deadline; then none is taken.
        """
        if not self._link.away:
            now = asyncio.get_running_loop().time()
            if self._queue:
                earliest = max(now, self._slot, self._till) + max(0.0, self._queue - self._burst) / self._rate
                if earliest > deadline:
                    raise _too_late(earliest - now)
            self._queue += 1
            try:
                async with self._order:
                    return await self._turn(deadline)
            except _AwayError:
                pass
            finally:
                self._queue -= 1
        await self._take_over()
        return ~await self._local.acquire(deadline)

    async def limited(self, ticket: int, pause: float | None) -> float:
        """Begin a pause of all processes, or of this one while Redis is away."""
        self._spare = 0
        loop, here = asyncio.get_running_loop(), 0.0
        if ticket < 0:
            here = pause = await self._local.limited(~ticket, pause)
        try:
            given = -1 if pause is None else round(pause * 1e6)
            jitter = random.uniform(0.5, 1.0)  # noqa: S311 - no secret
            micros: int = await self._link.run(_LIMITED, self._key, self._rate, max(ticket, -1), given, jitter)
        except _AwayError:
            return here or await self._local.limited(self._local.epoch, pause)
        self._till = loop.time() + micros / 1e6
        return max(here, micros / 1e6)

    def passed(self, ticket: int) -> None:
        """Let the pace within this process grow; that of all grows with time."""
        if ticket < 0:
            self._local.passed(~ticket)

    def abandoned(self, ticket: int) -> None:
        """Let another one go first when it was the probe of this process."""
        if ticket < 0:
            self._local.abandoned(~ticket)

    async def _turn(self, deadline: float) -> int:
        """Wait for the turn of the first one in the queue; raises _AwayError."""
        loop = asyncio.get_running_loop()
        while True:
            now = loop.time()
            if self._spare and now < self._fresh:
                self._spare -= 1
                return self._epoch
            if self._slot <= now:  # nobody has handed on another one
                within = round(min(max(0.0, deadline - now), _LONGEST_WAIT) * 1e6)
                reply = await self._link.run(_RESERVE, self._key, self._rate, self._burst, self._queue, within)
                self._epoch, turns, micros = reply
                if not turns:
                    raise _too_late(micros / 1e6)
                if not micros:
                    self._spare, self._fresh = turns - 1, loop.time() + _FRESH
                    return self._epoch
                self._slot = loop.time() + micros / 1e6
            if self._slot > deadline:
                raise _too_late(self._slot - now)
            await asyncio.sleep(self._slot - loop.time())
            self._slot = 0.0
            epoch = await self._link.field(self._key, "epoch")
            if epoch is not None and int(epoch) == self._epoch:
                return self._epoch

    async def _take_over(self) -> None:
        """Keep a pause that Redis can't tell of any more."""
        left = self._till - asyncio.get_running_loop().time()
        self._till = 0.0
        if left > 0:
            await self._local.limited(self._local.epoch, left)


# One hash a key, times in milliseconds: `holder` claimed it at `since` for `lasts`, `sent` is 1 once it may have been
# sent, and `id` is what it is settled by. A clock that was set back by more than that ends a claim, too.
_OWN = "if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end\n"
_NOW = "local t = redis.call('TIME')\nlocal now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
_CLAIM = _Script(
    _NOW
    + """
local s = redis.call('HMGET', KEYS[1], 'holder', 'since', 'lasts', 'sent', 'id')
if s[5] and s[5] ~= ARGV[3] then return {'settled', s[5]} end
local held = s[1] and not s[5] and math.abs(now - s[2]) < tonumber(s[3])
if held and s[1] ~= ARGV[1] then return {'held', ''} end
local sent = not s[5] and s[4] or '0'
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'since', now, 'lasts', ARGV[2], 'sent', sent)
redis.call('EXPIRE', KEYS[1], 86400)
return {'own', sent}
"""
)
_SENDING = _Script(
    _OWN
    + _NOW
    + """
redis.call('HSET', KEYS[1], 'since', now, 'lasts', ARGV[2], 'sent', 1)
redis.call('EXPIRE', KEYS[1], 86400)
return 1
"""
)
_SETTLE = _Script(
    _OWN
    + """
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'id', ARGV[2])
redis.call('EXPIRE', KEYS[1], 3600)
return 1
"""
)
_RELEASE = _Script(
    _OWN
    + """
if ARGV[2] == '1' then redis.call('HSET', KEYS[1], 'lasts', 0) else redis.call('DEL', KEYS[1]) end
return 1
"""
)


class RedisRegistry(_Shared):
    """Choose the one replica that opens an incident: `page.incidents.ensure(key=..., registry=RedisRegistry(url))`.

    `instatus_async.jobs.ensure_once` says what becomes of an incident whose holder dies. All replicas give the same
    `name`. What may have been sent is remembered for a day, an id for an hour: later, the service's list has to do.

    While Redis is away, `ensure` works as without a registry.

    `redis` is a URL, whose connections this opens when it is first asked and closes with its block, or a client of
    yours, which stays open. It belongs to the event loop that uses it.

    Raises ConfigError for what cannot be.
    """

    def __init__(
        self, redis: Redis | str, /, *, name: str = "instatus", timeout: float = 0.25, reconnect_after: float = 5.0
    ) -> None:
        redis = _hidden(redis)
        self._name = _checked(name)
        self._link = _Link(redis, timeout, reconnect_after, "incidents are opened silently first, to see who was first")

    def __repr__(self) -> str:
        return f"<RedisRegistry {self._name!r}>"

    async def claim(self, key: str, /, *, lasts: float, over: str | None = None) -> Claim | None:
        """Claim a key, if nobody holds it and it is not settled, or only by the id `over`."""
        token = secrets.token_hex(8)
        try:
            reply = await self._link.run(_CLAIM, self._key(key), token, round(lasts * 1000), over or "")
        except _AwayError:
            return None
        kind, rest = (part.decode() if isinstance(part, bytes) else str(part) for part in reply)
        if kind == "own":
            return Claim(key=key, token=token, doubtful=rest == "1")
        return Claim(key=key, incident_id=rest or None)

    async def sending(self, claim: Claim, /, *, lasts: float) -> bool:
        """Note that the holder sends now; False unless it is surely held."""
        return await self._change(_SENDING, claim, str(round(lasts * 1000)))

    async def settle(self, claim: Claim, incident_id: str, /) -> None:
        """Leave the id, if the claim is still held."""
        await self._change(_SETTLE, claim, incident_id)

    async def release(self, claim: Claim, /) -> None:
        """Give the claim back, if it is still held."""
        await self._change(_RELEASE, claim, "1" if claim.doubtful else "0")

    async def _change(self, script: _Script, claim: Claim, argument: str) -> bool:
        with suppress(_AwayError):
            return bool(await self._link.run(script, self._key(claim.key), claim.token, argument) == 1)
        return False

    def _key(self, key: str) -> str:
        return f"{self._name}:incident:{key}"


def _hidden(redis: object) -> Any:
    return Secret(redis) if isinstance(redis, str) else redis


def _opened(url: object, timeout: float) -> Redis:
    """Make a client of a URL, whose password stays in it."""
    client: Redis | None = None
    if isinstance(url, str):
        with suppress(Exception):  # of redis-py and urllib, whose messages may quote the password
            # One more attempt is for a connection that was kept while Redis was restarted; old releases of redis-py
            # ask for what. Our own clock ends it: the one of redis-py can swallow a cancellation on Python 3.11.
            retry: Any = {"retry": Retry(NoBackoff(), 1), "retry_on_error": [LostConnectionError]}
            client = _from_url(url, socket_timeout=None, socket_connect_timeout=timeout, **retry)
    if client is None:
        raise ConfigError("redis: expected a URL, redis://, rediss:// or unix://, or a redis.asyncio.Redis.")
    return client


def _too_late(wait: float) -> RateLimitError:
    return RateLimitError(f"the turn among all that use the key comes in {wait:.1f} s", retry_after=wait)


def _positive(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value <= 0:
        raise ConfigError(f"{name} must be a positive number")
    return float(value)


def _checked(name: Any) -> str:
    if not isinstance(name, str) or not 0 < len(name) <= 100 or not name.isprintable():
        raise ConfigError("name must be 1 to 100 printable characters")
    return name
