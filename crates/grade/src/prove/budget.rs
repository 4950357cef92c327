//! The time in which the criteria of one submission's lesson are checked.

use crate::model::{Cause, CriterionGrade};
use course::report::{CriterionReport, Status};
use proofs::{Budget, OUT_OF_TIME, OVER_BUDGET};

/// The report of a check, in words about the submission if the check was not reached.
pub(super) fn apply(budget: &Budget, mut report: CriterionReport) -> CriterionReport {
    if let Some(cause) = report.cause.as_mut().filter(|cause| cause.id == OVER_BUDGET) {
        cause.summary = summary(budget);
    }
    report
}

/// The final results. If the budget was used up, a check that took too long counts as not reached:
/// the submission, and not the machine, is slow.
pub(super) fn complete(budget: &Budget, mut grades: Vec<CriterionGrade>) -> Vec<CriterionGrade> {
    let is_slow = |grade: &CriterionGrade| {
        grade.status == Status::Inconclusive
            && grade.cause.as_ref().is_some_and(|cause| cause.id == OUT_OF_TIME)
    };
    if budget.is_used_up() {
        for grade in grades.iter_mut().filter(|grade| is_slow(grade)) {
            let (id, summary) = (OVER_BUDGET.to_owned(), summary(budget));
            grade.status = Status::Skipped;
            grade.cause = Some(Cause { id, summary, ..Cause::default() });
        }
    }
    grades
}

fn summary(budget: &Budget) -> String {
    format!("not run: the submission's budget of {} s was used up", budget.total().as_secs())
}

/// Whether a criterion was not checked because the budget was used up.
pub(crate) fn is_over_budget(criterion: &CriterionGrade) -> bool {
    criterion.cause.as_ref().is_some_and(|cause| cause.id == OVER_BUDGET)
}

#[cfg(test)]
mod tests {
    use super::*;
    use course::lesson::Kind;
    use std::time::Duration;

    fn grade(status: Status, id: &str) -> CriterionGrade {
        let cause = Cause { id: id.to_owned(), ..Cause::default() };
        CriterionGrade {
            id: "slots".to_owned(),
            kind: Kind::Prove,
            task: 1,
            text: String::new(),
            status,
            runs: 0,
            failed: 0,
            millis: 0.0,
            cause: Some(cause),
        }
    }

    #[test]
    fn a_slow_check_is_the_submission_s_fault_only_if_the_budget_is_used_up() {
        let slow = || vec![grade(Status::Inconclusive, OUT_OF_TIME)];
        let used_up = complete(&Budget::new(Duration::ZERO), slow());
        assert_eq!(used_up[0].status, Status::Skipped);
        assert!(used_up[0].cause.as_ref().unwrap().summary.contains("budget of 0 s"));
        assert_eq!(complete(&Budget::new(Duration::from_secs(60)), slow()), slow());
    }

    #[test]
    fn a_fault_of_the_machine_stays_inconclusive() {
        let unseen = vec![grade(Status::Inconclusive, "unseen")];
        assert_eq!(complete(&Budget::new(Duration::ZERO), unseen.clone()), unseen);
    }
}
