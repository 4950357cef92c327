//! A student who works through the tasks in order meets no surprise. Each task's Test proves the
//! reference code of the tasks so far and names the next task. A `todo!` that is left is named.

mod support;

use course::catalogue::Course;
use course::lesson::{Lesson, Task};
use programs::starter_regions;
use programs::variants::{self, Sources, Variant};
use serde_json::Value;
use std::path::Path;
use support::programs::command_line;
use support::{command, stdout_of};
use terminal::paths;

#[test]
fn each_task_is_proved_by_its_test_and_each_todo_is_named() {
    let course = Course::open(paths::root()).unwrap();
    let proved = course.lessons().iter().filter(|lesson| proofs::of(&lesson.id).is_some());
    let missing: Vec<_> = proved.flat_map(missing_rungs).collect();
    assert!(missing.is_empty(), "{} missing rungs:\n{}", missing.len(), missing.join("\n"));
}

/// What is wrong with the tasks of a lesson, one text for each fault.
fn missing_rungs(lesson: &Lesson) -> Vec<String> {
    let folder = paths::root().join(lesson.folder());
    let solution = variants::sources(&folder).unwrap();
    let variants: Vec<_> =
        lesson.tasks.iter().flat_map(|it| variants(lesson, it, &solution)).collect();
    let workspace = paths::target().join("ladder").join(&lesson.id);
    let built = variants::build(&workspace, &folder, &variants).unwrap();
    let programs = built.all().unwrap_or_else(|errors| panic!("{}:\n{errors}", lesson.id));
    let mut missing = Vec::new();
    for (task, programs) in lesson.tasks.iter().zip(programs.chunks_exact(2)) {
        let faults =
            [test_proves(lesson, task, &programs[0]), todo_is_named(lesson, task, &programs[1])];
        let place = format!("{} task {}", lesson.id, task.number);
        missing.extend(
            faults.into_iter().filter_map(Result::err).map(|fault| format!("{place}: {fault}")),
        );
    }
    missing
}

/// The solution of the tasks up to `task` alone, and the solution without this task.
fn variants(lesson: &Lesson, task: &Task, solution: &Sources) -> [Variant; 2] {
    let variant = |name: &str, is_done: &dyn Fn(u32) -> bool| Variant {
        name: format!("{}-{name}-{}", lesson.id, task.number),
        sources: solution
            .iter()
            .map(|(path, text)| (path.clone(), source(path, text, is_done)))
            .collect(),
    };
    [
        variant("until", &|number| number <= task.number),
        variant("without", &|number| number != task.number),
    ]
}

fn source(path: &Path, text: &str, is_done: impl Fn(u32) -> bool) -> String {
    if !path.starts_with("solution") {
        return text.to_owned();
    }
    starter_regions::partial(text, is_done).unwrap()
}

/// The Test of `task` proves the program, and names the next task.
fn test_proves(lesson: &Lesson, task: &Task, program: &Path) -> Result<(), String> {
    let next = task.number + 1;
    let line = command_line([program]);
    for test in &task.test_commands {
        let output = command().args(test.arguments()).args(["--cmd", &line]).assert();
        let shown = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
        if output.get_output().status.code() != Some(0) {
            return Err(format!("`{}` does not prove the tasks so far:\n{shown}", test.command));
        }
        let is_last = next as usize > lesson.tasks.len();
        if !is_last && !stdout_of(&output).contains(&format!("next: Task {next}")) {
            return Err(format!("`{}` does not name task {next}:\n{shown}", test.command));
        }
    }
    Ok(())
}

/// The proof of a program that lacks only `task` names this task in its first failure.
fn todo_is_named(lesson: &Lesson, task: &Task, program: &Path) -> Result<(), String> {
    let line = command_line([program]);
    let words = ["prove", &lesson.id, "--format", "json", "--cmd", &line];
    let output = command().args(words).assert();
    let report: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    let report = &report["lessons"][0];
    if report["verdict"] != "not-yet" {
        return Err(format!("without it, the lesson is {}", report["verdict"]));
    }
    let criteria = report["criteria"].as_array().unwrap();
    let failed = criteria.iter().find(|criterion| criterion["status"] == "failed").unwrap();
    let todo = format!("Task {}:", task.number);
    let (id, cause) = (&failed["id"], &failed["cause"]);
    if cause.to_string().contains(&todo) {
        return Ok(());
    }
    Err(format!("without it, {id} fails first, and does not name it: {}", cause["summary"]))
}
