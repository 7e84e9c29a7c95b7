"""Places that are given in turn, client by client."""

import asyncio

from tests.event_loop import finished
from webapp.web.fair_queue import FairQueue


def test_each_client_has_one_turn_before_any_has_a_second():
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


def test_a_place_goes_on_where_whoever_waited_is_gone():
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


def test_a_place_that_came_together_with_the_end_of_who_waited_is_not_lost():
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
