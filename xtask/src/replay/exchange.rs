//! What every script of `replay --script` begins with, in Python.

/// The functions that the statements of a script call.
pub(super) const HELPERS: &str = r#"import atexit, base64, os, shlex, signal, socket, struct, subprocess, sys, time

clients, server, port = {}, None, 0
# The signals that end the script.
ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
# What the server prints stands at its place also in a pipe.
sys.stdout.reconfigure(line_buffering=True)


def show_error(kind, error, trace):
    """Says in one line why the script ends. If nobody reads the output, nothing can be said."""
    if kind is BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    elif kind is KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    else:
        print("the script ends: %s: %s" % (kind.__name__, error), file=sys.stderr)


sys.excepthook = show_error
for number in (signal.SIGHUP, signal.SIGTERM):
    signal.signal(number, lambda number, frame: sys.exit(128 + number))


def step(text):
    print("==", text)


def decode(text):
    return base64.b64decode(text)


def start(settings):
    """Starts the server with these settings, and waits until it listens or has ended."""
    global server, port
    this, command = sys.argv[1], sys.argv[2:]
    if not command:
        sys.exit("usage: sh %s SERVER [ARGUMENT]...\nexample: sh %s %s" % (this, this, example))
    step("start the server with " + settings)
    stop()
    own = dict(setting.split("=", 1) for setting in shlex.split(settings))
    # A signal that comes while the server starts waits until stop() knows the server.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    unblock = lambda: signal.pthread_sigmask(signal.SIG_SETMASK, before)
    try:
        server = subprocess.Popen(
            command,
            env={**os.environ, **own},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=unblock,
        )
    except OSError as error:
        sys.exit("cannot start %s: %s" % (command[0], error.strerror))
    finally:
        unblock()
    port = int(own["PORT"]) if own.get("PORT", "").isdigit() else 0
    while server.poll() is None and not listens():
        time.sleep(0.02)
    if server.poll() is not None:
        print("   the server has ended with status", server.returncode)


def listens():
    """Whether a socket listens on the port (proc_net_tcp(5): state 0A)."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if os.path.exists(table):
            for line in open(table).read().splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                    return True
    return False


@atexit.register
def stop():
    """Closes the connections, and ends the server and its child processes."""
    global server
    for client in clients.values():
        client.close()
    clients.clear()
    if server:
        try:
            os.killpg(server.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        server.wait()
        server = None


def connect(name):
    try:
        clients[name] = socket.create_connection(("127.0.0.1", port))
    except OSError as error:
        sys.exit("%s cannot connect to port %d: %s" % (name, port, error))
    clients[name].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    clients[name].settimeout(2)
    print("  ", name, "connects")


def send(name, data):
    print("  ", name, "sends", shown(data))
    try:
        clients[name].sendall(data)
    except OSError as error:
        print("  ", name, "cannot send:", error)


def receive(name, wanted):
    """Receives as many bytes as were received in the recording, and compares them."""
    got = b""
    try:
        while len(got) < len(wanted):
            data = clients[name].recv(len(wanted) - len(got))
            if not data:
                break
            got += data
    except OSError as error:
        print("  ", name, "cannot receive more:", error)
    print("  ", name, "receives", shown(got))
    if got != wanted:
        print("   in the recording:", shown(wanted))


def end(name):
    """Waits until the server ends the connection."""
    try:
        data = clients[name].recv(1)
        print("  ", name, "receives", shown(data) if data else "the end of the connection")
    except OSError as error:
        print("  ", name, "finds:", error)


def half_close(name):
    print("  ", name, "shuts down its sending side")
    clients[name].shutdown(socket.SHUT_WR)


def close(name):
    print("  ", name, "closes its connection")
    clients.pop(name).close()


def reset(name):
    print("  ", name, "resets its connection")
    client = clients.pop(name)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def signal_server(name):
    step("send " + name + " to the server")
    server.send_signal(getattr(signal, name))


def shown(data):
    return repr(data) if len(data) <= 100 else repr(data[:100]) + "... (%d bytes)" % len(data)


def finish():
    """Shows what the clients have received besides, and ends the server."""
    step("the end")
    for name, client in clients.items():
        client.settimeout(0.3)
        try:
            data = client.recv(65536)
            print("  ", name, "has", shown(data) if data else "the end of the connection")
        except socket.timeout:
            print("  ", name, "has nothing more")
        except OSError as error:
            print("  ", name, "finds:", error)
    stop()
"#;
