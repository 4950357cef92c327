//! Grades one submission for a platform, with the command line.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;
use tempfile::TempDir;

/// A correct server for w03-l02.
const RIGHT: &str = include_str!("../../../tests/servers/select_poll.py");

/// A submission, and a folder for its result.
struct TestSubmission(TempDir);

impl TestSubmission {
    /// A submission of a server in Python.
    fn new(server: &str) -> Self {
        let submission = Self::empty();
        fs::write(submission.path("ada/server.py"), server).unwrap();
        submission
    }

    fn empty() -> Self {
        let submission = Self(tempfile::tempdir().unwrap());
        fs::create_dir(submission.path("ada")).unwrap();
        submission
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
    let submission = TestSubmission::new(RIGHT);
    let output = submission.grade("gradescope", &["--out", "results.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stdout), "");
    let result = submission.result();
    let tests = result["tests"].as_array().unwrap();
    let scored = || tests.iter().filter(|test| test.get("score").is_some());
    assert!(scored().all(|test| test["status"] == "passed" && test["score"] == test["max_score"]));
    let sum: f64 = scored().filter_map(|test| test["score"].as_f64()).sum();
    assert_eq!((result["score"].as_f64(), scored().count()), (Some(sum), 15));
}

#[test]
fn a_wrong_server_gets_the_points_of_the_proved_criteria() {
    let leak = "import socket\nkept = []\n\
                socket.socket.close = lambda self: kept.append(self.dup())\n";
    let submission = TestSubmission::new(&format!("{leak}{RIGHT}"));
    let output = submission.grade("prairielearn", &["--out", "results.json"]);
    assert_eq!(output.status.code(), Some(0), "the exit status does not depend on the verdict");
    let result = submission.result();
    assert_eq!(result["gradable"], true);
    let score = result["score"].as_f64().unwrap();
    assert!(0.0 < score && score < 1.0, "{score}");
}

#[test]
fn a_submission_that_does_not_compile_costs_no_attempt_on_prairielearn() {
    let submission = TestSubmission::empty();
    fs::create_dir(submission.path("ada/src")).unwrap();
    submission.write("ada/src/table.rs", "fn missing(");
    let output = submission.grade("prairielearn", &["--out", "results.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let result = submission.result();
    assert_eq!(result["gradable"], false);
    assert!(result["output"].as_str().unwrap().contains("src/table.rs"), "{result}");
}

#[test]
fn an_empty_submission_gets_no_points_on_classroom() {
    let submission = TestSubmission::empty();
    submission.write("ada/essay.txt", "The server");
    let output = submission.grade("classroom", &[]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let document = BASE64_STANDARD.decode(text(&output.stdout).trim_end()).unwrap();
    let result: Value = serde_json::from_slice(&document).unwrap();
    assert_eq!(result["status"], "fail");
    assert!(result["tests"].as_array().unwrap().iter().all(|test| test["score"] == 0.0));
}

#[test]
fn the_log_of_the_step_has_the_compilers_words() {
    let submission = TestSubmission::empty();
    fs::create_dir(submission.path("ada/src")).unwrap();
    submission.write("ada/src/table.rs", "fn missing(");
    let output = submission.grade("classroom", &["--out", "result", "--log", "log"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let log = fs::read_to_string(submission.path("log")).unwrap();
    let group = log.split("::group::✗ The build failed\n").nth(1).unwrap();
    let group = group.split("::endgroup::").next().unwrap();
    assert!(group.contains("src/table.rs:1"), "{log}");
    let unwritable = submission.grade("classroom", &["--log", "absent/log"]);
    assert_eq!(unwritable.status.code(), Some(2));
    assert!(text(&unwritable.stderr).contains("absent"), "{}", text(&unwritable.stderr));
}

#[test]
fn a_program_cannot_forge_a_result() {
    let submission = TestSubmission::empty();
    let forged = r#"{"scores":{"w03-l02":999},"scoreboard":[999]}"#;
    let out = submission.path("results.json");
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
    submission.write("ada/server.py", &server).write("github", "");
    for format in ["autolab", "classroom", "gradescope", "prairielearn"] {
        let github = submission.path("github");
        let output =
            submission.command(format, &[]).env("GITHUB_OUTPUT", &github).output().unwrap();
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
fn the_criteria_checked_so_far_survive_a_kill_of_the_grader() {
    // The server is correct, but one of its threads is in a busy loop. Therefore most criteria need
    // the maximum time.
    let spins = "import threading\n\
                 def spin():\n\
                 \x20   while True: pass\n\
                 threading.Thread(target=spin, daemon=True).start()\n";
    let submission = TestSubmission::new(&format!("{spins}{RIGHT}"));
    let mut child = submission
        .command("gradescope", &["--out", "results.json"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let known = || -> Option<usize> {
        let text = fs::read(submission.path("results.json")).ok()?;
        // The grader replaces the file atomically. Therefore a file that exists is always complete.
        let result: Value = serde_json::from_slice(&text).unwrap();
        Some(result["tests"].as_array()?.len())
    };
    while known().is_none_or(|tests| tests < 2) {
        assert!(child.try_wait().unwrap().is_none(), "the grader ended too early");
        thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let result = submission.result();
    assert!(result.get("score").is_none());
    assert!(result["output"].as_str().unwrap().contains("not finished"), "{result}");
    assert!(result["tests"][1].get("score").is_some());
}

#[test]
fn lateness_counts_from_gradescopes_due_date() {
    let submission = TestSubmission::new(RIGHT);
    submission.write("rubric.toml", "[late]\nper = \"hour\"\npercent = 10\n");
    let times = r#"{ "created_at": "2026-10-09T12:30:00Z",
                     "assignment": { "due_date": "2026-10-09T11:00:00Z" } }"#;
    submission.write("metadata.json", times);
    let flags = ["--out", "results.json", "--rubric", "rubric.toml", "--metadata", "metadata.json"];
    assert_eq!(submission.grade("gradescope", &flags).status.code(), Some(0));
    assert_eq!(submission.result()["score"], 12.0, "two started hours cost 10 % each");
}

#[test]
fn a_hidden_program_cannot_be_started() {
    let submission = TestSubmission::new("");
    submission.write("ada/submission.toml", "lesson = \"w03-l02\"\nrun = \"/usr/bin/tac\"\n");
    let result = |arguments: &[&str]| {
        let arguments = [&["--out", "results.json"], arguments].concat();
        let output = submission.grade("gradescope", &arguments);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
        submission.result().to_string()
    };
    let hidden = result(&["--hide", "/usr/bin/tac"]);
    assert!(hidden.contains("hand in your own server"), "{hidden}");
    let seen = result(&[]);
    assert!(seen.contains("Nothing listens on 7000"), "{seen}");
    let absent = submission.grade("gradescope", &["--hide", "/usr/bin/no-such-program"]);
    assert_eq!(absent.status.code(), Some(2));
    let message = text(&absent.stderr);
    assert!(message.contains("--hide /usr/bin/no-such-program"), "{message}");
}

#[test]
fn a_used_up_budget_is_a_result_and_no_fault_of_the_machine() {
    let submission = TestSubmission::new(&format!("import time\ntime.sleep(1.5)\n{RIGHT}"));
    let output = submission.grade("gradescope", &["--out", "results.json", "--budget", "1"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let result = submission.result().to_string();
    assert!(result.contains("the submission's budget of 1 s was used up"), "{result}");
}

#[test]
fn a_submission_that_others_could_read_is_refused() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_grade"));
    command.args(["grade-one", "/usr/share", "--lesson", "w03-l02", "--format", "gradescope"]);
    let output = command.output().unwrap();
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""));
    let message = text(&output.stderr);
    assert!(
        message.contains("/usr/share is in a folder that every submission can read"),
        "{message}"
    );
}

#[test]
fn a_missing_loopback_interface_is_a_fault_of_the_machine() {
    let submission = TestSubmission::new(RIGHT);
    let grade = submission.command("autolab", &["--isolation", "none"]);
    // A new network namespace, in which no interface is up.
    let mut alone = Command::new("unshare");
    alone.args(["--map-root-user", "--net"]).arg(grade.get_program()).args(grade.get_args());
    let output = alone.current_dir(submission.0.path()).output().unwrap();
    let shown = text(&output.stdout);
    assert_eq!(output.status.code(), Some(2), "{shown}{}", text(&output.stderr));
    assert!(shown.contains("is the loopback interface up?"), "{shown}");
    assert!(!shown.contains("scores"), "there must be no score: {shown}");
}

#[test]
fn wrong_usage_is_reported_before_anything_runs() {
    let submission = TestSubmission::new(RIGHT);
    submission.write("metadata.json", "[]");
    let cases: [(&[&str], &str); 4] = [
        (&["--metadata", "metadata.json"], "metadata.json"),
        (&["--metadata", "absent.json"], "absent.json"),
        (&["--out", "absent/results.json"], "absent"),
        (&["--rubric", "absent.toml"], "absent.toml"),
    ];
    for (flags, named) in cases {
        let output = submission.grade("gradescope", flags);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains(named), "{}", text(&output.stderr));
        assert_eq!(text(&output.stdout), "");
    }
}
