"""A client that tries only the last address of its host."""
import socket
import sys

host, port = sys.argv[1:]
*_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[-1]
print(f"[client] attempting connection to {address[0]}")
connection = socket.create_connection(address[:2])
print(f"[client] connected to {address[0]}")
sys.stdin.readline()
