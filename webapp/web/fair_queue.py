"""FairQueue: a bounded number of places, given to those who wait for one in turn, client by client."""

import asyncio
from collections import deque


class FairQueue:
    """Of those who wait, each client has one turn before any has a second. For one event loop, and not for threads.

    Args:
        places: how many may be in at a time.
    """

    def __init__(self, places: int) -> None:
        self.free = places
        self.waiting: dict[str, deque[asyncio.Future[None]]] = {}

    async def enter(self, client: str) -> None:
        """Wait for a place; whoever has entered must ``leave``."""
        if self.free:
            self.free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.setdefault(client, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            # The place came together with the cancellation: it goes to the next.
            if turn.done() and not turn.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        while self.waiting:
            client = next(iter(self.waiting))
            queue = self.waiting.pop(client)
            turn = queue.popleft()
            if queue:
                # At the end again, behind all other clients.
                self.waiting[client] = queue
            if not turn.done():
                turn.set_result(None)
                return
        self.free += 1
