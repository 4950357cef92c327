//! The servers under observation: built once, started on ports of their own.

use std::collections::HashMap;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};
use witness::{IsolationLevel, Launch, Server};

/// What the C servers of these tests share.
const PRELUDE: &str = r#"
#define _GNU_SOURCE
#include <sys/socket.h>
#include <sys/epoll.h>
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

/// The variable that names another folder for what is compiled.
pub(crate) const FOLDER: &str = "WITNESS_PROGRAMS";

/// The program of a server in `tests/servers`; C is compiled.
pub(crate) fn server(file: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/servers").join(file);
    if path.extension().is_some_and(|it| it == "c") { compiled(file, &path) } else { path }
}

/// Compiles a server whose C text follows the prelude.
pub(crate) fn written(name: &str, text: &str) -> PathBuf {
    let source = folder().join(format!("{name}.{}.c", std::process::id()));
    std::fs::write(&source, format!("{PRELUDE}{text}")).unwrap();
    let program = compiled(name, &source);
    std::fs::remove_file(source).unwrap();
    program
}

/// The folder for compiled programs: beside cargo's own, or the one that the variable names, because
/// another user may not write beside cargo's.
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

/// Starts a server, and waits until it listens.
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

/// Starts a server whose C text follows the prelude on the strongest level that this machine
/// permits.
pub(crate) fn open_text(name: &str, text: &str) -> Server {
    open(Launch::new(written(name, text)), IsolationLevel::here())
}

/// Launches a shell command.
pub(crate) fn shell(line: &str) -> Launch {
    Launch::new("sh").args(["-c", line])
}

/// Waits for a log line of exactly this text.
pub(crate) fn wait_logged(server: &mut Server, text: &str) {
    let found = server.wait_for(|now| Ok(now.log().iter().any(|it| it.text == text).then_some(())));
    if let Err(error) = found {
        panic!("no {text:?}: {error}; {:?} {}", server.log(), server.stderr());
    }
}
