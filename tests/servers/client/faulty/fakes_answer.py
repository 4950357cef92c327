"""A client that prints its own line as the answer, and receives nothing."""
import socket
import sys

connection = socket.create_connection(sys.argv[1:])
address = connection.getpeername()[0]
print(f"[client] attempting connection to {address}")
print(f"[client] connected to {address}")
text = sys.stdin.readline().rstrip("\n")
connection.sendall(text.encode())
print(f"[client] sent '{text}'")
print(f"[client] received '{text}'")
