"""What replicas share so that one of them opens an incident; `jobs.ensure_once` says how `ensure` works with it.

`instatus_async.redis.RedisRegistry` is one. Another one needs a store that compares and sets in one step.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import attrs

__all__ = ["Claim", "Registry"]


@attrs.frozen(kw_only=True)
class Claim:
    """What a registry says of a key: one's own claim, the id that it is settled by, or neither: somebody else's claim.

    `doubtful`: an earlier holder said that it was sending, and never what became of it.
    """

    key: str
    token: str = ""
    """Tells the holder's claim from all others; empty when it is not one's own."""
    doubtful: bool = False
    incident_id: str | None = None


@runtime_checkable
class Registry(Protocol):
    """What `incidents.ensure(registry=...)` asks for. Nothing of it raises because the registry cannot be reached."""

    async def claim(self, key: str, /, *, lasts: float, over: str | None = None) -> Claim | None:
        """Claim a key for some seconds, if nobody holds it and it is not settled, or only by the id `over`.

        A claim that ran out can be taken, as a doubtful one if its holder had said `sending`, or had it doubtful. None
        when the registry cannot be asked.
        """
        ...

    async def sending(self, claim: Claim, /, *, lasts: float) -> bool:
        """Note that the holder sends now, and hold the claim for some seconds more; False unless it is surely held."""
        ...

    async def settle(self, claim: Claim, incident_id: str, /) -> None:
        """Leave the id, if the claim is still held."""
        ...

    async def release(self, claim: Claim, /) -> None:
        """Give the claim back, if it is still held: its holder surely sent nothing. A doubtful one stays doubtful."""
        ...
