"""A client that takes at most 4095 bytes for a line, as `fgets` with a buffer of 4096 bytes does. It
receives as many bytes as it has sent."""
import socket
import sys

connection = socket.create_connection(sys.argv[1:])
address = connection.getpeername()[0]
print(f"[client] attempting connection to {address}")
print(f"[client] connected to {address}")
text = sys.stdin.readline(4095).rstrip("\n").encode()
connection.sendall(text)
print(f"[client] sent '{text.decode()}'")
answer = b""
while len(answer) < len(text):
    answer += connection.recv(len(text) - len(answer))
print(f"[client] received '{answer.decode()}'")
