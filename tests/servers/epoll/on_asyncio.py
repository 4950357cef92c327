#!/usr/bin/env python3
"""An echo server that uses asyncio. It waits in epoll_wait; a socket pair wakes it up."""

import asyncio
import os
import resource

MAX_CLIENTS = int(os.environ.get("MAX_CLIENTS", "4096"))
PORT = int(os.environ.get("PORT", "7000"))


class Client(asyncio.Protocol):
    """One connection. All connections share the free slots."""

    free_slots = list(reversed(range(MAX_CLIENTS)))

    def connection_made(self, transport):
        self.transport = transport
        self.fd = transport.get_extra_info("socket").fileno()
        self.slot = self.free_slots.pop() if self.free_slots else None
        if self.slot is None:
            transport.abort()
            print(f"[REJECT] at capacity ({MAX_CLIENTS}/{MAX_CLIENTS})")
        else:
            print(f"[ACCEPT] fd={self.fd} slot={self.slot}")

    def data_received(self, data):
        self.transport.write(data)

    def connection_lost(self, _):
        if self.slot is not None:
            self.free_slots.append(self.slot)
            print(f"[DISCONNECT] fd={self.fd} slot={self.slot}")


async def main():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Client, "0.0.0.0", PORT, backlog=512)
    print(f"[START] active=0/{MAX_CLIENTS}")
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
