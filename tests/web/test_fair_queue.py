"""Places that are given in turn, client by client."""

import asyncio

from tests.event_loop import finished
from webapp.web.fair_queue import FairQueue


def test_each_client_gets_a_turn_before_any_gets_a_second():
    order = []

    async def ask(queue, client):
        await queue.enter(client)
        order.append(client)
        queue.leave()

    async def run():
        queue = FairQueue(1)
        await queue.enter("first")
        tasks = [asyncio.create_task(ask(queue, client)) for client in "aaabbc"]
        await asyncio.sleep(0)
        queue.leave()
        await asyncio.gather(*tasks)
        return queue.free

    assert (finished(run()), "".join(order)) == (1, "abcaba")


def test_a_free_place_skips_clients_that_no_longer_wait():
    async def run():
        queue = FairQueue(1)
        await queue.enter("first")
        gone, next_one = (asyncio.create_task(queue.enter(client)) for client in "ab")
        await asyncio.sleep(0)
        gone.cancel()
        queue.leave()
        await next_one
        queue.leave()
        return queue.free

    assert finished(run()) == 1


def test_a_place_given_to_a_client_that_just_stopped_waiting_is_not_lost():
    async def run():
        queue = FairQueue(1)
        await queue.enter("first")
        waiting = asyncio.create_task(queue.enter("a"))
        await asyncio.sleep(0)
        queue.leave()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return queue.free

    assert finished(run()) == 1
