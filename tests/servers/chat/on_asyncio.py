#!/usr/bin/env python3
"""A chat room on asyncio. It waits in poll, or in epoll_wait if it is called with --epoll. A socket
pair wakes it up. A member is closed later than it is removed."""

import asyncio
import os
import selectors
import sys

MAX_LINE = 65536
MAX_PENDING = 256 * 1024
# While no descriptor is free, asyncio calls accept so many times, and then sleeps for a second.
BACKLOG = 20


def setting(name, default, most):
    text = os.environ.get(name, str(default))
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= most):
        sys.exit(f"{name}={text}: give a number from 1 to {most}")
    return int(text)


MAX_CLIENTS = setting("MAX_CLIENTS", 256, 100_000)
PORT = setting("PORT", 9040, 65535)


class Member(asyncio.Protocol):
    """One connection. All connections share the list of members and the free slots."""

    free_slots = list(reversed(range(MAX_CLIENTS)))
    members = []

    def connection_made(self, transport):
        self.transport = transport
        self.fd = transport.get_extra_info("socket").fileno()
        self.line = b""
        self.slot = self.free_slots.pop() if self.free_slots else None
        if self.slot is None:
            transport.abort()
            print(f"[REJECT] at capacity ({MAX_CLIENTS}/{MAX_CLIENTS})")
            return
        print(f"[ACCEPT] fd={self.fd} slot={self.slot}")
        self.tell_others(b"user %d joined the chat room\n" % self.fd)
        self.members.append(self)

    def data_received(self, data):
        *lines, self.line = (self.line + data).split(b"\n")
        for line in lines:
            if len(line) >= MAX_LINE:
                return self.transport.abort()
            self.tell_others(b"user %d: %b\n" % (self.fd, line))
        if len(self.line) >= MAX_LINE:
            self.transport.abort()

    def tell_others(self, message):
        for member in self.members:
            if member is not self and not member.transport.is_closing():
                member.transport.write(message)
                if member.transport.get_write_buffer_size() > MAX_PENDING:
                    member.transport.abort()

    def connection_lost(self, _):
        if self in self.members:
            self.members.remove(self)
            self.free_slots.append(self.slot)
            print(f"[DISCONNECT] fd={self.fd} slot={self.slot}")
            self.tell_others(b"user %d disconnected\n" % self.fd)


async def main():
    loop = asyncio.get_running_loop()
    # The default handler prints a trace for each accept that fails.
    loop.set_exception_handler(lambda _, context: print(f"asyncio: {context['message']}"))
    try:
        server = await loop.create_server(Member, "0.0.0.0", PORT, backlog=BACKLOG)
    except OSError as error:
        sys.exit(f"PORT={PORT}: cannot listen: {error}")
    print(f"[START] active=0/{MAX_CLIENTS}")
    await server.serve_forever()


def new_loop():
    is_epoll = "--epoll" in sys.argv[1:]
    selector = selectors.EpollSelector() if is_epoll else selectors.PollSelector()
    return asyncio.SelectorEventLoop(selector)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())
