"""A correct client that shuts down its sending side after the line, and reads to the end of file. It
asks with a prompt, and waits with select, for a second at a time."""
import argparse
import select
import socket
import sys


def port_number(text):
    number = int(text)
    if not 1 <= number <= 65535:
        raise ValueError(text)
    return number


def connected(host, port):
    reason = OSError("no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(
        host, port, socket.AF_UNSPEC, socket.SOCK_STREAM
    ):
        print("[client] attempting connection to", address[0])
        connection = socket.socket(family, kind, protocol)
        try:
            connection.connect(address)
            print("[client] connected to", address[0])
            return connection
        except OSError as error:
            connection.close()
            reason = error
    raise reason


def exchange(connection, text):
    """Returns everything that the server sends until its end of file."""
    connection.setblocking(False)
    left, answer = memoryview(text), bytearray()
    while True:
        readable, writable, _ = select.select([connection], [connection] if left else [], [], 1)
        if writable:
            left = left[connection.send(left):]
            if not left:
                print(f"[client] sent '{text.decode()}'")
                connection.shutdown(socket.SHUT_WR)
        if readable:
            piece = connection.recv(4096)
            if not piece:
                return answer
            answer += piece


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=port_number)
    arguments = parser.parse_args()
    try:
        connection = connected(arguments.host, arguments.port)
        try:
            text = input("what to send? ").encode()
        except EOFError:
            text = b""
        if not text:
            return
        answer = exchange(connection, text)
    except OSError as error:
        sys.exit(f"error: {error}")
    if len(answer) < len(text):
        sys.exit(f"only {len(answer)} bytes came back")
    print(f"[client] received '{answer.decode()}'")


main()
