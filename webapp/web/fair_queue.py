"""FairQueue: a semaphore for asyncio that serves waiting clients in turn."""

import asyncio
from collections import deque


class FairQueue:
    """Semaphore with round robin between clients: each waiting client enters once before any enters again.

    For one event loop; not thread-safe.

    Args:
        places: number of requests that may be inside at the same time.
    """

    def __init__(self, places: int) -> None:
        self.free = places
        self.waiting: dict[str, deque[asyncio.Future[None]]] = {}

    async def enter(self, client: str) -> None:
        """Wait for a free place; every ``enter`` needs a ``leave``."""
        if self.free:
            self.free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.setdefault(client, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            # The place was granted at the same moment as the cancellation: pass it on.
            if turn.done() and not turn.cancelled():
                self.leave()
            raise

    def leave(self) -> None:
        """Free a place, or pass it on to the next waiting client."""
        while self.waiting:
            client = next(iter(self.waiting))
            queue = self.waiting.pop(client)
            turn = queue.popleft()
            if queue:
                # The rest of this client's requests wait behind all other clients.
                self.waiting[client] = queue
            if not turn.done():
                turn.set_result(None)
                return
        self.free += 1
