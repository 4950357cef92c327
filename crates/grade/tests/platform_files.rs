//! Checks the files that instructors copy: the files are well-formed, and use only commands and
//! flags that exist.

mod files;

use serde_norway::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn shell_scripts_have_valid_syntax() {
    for (path, text) in texts() {
        if text.starts_with("#!/bin/bash") {
            let status = Command::new("bash").arg("-n").arg(&path).status().unwrap();
            assert!(status.success(), "{}", path.display());
        }
    }
}

#[test]
fn every_command_and_flag_exists() {
    for (path, text) in texts() {
        for call in calls(&text) {
            let command = call.split_whitespace().next().unwrap();
            let help = Command::new(env!("CARGO_BIN_EXE_grade")).args([command, "--help"]).output();
            let help = String::from_utf8(help.unwrap().stdout).unwrap();
            assert!(help.contains("Usage:"), "{}: there is no {command}", path.display());
            for flag in flags(&call) {
                assert!(help.contains(&flag), "{}: {command} has no {flag}", path.display());
            }
        }
    }
}

#[test]
fn the_kubernetes_job_counts_shards_from_one_and_runs_each_shard() {
    let job = yaml("kubernetes/grade.yaml");
    let spec = &job["spec"];
    assert_eq!((&job["kind"], &job["apiVersion"]), (&"Job".into(), &"batch/v1".into()));
    assert_eq!(spec["completionMode"], "Indexed");
    let container = &spec["template"]["spec"]["containers"][0];
    let parts = container["env"][0]["value"].as_str().unwrap();
    assert_eq!(Some(parts), spec["completions"].as_u64().map(|it| it.to_string()).as_deref());
    let script = container["args"][0].as_str().unwrap();
    let shown = Command::new("bash")
        .args(["-c", &script.replace("exec cargo", "echo cargo")])
        .env_clear()
        .envs([("JOB_COMPLETION_INDEX", "0"), ("PARTS", parts), ("PATH", "/bin:/usr/bin")])
        .output()
        .unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains("--shard 1/16 --out /class/grades/shard-1"), "{shown}");
    let merge = yaml("kubernetes/merge.yaml");
    assert_eq!(merge["spec"]["template"]["spec"]["restartPolicy"], "Never");
}

#[test]
fn the_github_matrix_has_a_job_that_merges_its_shards() {
    let workflow = yaml("github-actions/grade.yml");
    let jobs = &workflow["jobs"];
    let parts = jobs["grade"]["strategy"]["matrix"]["part"].as_sequence().unwrap();
    let expected: Vec<Value> = (1..=parts.len() as u64).map(Value::from).collect();
    assert_eq!(*parts, expected, "shards are counted from 1");
    assert_eq!(jobs["merge"]["needs"], "grade");
}

#[test]
fn no_workflow_inserts_an_expression_into_a_script() {
    for name in ["github-actions/grade.yml", "classroom/classroom.yml"] {
        let workflow = yaml(name);
        for (_, job) in workflow["jobs"].as_mapping().unwrap() {
            for step in job["steps"].as_sequence().unwrap() {
                let script = step["run"].as_str().unwrap_or_default();
                assert!(!script.contains("${{"), "{name}: {script}");
            }
        }
    }
}

#[test]
fn the_classroom_workflow_has_the_names_that_classroom_looks_for() {
    let workflow = yaml("classroom/classroom.yml");
    assert_eq!(workflow["name"], "Autograding Tests");
    let jobs = workflow["jobs"].as_mapping().unwrap();
    assert_eq!(jobs.keys().collect::<Vec<_>>(), ["run-autograding-tests"]);
    let steps = jobs["run-autograding-tests"]["steps"].as_sequence().unwrap();
    let reporter = steps.last().unwrap();
    let runner = reporter["with"]["runners"].as_str().unwrap();
    assert!(steps.iter().any(|step| step["id"] == runner));
    let variable = format!("{}_RESULTS", runner.to_uppercase());
    let value = reporter["env"][variable.as_str()].as_str().unwrap();
    assert_eq!(value, format!("${{{{ steps.{runner}.outputs.result }}}}"));
}

#[test]
fn the_classroom_workflow_has_no_secret_and_checks_the_grader() {
    let text = fs::read_to_string(folder().join("classroom/classroom.yml")).unwrap();
    for forbidden in ["secrets.", "token:", "github.token", "GITHUB_TOKEN", "pull_request_target"] {
        assert!(!text.contains(forbidden), "{forbidden}");
    }
    let workflow = yaml("classroom/classroom.yml");
    let permissions = workflow["permissions"].as_mapping().unwrap();
    assert_eq!(permissions.len(), 1);
    assert_eq!(workflow["permissions"]["contents"], "read");
    let steps = workflow["jobs"]["run-autograding-tests"]["steps"].as_sequence().unwrap();
    for step in steps.iter().filter(|step| step["uses"].as_str().is_some_and(is_checkout)) {
        assert_eq!(step["with"]["persist-credentials"], false);
    }
    let scripts: Vec<_> = steps.iter().filter_map(|step| step["run"].as_str()).collect();
    assert!(scripts.iter().any(|script| script.contains("sha256sum --check")));
}

fn is_checkout(action: &str) -> bool {
    action.starts_with("actions/checkout@")
}

/// Runs the workflow's step `proof` with a grader that is a script. Returns the exit status, the
/// log, and the step's outputs.
fn proof_step(grader: &str) -> (i32, String, String) {
    let workflow = yaml("classroom/classroom.yml");
    let steps = workflow["jobs"]["run-autograding-tests"]["steps"].as_sequence().unwrap();
    let step = steps.iter().find(|step| step["id"] == "proof").unwrap();
    let temporary = tempfile::tempdir().unwrap();
    let path = |name: &str| temporary.path().join(name);
    fs::create_dir_all(path("source/bin")).unwrap();
    let settings = "LESSON=w03-l02\nFOLDER=lessons/x\nOPTIONS=(--visibility visible)\n";
    fs::write(path("source/settings"), settings).unwrap();
    fs::write(path("source/bin/grade"), format!("#!/bin/bash\n{grader}\n")).unwrap();
    fs::copy(folder().join("gradescope/run_autograder"), path("source/run_autograder")).unwrap();
    for name in ["bin/grade", "run_autograder"] {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(path("source").join(name), mode).unwrap();
    }
    let place = temporary.path().display().to_string();
    let script = step["run"].as_str().unwrap().replace("/autograder/", &format!("{place}/"));
    // GitHub runs each script with these options.
    let output = Command::new("bash")
        .args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", &script])
        .envs([("AUTOGRADER", place.as_str()), ("RUNNER_TEMP", &place)])
        .env("GITHUB_OUTPUT", path("outputs"))
        .current_dir(temporary.path())
        .output()
        .unwrap();
    let outputs = fs::read_to_string(path("outputs")).unwrap_or_default();
    let log = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), log, outputs)
}

#[test]
fn the_classroom_step_prints_the_log_and_sets_the_result() {
    let grader = "[[ $* == *'--lesson w03-l02'*'--format classroom'* ]] || exit 3\n\
                  while (($# > 5)); do shift; done\n\
                  echo e30= >\"$2\"; echo '::group::x' >\"$4\"; [[ $5 == */submission ]]";
    let (status, log, outputs) = proof_step(grader);
    assert_eq!((status, log.as_str(), outputs.as_str()), (0, "::group::x\n", "result=e30=\n"));
}

#[test]
fn the_classroom_step_fails_without_a_result_if_the_grader_fails() {
    let grader = "while (($# > 5)); do shift; done\n\
                  echo e30= >\"$2\"; echo 'not observed' >\"$4\"; exit 2";
    let (status, log, outputs) = proof_step(grader);
    assert_eq!((status, log.as_str(), outputs.as_str()), (2, "not observed\n", ""));
    assert_eq!(proof_step("exit 2"), (2, String::new(), String::new()));
}

#[test]
fn the_prairielearn_question_starts_an_existing_script() {
    let text = fs::read_to_string(folder().join("prairielearn/info.json")).unwrap();
    let info: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(info["gradingMethod"], "External");
    let entry = info["externalGradingOptions"]["entrypoint"].as_str().unwrap();
    let inside = entry.split(' ').next().unwrap().strip_prefix("/course/").unwrap();
    assert!(folder().join("../../..").join(inside).is_file(), "{inside}");
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("platforms")
}

fn yaml(name: &str) -> Value {
    serde_norway::from_str(&fs::read_to_string(folder().join(name)).unwrap()).unwrap()
}

/// The text of every file in `platforms`, by its path.
fn texts() -> BTreeMap<PathBuf, String> {
    let texts = files::all(&folder()).into_iter();
    let texts: BTreeMap<_, _> = texts
        .map(|(name, bytes)| (folder().join(name), String::from_utf8(bytes).unwrap()))
        .collect();
    assert!(texts.len() > 10);
    texts
}

/// The text after each `cargo xtask` in a file, up to the end of the command.
fn calls(text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ").replace("\n              --", " --");
    let calls = joined.lines().flat_map(|line| line.split("cargo xtask ").skip(1));
    calls
        .map(|call| call.split(['>', ']', '&', '`']).next().unwrap_or_default().to_owned())
        .collect()
}

fn flags(call: &str) -> BTreeSet<String> {
    let words = call.split_whitespace().filter(|word| word.starts_with("--"));
    words.map(|word| word.trim_end_matches('"').to_owned()).collect()
}
