//! Builds and starts the servers that these tests observe. Each server is built once. Each start
//! uses a port that no other server uses.

use std::collections::HashMap;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use witness::{IsolationLevel, Launch, Server};

/// The first lines of every C server of these tests.
const PRELUDE: &str = r#"
#define _GNU_SOURCE
#include <sys/socket.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <netinet/in.h>
#include <unistd.h>
#include <stdlib.h>
#include <signal.h>
#include <errno.h>
#include <stdio.h>
#include <poll.h>
#include <time.h>

static int listening(void)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(atoi(getenv("PORT")))};
    if (bind(fd, (struct sockaddr *)&any, sizeof any) || listen(fd, 128))
        exit(9);
    return fd;
}
"#;

/// The environment variable that names another folder for compiled programs.
pub(crate) const FOLDER: &str = "WITNESS_PROGRAMS";

/// The program of a server in `tests/servers`. A server in C is compiled.
pub(crate) fn server(file: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/servers").join(file);
    if path.extension().is_some_and(|it| it == "c") { compiled(file, &path) } else { path }
}

/// Compiles a server in C. The source text is the prelude followed by `text`.
pub(crate) fn written(name: &str, text: &str) -> PathBuf {
    // Two tests may compile the same server at the same time, each from a file of its own.
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let source = folder().join(format!("{name}.{}.{number}.c", std::process::id()));
    std::fs::write(&source, format!("{PRELUDE}{text}")).unwrap();
    let program = compiled(name, &source);
    std::fs::remove_file(source).unwrap();
    program
}

/// The folder for compiled programs: the folder in the environment variable [`FOLDER`], or a folder
/// in cargo's target directory. The variable is for tests that run as another user, because this
/// user may not write in cargo's target directory.
fn folder() -> PathBuf {
    let named = std::env::var_os(FOLDER).map(PathBuf::from);
    let folder = named.unwrap_or(Path::new(env!("CARGO_TARGET_TMPDIR")).join("witness"));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn compiled(name: &str, source: &Path) -> PathBuf {
    type Cell = Arc<OnceLock<PathBuf>>;
    static BUILT: Mutex<Option<HashMap<String, Cell>>> = Mutex::new(None);
    let cell = {
        let mut built = BUILT.lock().unwrap();
        built.get_or_insert_default().entry(name.to_owned()).or_default().clone()
    };
    cell.get_or_init(|| compile(name, source)).clone()
}

fn compile(name: &str, source: &Path) -> PathBuf {
    let program = folder().join(name.replace(['/', '.'], "-"));
    let fresh = program.with_extension(std::process::id().to_string());
    let mut cc = Command::new("cc");
    let status = cc.args(["-O1", "-pthread", "-o"]).arg(&fresh).arg(source).status();
    assert!(status.unwrap().success(), "{source:?} does not compile");
    // Another run of these tests may be executing the old program.
    std::fs::rename(fresh, &program).unwrap();
    program
}

/// The isolation levels that this machine permits for the caller's own programs.
pub(crate) fn levels() -> Vec<IsolationLevel> {
    let own = [IsolationLevel::Namespaces, IsolationLevel::Landlock, IsolationLevel::None];
    own.into_iter().filter(|level| level.refusal().is_none()).collect()
}

/// A port that a server on this level can listen on.
pub(crate) fn port(level: IsolationLevel) -> u16 {
    if !level.shares_ports() {
        return 7000;
    }
    let free = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    free.local_addr().unwrap().port()
}

/// Starts a server, and waits until the server listens.
pub(crate) fn open(launch: Launch, level: IsolationLevel) -> Server {
    let port = port(level);
    let mut server =
        launch.isolation(level).env("PORT", port.to_string()).port(port).start().unwrap();
    if let Err(error) = server.wait_listening(port) {
        panic!("{error}; it wrote: {:?} {}", server.log(), server.stderr());
    }
    server
}

/// Starts a server of `tests/servers` on the strongest level that this machine permits.
pub(crate) fn open_file(file: &str) -> Server {
    open(Launch::new(server(file)), IsolationLevel::here())
}

/// Compiles a server in C (see [`written`]), and starts the server on the strongest level that this
/// machine permits.
pub(crate) fn open_text(name: &str, text: &str) -> Server {
    open(Launch::new(written(name, text)), IsolationLevel::here())
}

/// Launches a shell command.
pub(crate) fn shell(line: &str) -> Launch {
    Launch::new("sh").args(["-c", line])
}

/// Waits for a log line with exactly this text.
pub(crate) fn wait_logged(server: &mut Server, text: &str) {
    let found = server.wait_for(|now| Ok(now.log().iter().any(|it| it.text == text).then_some(())));
    if let Err(error) = found {
        panic!("no {text:?}: {error}; {:?} {}", server.log(), server.stderr());
    }
}
