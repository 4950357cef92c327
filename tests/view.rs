//! `cargo xtask view` shows a server live, and leaves the terminal as it was.

mod support;

use assert_cmd::Command as Xtask;
use nix::sys::signal::Signal;
use predicates::str::is_empty;
use std::net::TcpStream;
use std::process::Command;
use support::processes::{assert_gone, free_port, is_server_running, marker, wait_for};
use support::programs::{TestDir, command_line, servers};
use support::pseudo_terminal::PseudoTerminal;
use support::{assert_contains, hermetic, stderr_of};

/// A view of a server.
struct View {
    terminal: PseudoTerminal,
    marker: String,
    port: u16,
}

impl View {
    /// Starts to view the server of this command line, in a terminal of 80 columns and 24 rows.
    fn of(lesson: &str, program: &str) -> Self {
        Self::with_size(lesson, program, (80, 24))
    }

    fn with_size(lesson: &str, program: &str, size: (u16, u16)) -> Self {
        let (marker, port) = (marker(), free_port());
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command.args(["view", lesson, "--port", &port.to_string(), "--capacity", "4", "--cmd"]);
        command.arg(format!("{program} {marker}")).env_remove("CLICOLOR_FORCE");
        let terminal = PseudoTerminal::start_with_size(&command, size);
        Self { terminal, marker, port }
    }

    /// Presses keys, and waits until the terminal has `words`. Returns its rows.
    #[track_caller]
    fn press(&mut self, keys: &str, words: &str) -> String {
        self.terminal.press(keys);
        self.terminal.wait_for_drawn(words)
    }

    /// Quits. The terminal must be as it was, and no process may be left.
    #[track_caller]
    fn quit(mut self) -> String {
        self.terminal.press("q");
        assert_eq!(self.terminal.wait_for_end().code(), Some(0));
        self.assert_whole();
        self.terminal.wait_for_drawn(" ended")
    }

    #[track_caller]
    fn assert_whole(&self) {
        // The last bytes of the command may still be on their way.
        wait_for("the first screen is shown, with its cursor", || {
            let drawn = self.terminal.drawn();
            !drawn.screen().alternate_screen() && !drawn.screen().hide_cursor()
        });
        assert!(self.terminal.is_whole());
        assert_gone(&self.marker);
    }
}

/// A row of the screen, in which each sequence of spaces is one space.
fn rows(screen: &str) -> Vec<String> {
    screen.lines().map(|row| row.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

fn python(name: &str) -> String {
    format!("python3 {}", command_line([&servers().join(name)]))
}

#[test]
fn without_a_terminal_another_command_is_named() {
    let mut command = hermetic(Xtask::new(env!("CARGO_BIN_EXE_xtask")));
    let refused = command.args(["view", "w03-l02"]).assert().code(2).stdout(is_empty());
    assert_contains(&stderr_of(&refused), &["view needs a terminal", "`cargo xtask run`"]);
}

#[test]
fn a_client_of_the_kernel_stands_beside_its_entry_and_its_slot() {
    let dir = TestDir::new();
    let mut view = View::of("w03-l02", &command_line([&dir.compiled("linear_scan.c")]));
    let screen = view.terminal.wait_for_drawn("asleep in poll on 3");
    let listener = format!("3 LISTEN 0.0.0.0:{} [0] POLLIN", view.port);
    assert!(rows(&screen).contains(&listener), "{screen}");
    let screen = view.press("n", "client A");
    assert_contains(&screen, &["w03-l02  Accept & Track Many Clients", "[START] active=0/4"]);
    let row = "ESTABLISHED client A 0 0 0 [1] POLLIN";
    wait_for("the row is complete", || {
        rows(&view.terminal.drawn().screen().contents()).iter().any(|it| it.ends_with(row))
    });
    let screen = view.press("\nhello\n", "│ hello");
    assert_contains(&screen, &["sent 6 · received 6"]);
    assert!(view.quit().contains("the server has ended"));
}

#[test]
fn a_client_of_another_program_is_seen() {
    let view = View::of("w03-l02", &python("select_poll.py"));
    view.terminal.wait_for_drawn("LISTEN");
    let client = TcpStream::connect(("127.0.0.1", view.port)).unwrap();
    let address = client.local_addr().unwrap().to_string();
    let screen = view.terminal.wait_for_drawn(&address);
    assert_contains(&screen, &["clients: n opens one"]);
    drop(client);
    wait_for("its row is gone", || !view.terminal.drawn().screen().contents().contains(&address));
    view.quit();
}

#[test]
fn a_socket_that_was_never_closed_is_marked() {
    let mut view = View::of("w03-l02", &python("faulty/keeps_sockets.py"));
    view.terminal.wait_for_drawn("asleep in poll");
    view.press("n", "client A");
    let screen = view.press("c", "▸");
    let is_marked =
        |row: &String| row.starts_with("▸ ") && row.contains("CLOSE_WAIT client A, has left");
    assert!(rows(&screen).iter().any(is_marked), "{screen}");
    assert_eq!(screen.matches('▸').count(), 1, "{screen}");
    view.quit();
}

#[test]
fn a_server_that_is_right_has_no_marks() {
    let dir = TestDir::new();
    for (lesson, program) in [
        ("w03-l02", command_line([&dir.compiled("free_list.c")])),
        ("w04-l01", command_line([&dir.compiled("epoll/level.c")])),
        ("w03-l03", python("chat/poll_room.py")),
        ("w02-l01", python("fork/plain.py")),
        ("w01-l01", python("echo/plain.py")),
    ] {
        let mut view = View::of(lesson, &program);
        view.terminal.wait_for_drawn("LISTEN");
        view.press("n", "client A");
        view.press("n", "client B");
        view.press("\nhello\n", "sent 6");
        view.press("h", "half-closed");
        view.press("c", "clients: 1");
        view.press("r", "clients: n opens one");
        let screen = view.press("n", "client C");
        assert!(!screen.contains('▸'), "{lesson}: {screen}");
        view.quit();
    }
}

#[test]
fn the_children_of_a_fork_server_have_their_own_rows() {
    let mut view = View::of("w02-l01", &python("fork/plain.py"));
    view.terminal.wait_for_drawn("asleep in accept");
    view.press("n", "└ child ");
    view.terminal.wait_for_drawn("[FORK] pid=");
    // The child sleeps in read, or in recv, on its client.
    view.terminal.wait_for_drawn("asleep in re");
    // A fork that fails leaves no child, and the server goes on.
    view.press("e", "the next fork fails with EAGAIN");
    let screen = view.press("n", "end of file received");
    assert_eq!(screen.matches("└ child").count(), 1, "{screen}");
    view.quit();
}

#[test]
fn a_stopped_server_reads_nothing_until_it_goes_on() {
    let mut view = View::of("w03-l02", &python("select_poll.py"));
    view.terminal.wait_for_drawn("asleep in poll");
    // The server must have accepted the client before it is stopped.
    view.press("n", "[ACCEPT]");
    view.press("s", "stopped (SIGSTOP)");
    let screen = view.press("\nhello\n", "received 0");
    assert_contains(&screen, &["s continues it"]);
    wait_for("6 bytes wait", || {
        let screen = view.terminal.drawn().screen().contents();
        rows(&screen).iter().any(|row| row.contains("ESTABLISHED client A 0 6 0"))
    });
    view.press("s", "received 6");
    view.quit();
}

#[test]
fn the_table_is_filled_until_a_client_is_refused() {
    let mut view = View::of("w03-l02", &python("select_poll.py"));
    view.terminal.wait_for_drawn("LISTEN");
    view.press("f", "4 clients opened.");
    view.press("n", "[REJECT]");
    view.quit();
}

#[test]
fn the_user_plays_the_server_of_a_client() {
    // The client refuses a third argument.
    let script = format!("{} \"$@\"", python("client/shutdown.py"));
    let client = shell_words::join(["sh", "-c", &script]);
    let mut view = View::of("w01-l02", &client);
    // Nobody listens at the first addresses of the host, if it has several.
    let screen = view.terminal.wait_for_drawn("[client] connected to 127.0.0.3");
    assert_contains(&screen, &["you are the server", "a answer"]);
    view.press("\nhello\n", "│ hello");
    view.press("a", "sent 5");
    view.press("c", "[client] received 'hello'");
    view.terminal.wait_for_drawn("the client ended with exit status 0");
    view.press("n", "asleep in");
    view.quit();
}

#[test]
fn a_server_that_ends_or_does_not_listen_says_so() {
    let view = View::of("w03-l02", "sh -c 'echo mine; echo bad >&2; exit 3'");
    let screen = view.terminal.wait_for_drawn("the server ended with exit status 3");
    assert_contains(&screen, &["│ mine"]);
    view.terminal.wait_for_drawn("! bad");
    view.quit();
    let mut view = View::of("w03-l02", "sh -c 'sleep 600; true'");
    view.terminal.wait_for_drawn("not listening yet");
    view.press("n", "The server does not listen yet.");
    view.quit();
}

#[test]
fn text_of_the_server_does_not_control_the_terminal() {
    let mut view = View::of("w02-l01", &python("faulty/terminal_escapes.py"));
    view.terminal.wait_for_drawn("LISTEN");
    view.press("n", "client A");
    let screen = view.press("c", "[DISCONNECT]");
    assert_contains(&screen, &["\\x1b", "w02-l01  Fork Server"]);
    view.quit();
}

#[test]
fn every_row_fits_a_narrow_window() {
    for size in [(80, 24), (60, 24), (44, 14), (120, 50)] {
        let mut view = View::with_size("w03-l02", &python("select_poll.py"), size);
        view.terminal.wait_for_drawn("asleep in poll");
        view.press("f", "client ");
        view.press("n", "sent 0");
        let screen = view.press("\n", "sends: ");
        assert!(screen.starts_with("w03-l02 "), "{screen}");
        view.press("\x1b", "n ");
        let screen = view.press("?", "opens a client: A");
        assert!(screen.starts_with("w03-l02 "), "{screen}");
        wait_for("the last row has the keys", || {
            let screen = view.terminal.drawn().screen().contents();
            screen.lines().last().is_some_and(|it| it.starts_with("n ") && it.ends_with(" quit"))
        });
        view.press("x", "log of the server");
        view.quit();
    }
    let view = View::with_size("w03-l02", &python("select_poll.py"), (30, 8));
    view.terminal.wait_for_drawn("The window needs");
    view.quit();
}

#[test]
fn signals_leave_the_terminal_whole_and_no_process() {
    let quit = |end: fn(&mut PseudoTerminal), status| {
        let mut view = View::of("w03-l02", &python("select_poll.py"));
        wait_for("the server runs", || is_server_running(&view.marker));
        view.terminal.wait_for_drawn("LISTEN");
        end(&mut view.terminal);
        assert_eq!(view.terminal.wait_for_end().code(), Some(status));
        view.assert_whole();
    };
    quit(|terminal| terminal.send(Signal::SIGTERM), 143);
    quit(|terminal| terminal.send(Signal::SIGHUP), 129);
    // The terminal makes a signal of this key.
    quit(|terminal| terminal.press("\x03"), 130);
}

#[test]
fn sigkill_ends_the_server() {
    let mut view = View::of("w03-l02", &python("select_poll.py"));
    view.terminal.wait_for_drawn("LISTEN");
    view.terminal.send(Signal::SIGKILL);
    view.terminal.wait_for_end();
    assert_gone(&view.marker);
}
