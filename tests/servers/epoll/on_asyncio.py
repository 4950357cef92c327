#!/usr/bin/env python3
"""An echo server that uses asyncio. It waits in epoll_wait; a socket pair wakes it up."""

import asyncio
import os
import resource
import sys


def setting(name, default, most):
    text = os.environ.get(name, str(default))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        sys.exit(f"{name}={text}: give a number from 1 to {most}")
    return int(text)


MAX_CLIENTS = setting("MAX_CLIENTS", 4096, 1000000)
PORT = setting("PORT", 7000, 65535)
# While no descriptor is free, asyncio calls accept so many times, and then sleeps for a second.
BACKLOG = 20


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

    def pause_writing(self):
        """More than 64 KiB are pending: read nothing until they are sent."""
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()

    def connection_lost(self, _):
        if self.slot is not None:
            self.free_slots.append(self.slot)
            print(f"[DISCONNECT] fd={self.fd} slot={self.slot}")


async def main():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    loop = asyncio.get_running_loop()
    # The default handler prints a trace for each accept that fails.
    loop.set_exception_handler(lambda _, context: print(f"asyncio: {context['message']}"))
    try:
        server = await loop.create_server(Client, "0.0.0.0", PORT, backlog=BACKLOG)
    except OSError as error:
        sys.exit(f"PORT={PORT}: cannot listen: {error}")
    print(f"[START] active=0/{MAX_CLIENTS}")
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
