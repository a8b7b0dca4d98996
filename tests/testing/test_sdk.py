"""Two bots of one event loop, with and without the lock that their process would have given them."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext

import pytest

from instatus_async.testing import InstatusServer, as_processes, settling


@pytest.mark.parametrize("apart", [False, True])
async def test_two_bots_hold_an_election_as_processes_only(server: InstatusServer, apart: bool) -> None:
    async with server.client() as one, server.client() as other:
        pages = [client.page(server.page_id) for client in (one, other)]
        with settling(0.01), as_processes() if apart else nullcontext():
            runs = await asyncio.gather(*(page.incidents.ensure(key="db", notify=True) for page in pages))
    ((found,),) = [{run.incident.id for run in runs}]
    assert sum(run.created for run in runs) == server.announcements(found) == 1
    assert len(server.requests.matching("DELETE")) == apart


async def test_the_lock_comes_back(server: InstatusServer) -> None:
    with as_processes():
        pass
    await test_two_bots_hold_an_election_as_processes_only(server, apart=False)
