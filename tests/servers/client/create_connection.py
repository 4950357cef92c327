"""A correct client with the standard library's socket.create_connection, and a thread that sends."""
import socket
import sys
import threading


def connect(host, port):
    reason = None
    for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        print(f"[client] attempting connection to {address[0]}")
        try:
            connection = socket.create_connection(address[:2])
        except OSError as error:
            reason = error
        else:
            print(f"[client] connected to {address[0]}")
            return connection
    raise reason


def exchange(connection, text):
    failed = []

    def send():
        try:
            connection.sendall(text)
        except OSError as error:
            failed.append(error)

    sender = threading.Thread(target=send)
    sender.start()
    answer = b""
    while len(answer) < len(text):
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError(f"the server closed the connection after {len(answer)} bytes")
        answer += piece
    sender.join()
    return answer


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: create_connection.py HOST PORT")
    host, port = sys.argv[1:]
    if not port.isdecimal() or not 1 <= int(port) <= 65535:
        sys.exit(f"{port}: not a port")
    try:
        with connect(host, int(port)) as connection:
            text = sys.stdin.readline().rstrip("\n").encode()
            if text:
                answer = exchange(connection, text)
                print(f"[client] sent '{text.decode()}'")
                print(f"[client] received '{answer.decode()}'")
    except OSError as error:
        sys.exit(f"{host} {port}: {error}")


main()
