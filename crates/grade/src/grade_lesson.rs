//! One lesson of one submission: built, asked, graded.

use crate::ask;
use crate::build::{Builder, Built};
use crate::intake::Project;
use crate::model::{Build, BuildStatus, CriterionGrade, LessonGrade, Verdict};
use anyhow::Result;
use course::lesson::Lesson;
use course::report::Status;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;
use witness::Tier;

/// Grades one lesson. Where the grader itself or the machine fails, that is the answer: inconclusive,
/// with the reason. `found` is told of each criterion as soon as it is known.
pub fn grade(
    lesson: &Lesson,
    project: &Project,
    builder: &Builder<'_>,
    isolation: Tier,
    found: &mut dyn FnMut(&CriterionGrade),
) -> LessonGrade {
    let graded = catch_unwind(AssertUnwindSafe(|| {
        let built = builder.build(&lesson.id, project)?;
        asked(lesson, built, isolation, found)
    }));
    match graded {
        Ok(Ok(grade)) => grade,
        Ok(Err(error)) => ungraded(lesson, Verdict::Inconclusive, &format!("{error:#}")),
        Err(_) => {
            ungraded(lesson, Verdict::Inconclusive, "the grader has stopped in the middle of it")
        }
    }
}

/// The grade of a lesson for which nothing ran.
pub fn ungraded(lesson: &Lesson, verdict: Verdict, reason: &str) -> LessonGrade {
    LessonGrade {
        lesson: lesson.id.clone(),
        title: lesson.title.clone(),
        verdict,
        reason: reason.to_owned(),
        isolation: String::new(),
        build: Build { status: BuildStatus::None, seconds: 0.0, message: String::new() },
        seconds: 0.0,
        criteria: ask::unasked(lesson, reason),
    }
}

fn asked(
    lesson: &Lesson,
    built: Built,
    isolation: Tier,
    found: &mut dyn FnMut(&CriterionGrade),
) -> Result<LessonGrade> {
    let seconds = built.elapsed.as_secs_f64();
    let status = if built.was_needed { BuildStatus::Ok } else { BuildStatus::None };
    let program = match built.result {
        Ok(program) => program,
        Err(message) => {
            let criteria = ask::unasked(lesson, "it stands on a server that compiles");
            criteria.iter().for_each(found);
            let build = Build { status: BuildStatus::Failed, seconds, message };
            return Ok(LessonGrade { build, criteria, ..ungraded(lesson, Verdict::NotYet, "") });
        }
    };
    let begun = Instant::now();
    let criteria = ask::ask(lesson, &program, isolation, found)?;
    Ok(LessonGrade {
        verdict: verdict(&criteria),
        reason: unseen(&criteria),
        isolation: isolation.to_string(),
        build: Build { status, seconds, message: String::new() },
        seconds: begun.elapsed().as_secs_f64(),
        criteria,
        ..ungraded(lesson, Verdict::Proved, "")
    })
}

/// What was not seen may be worth points: then no verdict is passed on the rest either.
fn verdict(criteria: &[CriterionGrade]) -> Verdict {
    let any = |status| criteria.iter().any(|criterion| criterion.status == status);
    if any(Status::Inconclusive) {
        Verdict::Inconclusive
    } else if any(Status::Failed) || any(Status::Skipped) || criteria.is_empty() {
        Verdict::NotYet
    } else {
        Verdict::Proved
    }
}

/// The first reason why something was not seen; empty where everything was.
fn unseen(criteria: &[CriterionGrade]) -> String {
    let mut unseen = criteria.iter().filter(|it| it.status == Status::Inconclusive);
    let cause = unseen.find_map(|criterion| criterion.cause.as_ref());
    cause.map_or_else(String::new, |cause| cause.summary.clone())
}
