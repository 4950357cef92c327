//! One submission graded for a platform, from the command line.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;
use tempfile::TempDir;

/// A right server for w03-l02.
const RIGHT: &str = include_str!("../../../tests/servers/select_poll.py");

/// A submission in Python, and room for its result.
struct Handed(TempDir);

impl Handed {
    fn new(server: &str) -> Self {
        let handed = Self::nothing();
        fs::write(handed.path("ada/server.py"), server).unwrap();
        handed
    }

    fn nothing() -> Self {
        let handed = Self(tempfile::tempdir().unwrap());
        fs::create_dir(handed.path("ada")).unwrap();
        handed
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> &Self {
        fs::write(self.path(name), text).unwrap();
        self
    }

    fn command(&self, format: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_grade"));
        command.args(["grade-one", "ada", "--lesson", "w03-l02", "--format", format]);
        command.args(arguments).current_dir(self.0.path());
        command
    }

    fn grade(&self, format: &str, arguments: &[&str]) -> Output {
        self.command(format, arguments).output().unwrap()
    }

    fn result(&self) -> Value {
        serde_json::from_slice(&fs::read(self.path("results.json")).unwrap()).unwrap()
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_right_server_gets_all_points_on_gradescope() {
    let handed = Handed::new(RIGHT);
    let output = handed.grade("gradescope", &["--out", "results.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "");
    let result = handed.result();
    let tests = result["tests"].as_array().unwrap();
    let scored = || tests.iter().filter(|test| test.get("score").is_some());
    assert!(scored().all(|test| test["status"] == "passed" && test["score"] == test["max_score"]));
    let sum: f64 = scored().filter_map(|test| test["score"].as_f64()).sum();
    assert_eq!((result["score"].as_f64(), scored().count()), (Some(sum), 10));
}

#[test]
fn a_wrong_server_keeps_the_points_that_it_has_earned() {
    let leak = "import socket\nkept = []\n\
                socket.socket.close = lambda self: kept.append(self.dup())\n";
    let handed = Handed::new(&format!("{leak}{RIGHT}"));
    let output = handed.grade("prairielearn", &["--out", "results.json"]);
    assert_eq!(output.status.code(), Some(0), "graded, whatever the verdict");
    let result = handed.result();
    assert_eq!(result["gradable"], true);
    let score = result["score"].as_f64().unwrap();
    assert!(0.0 < score && score < 1.0, "{score}");
}

#[test]
fn what_does_not_compile_costs_no_attempt_on_prairielearn() {
    let handed = Handed::nothing();
    fs::create_dir(handed.path("ada/src")).unwrap();
    handed.write("ada/src/table.rs", "fn missing(");
    let output = handed.grade("prairielearn", &["--out", "results.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let result = handed.result();
    assert_eq!(result["gradable"], false);
    assert!(result["output"].as_str().unwrap().contains("src/table.rs"), "{result}");
}

#[test]
fn nothing_handed_in_is_no_points_on_classroom() {
    let handed = Handed::nothing();
    handed.write("ada/essay.txt", "The server");
    let output = handed.grade("classroom", &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let document = BASE64_STANDARD.decode(text(&output.stdout).trim_end()).unwrap();
    let result: Value = serde_json::from_slice(&document).unwrap();
    assert_eq!(result["status"], "fail");
    assert!(result["tests"].as_array().unwrap().iter().all(|test| test["score"] == 0.0));
}

#[test]
fn no_word_or_file_of_a_program_becomes_a_result() {
    let handed = Handed::nothing();
    let forged = r#"{"scores":{"w03-l02":999},"scoreboard":[999]}"#;
    let out = handed.path("results.json");
    let server = format!(
        "import os, sys\n\
         for place in [{out:?}, '/autograder/results/results.json', '/proc/1/fd/1', '/dev/tty']:\n\
         \x20   try: open(place, 'w').write('{forged}')\n\
         \x20   except OSError: pass\n\
         for name in os.environ:\n\
         \x20   if name.startswith('GITHUB'): open(os.environ[name], 'a').write('result=forged\\n')\n\
         print('PASS\\n::set-output name=result::forged\\n{forged}', flush=True)\n\
         print('{forged}', file=sys.stderr, flush=True)\n"
    );
    handed.write("ada/server.py", &server).write("github", "");
    for format in ["autolab", "classroom", "gradescope", "prairielearn"] {
        let github = handed.path("github");
        let output = handed.command(format, &[]).env("GITHUB_OUTPUT", &github).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        let shown = text(&output.stdout);
        assert!(!shown.lines().any(|line| line.starts_with("::") || line == forged), "{shown}");
        assert_eq!(fs::read_to_string(&github).unwrap(), "");
        assert!(!out.exists());
        if format == "autolab" {
            let last: Value = serde_json::from_str(shown.lines().last().unwrap()).unwrap();
            assert_eq!(last["scores"]["w03-l02"], 0.0);
        }
    }
}

#[test]
fn what_is_known_survives_the_graders_end() {
    // It serves, and spins: most criteria take as long as they may.
    let spins = "import threading\n\
                 def spin():\n\
                 \x20   while True: pass\n\
                 threading.Thread(target=spin, daemon=True).start()\n";
    let handed = Handed::new(&format!("{spins}{RIGHT}"));
    let mut child = handed
        .command("gradescope", &["--out", "results.json"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let known = || -> Option<usize> {
        let text = fs::read(handed.path("results.json")).ok()?;
        // Written whole or not at all: whatever is there can be read.
        let result: Value = serde_json::from_slice(&text).unwrap();
        Some(result["tests"].as_array()?.len())
    };
    while known().is_none_or(|tests| tests < 2) {
        assert!(child.try_wait().unwrap().is_none(), "it ended first");
        thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let result = handed.result();
    assert!(result.get("score").is_none());
    assert!(result["output"].as_str().unwrap().contains("not finished"), "{result}");
    assert!(result["tests"][1].get("score").is_some());
}

#[test]
fn lateness_is_counted_from_gradescopes_due_date() {
    let handed = Handed::new(RIGHT);
    handed.write("rubric.toml", "[late]\nper = \"hour\"\npercent = 10\n");
    let times = r#"{ "created_at": "2026-10-09T12:30:00Z",
                     "assignment": { "due_date": "2026-10-09T11:00:00Z" } }"#;
    handed.write("metadata.json", times);
    let flags = ["--out", "results.json", "--rubric", "rubric.toml", "--metadata", "metadata.json"];
    assert_eq!(handed.grade("gradescope", &flags).status.code(), Some(0));
    assert_eq!(handed.result()["score"], 8.0, "two hours begun of ten points");
}

#[test]
fn a_machine_without_a_loopback_is_no_fault_of_the_server() {
    let handed = Handed::new(RIGHT);
    let grade = handed.command("autolab", &["--isolation", "plain"]);
    // In a network namespace of its own, where no interface is up.
    let mut alone = Command::new("unshare");
    alone.args(["--map-root-user", "--net"]).arg(grade.get_program()).args(grade.get_args());
    let output = alone.current_dir(handed.0.path()).output().unwrap();
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{shown}{}", text(&output.stderr));
    assert!(shown.contains("is its loopback interface up?"), "{shown}");
    assert!(!shown.contains("scores"), "no zero: {shown}");
}

#[test]
fn misuse_is_told_before_anything_runs() {
    let handed = Handed::new(RIGHT);
    handed.write("metadata.json", "[]");
    let cases: [(&[&str], &str); 4] = [
        (&["--metadata", "metadata.json"], "metadata.json"),
        (&["--metadata", "absent.json"], "absent.json"),
        (&["--out", "absent/results.json"], "absent"),
        (&["--rubric", "absent.toml"], "absent.toml"),
    ];
    for (flags, named) in cases {
        let output = handed.grade("gradescope", flags);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(named), "{}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "");
    }
}
