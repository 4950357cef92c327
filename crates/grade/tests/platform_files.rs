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
    calls.map(|call| call.split(['>', ']', '&']).next().unwrap_or_default().to_owned()).collect()
}

fn flags(call: &str) -> BTreeSet<String> {
    let words = call.split_whitespace().filter(|word| word.starts_with("--"));
    words.map(|word| word.trim_end_matches('"').to_owned()).collect()
}
