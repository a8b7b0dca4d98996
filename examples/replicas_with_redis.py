"""Watch a port from many replicas: while it is closed one incident is open, told once, whoever notices.

INSTATUS_API_KEY=... REDIS_URL=redis://cache:6379 python examples/replicas_with_redis.py PAGE_ID Database db:5432
"""

import asyncio
import os
import sys

from instatus_async import InstatusClient, InstatusError
from instatus_async.redis import RedisGate, RedisRegistry


async def reachable(host: str, port: str) -> bool:
    try:
        (await asyncio.wait_for(asyncio.open_connection(host, int(port)), timeout=5))[1].close()
    except OSError:  # a timeout is one, too
        return False
    return True


async def main(page_id: str, what: str, address: str, pause: float = 10.0) -> None:
    redis, key, known = os.environ["REDIS_URL"], f"{what} is not reachable", None
    async with RedisGate(redis, rate=20) as gate, RedisRegistry(redis) as registry, InstatusClient(gate=gate) as client:
        incidents = client.page(page_id).incidents
        while True:
            up = await reachable(*address.rsplit(":", 1))
            try:
                if up and known is not True:
                    await incidents.resolve_open(key=key, message="It answers again.", notify=True)
                elif not up and known is not False:
                    await incidents.ensure(key=key, message="We are on it.", notify=True, registry=registry)
                known = up
            except InstatusError as error:  # the next round tries again
                print(error, file=sys.stderr)
            await asyncio.sleep(pause)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3]))
