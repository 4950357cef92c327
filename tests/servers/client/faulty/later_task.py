"""A client that does not check PORT, and whose second task is still to do: it panics there, as a
program in Rust does."""
import socket
import sys

if len(sys.argv) != 3:
    sys.exit("usage: client HOST PORT")
host, port = sys.argv[1], int(sys.argv[2]) if sys.argv[2].isdecimal() else -1
if not 0 <= port <= 65535:
    sys.exit(f"{sys.argv[2]} is no port")
try:
    address = socket.gethostbyname(host)
except OSError as error:
    sys.exit(f"{host}: {error}")
print(f"[client] attempting connection to {address}", flush=True)
try:
    connection = socket.create_connection((address, port))
except OSError:
    print(
        "\nthread 'main' (812) panicked at src/connect.rs:40:17:\n"
        "not yet implemented: Task 2: keep the reason, and go on with the next address",
        file=sys.stderr,
    )
    sys.exit(101)
print(f"[client] connected to {address}", flush=True)
