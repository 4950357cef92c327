"""A client that asks poll for room until it has received everything, and logs each time that its line
was sent."""
import select
import socket
import sys

connection = socket.create_connection(sys.argv[1:])
address = connection.getpeername()[0]
print(f"[client] attempting connection to {address}")
print(f"[client] connected to {address}")
text = sys.stdin.readline().rstrip("\n").encode()
connection.setblocking(False)
poll = select.poll()
poll.register(connection, select.POLLIN | select.POLLOUT)
unsent, answer = text, b""
while len(answer) < len(text):
    for _, events in poll.poll():
        if events & select.POLLOUT:
            if unsent:
                unsent = unsent[connection.send(unsent):]
            if not unsent:
                print(f"[client] sent '{text.decode()}'", flush=True)
        if events & select.POLLIN:
            answer += connection.recv(4096)
print(f"[client] received '{answer.decode()}'")
