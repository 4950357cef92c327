"""An echo server on asyncio. A lock makes the clients wait for one another."""

import asyncio
import os
import sys


def port():
    value = os.environ.get("PORT", "3490")
    if not value.isdecimal() or not 1 <= int(value) <= 65535:
        sys.exit(f"PORT={value!r}: expected a number from 1 to 65535")
    return int(value)


async def echo(reader, writer):
    while message := await reader.read(4096):
        writer.write(message)
        await writer.drain()


async def main():
    turn = asyncio.Lock()

    async def serve(reader, writer):
        fd = writer.get_extra_info("socket").fileno()
        print(f"[ACCEPT] fd={fd}")
        async with turn:
            try:
                await echo(reader, writer)
                writer.close()
                await writer.wait_closed()
            except OSError:
                writer.close()
        print(f"[DISCONNECT] fd={fd}")

    try:
        server = await asyncio.start_server(serve, "0.0.0.0", port())
    except OSError as error:
        sys.exit(f"PORT={port()}: {error}")
    print(f"[START] port={port()}")
    await server.serve_forever()


asyncio.run(main())
