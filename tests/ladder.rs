//! A student who works through the tasks in order meets no surprise. Each task's Test proves the
//! reference code of the tasks so far and names the next task. A `todo!` that is left is named.

mod support;

use assert_cmd::Command;
use assert_cmd::assert::Assert;
use course::catalogue::Course;
use course::lesson::{Lesson, Task};
use programs::starter_regions::{self, Region};
use programs::variants::{self, Sources, Variant};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::thread;
use support::programs::command_line;
use support::{command, stdout_of};
use terminal::paths;

#[test]
#[ignore = "takes minutes: proves a hundred variants of the solutions"]
fn each_test_proves_its_task_and_each_todo_is_named() {
    let course = Course::open(paths::root()).unwrap();
    let proved: Vec<_> =
        course.lessons().iter().filter(|lesson| proofs::of(&lesson.id).is_some()).collect();
    // Two lessons are proved at the same time, because a proof waits for its program most of the
    // time.
    let of_half = |half: usize| -> Vec<_> {
        proved.iter().skip(half).step_by(2).flat_map(|lesson| missing_rungs(lesson)).collect()
    };
    let missing = thread::scope(|scope| {
        let other = scope.spawn(|| of_half(1));
        [of_half(0), other.join().unwrap()].concat()
    });
    assert!(missing.is_empty(), "{} missing rungs:\n{}", missing.len(), missing.join("\n"));
}

/// What is wrong with the tasks of a lesson, one text for each fault.
fn missing_rungs(lesson: &Lesson) -> Vec<String> {
    let folder = paths::root().join(lesson.folder());
    let solution = variants::sources(&folder).unwrap();
    let regions = regions(&solution);
    let until = |task: &Task| {
        let is_done = |region: &Region| region.task <= task.number;
        variant(format!("{}-until-{}", lesson.id, task.number), &solution, &|_, it| is_done(it))
    };
    let without = |(path, left): &(PathBuf, Region)| {
        let file = path.file_stem().unwrap().display();
        let name = format!("{}-without-{file}-{}", lesson.id, left.opens);
        variant(name, &solution, &|its_path, region| (its_path, region) != (path.as_path(), left))
    };
    let variants: Vec<_> =
        lesson.tasks.iter().map(until).chain(regions.iter().map(without)).collect();
    let workspace = paths::target().join("ladder").join(&lesson.id);
    let built = variants::build(&workspace, &folder, &variants).unwrap();
    let programs = built.all().unwrap_or_else(|errors| panic!("{}:\n{errors}", lesson.id));
    let (until, without) = programs.split_at(lesson.tasks.len());
    let tests = lesson.tasks.iter().zip(until).filter_map(|(task, program)| {
        let fault = test_proves(lesson, task, program).err()?;
        Some(format!("{} task {}: {fault}", lesson.id, task.number))
    });
    let todos = regions.iter().zip(without).filter_map(|((path, region), program)| {
        let fault = todo_is_named(lesson, region, program).err()?;
        let (path, line) = (lesson.folder().join(path), region.opens);
        Some(format!("{}:{line}: {}: {fault}", path.display(), region.todo()))
    });
    tests.chain(todos).collect()
}

/// The regions of a solution, each with the path of its file.
fn regions(solution: &Sources) -> Vec<(PathBuf, Region)> {
    let of = |(path, text): (&PathBuf, &String)| {
        let found = starter_regions::regions(text).unwrap();
        found.into_iter().map(|region| (path.clone(), region)).collect::<Vec<_>>()
    };
    solution.iter().filter(|(path, _)| path.starts_with("solution")).flat_map(of).collect()
}

/// The solution with a `todo!` for each region that is not done.
fn variant(name: String, solution: &Sources, is_done: &dyn Fn(&Path, &Region) -> bool) -> Variant {
    let source = |(path, text): (&PathBuf, &String)| {
        let text = match path.starts_with("solution") {
            true => starter_regions::partial(text, |region| is_done(path, region)).unwrap(),
            false => text.clone(),
        };
        (path.clone(), text)
    };
    Variant { name, sources: solution.iter().map(source).collect() }
}

/// The Test of `task` proves the program, and names the next task.
fn test_proves(lesson: &Lesson, task: &Task, program: &Path) -> Result<(), String> {
    let next = task.number + 1;
    let line = command_line([program]);
    for test in &task.test_commands {
        let output = judged(&|| {
            let mut prove = command();
            prove.args(test.arguments()).args(["--cmd", &line]);
            prove
        });
        let shown = String::from_utf8_lossy(&output.get_output().stdout).into_owned();
        if output.get_output().status.code() != Some(0) {
            return Err(format!("`{}` does not prove the tasks so far:\n{shown}", test.command));
        }
        let is_last = next as usize > lesson.tasks.len();
        if !is_last && !stdout_of(&output).contains(&format!("next: Task {next}: ")) {
            return Err(format!("`{}` does not name task {next}:\n{shown}", test.command));
        }
    }
    Ok(())
}

/// The output of a command that proves something. If the result is inconclusive, because the machine
/// is too busy, the command is run again.
fn judged(prove: &dyn Fn() -> Command) -> Assert {
    let mut output = prove().assert();
    for _ in 0..2 {
        if output.get_output().status.code() != Some(2) {
            break;
        }
        output = prove().assert();
    }
    output
}

/// The proof of a program that lacks only `region` names this region in its first failure.
fn todo_is_named(lesson: &Lesson, region: &Region, program: &Path) -> Result<(), String> {
    let line = command_line([program]);
    let output = judged(&|| {
        let mut prove = command();
        prove.args(["prove", &lesson.id, "--format", "json", "--cmd", &line]);
        prove
    });
    let report: Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    let report = &report["lessons"][0];
    if report["verdict"] != "not-yet" {
        return Err(format!("without it, the lesson is {}", report["verdict"]));
    }
    let criteria = report["criteria"].as_array().unwrap();
    let failed = criteria.iter().find(|criterion| criterion["status"] == "failed").unwrap();
    let (id, cause) = (&failed["id"], &failed["cause"]);
    if cause.to_string().contains(&region.todo()) {
        return Ok(());
    }
    Err(format!("without it, {id} fails first, and does not name it: {}", cause["summary"]))
}
