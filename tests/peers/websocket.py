"""A WebSocket server that shares no code with the product.

Prints its port. Sends back each message, but for `push N` messages from 1 to N. When its input
ends it prints what it has seen as one JSON object and leaves.
"""

import asyncio
import json
import sys

from websockets.asyncio.server import serve

seen = {"handshakes": [], "messages": [], "closes": []}


async def converse(socket):
    request = socket.request
    seen["handshakes"].append([request.path, request.headers.get("X-User"), socket.subprotocol])
    async for message in socket:
        is_text = isinstance(message, str)
        seen["messages"].append(message if is_text else message.hex())
        if is_text and message.startswith("push "):
            for number in range(1, int(message.removeprefix("push ")) + 1):
                await socket.send(f"push {number}")
        else:
            await socket.send(message)
    seen["closes"].append(socket.close_code)


async def main():
    # Pings often, so that users have to answer them between their steps.
    server = serve(
        converse, "127.0.0.1", 0, subprotocols=["chat"], ping_interval=0.05, ping_timeout=5
    )
    async with server as running:
        print(running.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(json.dumps(seen))


asyncio.run(main())
