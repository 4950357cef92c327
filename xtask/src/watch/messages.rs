//! The messages of a round's process: one JSON object in a line.

use course::report::{Cause, CriterionReport, ProgramKind, Status, Step, Table, Todo};
use serde::{Deserialize, Serialize};

/// What a round's process has found.
#[derive(Serialize, Deserialize)]
pub(super) enum Message {
    /// The build has ended.
    Built {
        kind: ProgramKind,
        name: String,
        /// The isolation level of the servers.
        isolation: Option<String>,
        /// The compiler's messages, in colour if the terminal has colour, if the build failed.
        errors: Option<String>,
        /// The build's wall time in milliseconds.
        millis: f64,
        /// The tasks and the places of the `todo!`s that are left.
        todos: Vec<(Option<u32>, String)>,
    },
    /// A criterion was checked.
    Criterion { id: String, status: Status, millis: f64, cause: Option<Whole> },
    /// Every criterion was checked.
    End {
        /// The proof's wall time in milliseconds.
        millis: f64,
    },
    /// There is no verdict, for example because cargo cannot run.
    Error { text: String },
}

/// A whole cause. (The JSON report has shortened steps and tables.)
#[derive(Serialize, Deserialize)]
pub(super) struct Whole(#[serde(with = "WholeCause")] pub(super) Cause);

#[derive(Serialize, Deserialize)]
#[serde(remote = "Cause")]
struct WholeCause {
    id: String,
    mistake: Option<String>,
    summary: String,
    steps: Vec<Step>,
    expected: String,
    observed: String,
    exit: Option<String>,
    evidence: Vec<Table>,
    replay: String,
}

impl Message {
    /// The message about a criterion.
    pub(super) fn criterion(report: &CriterionReport) -> Self {
        Self::Criterion {
            id: report.id.clone(),
            status: report.status,
            millis: report.millis,
            cause: report.cause.clone().map(Whole),
        }
    }

    /// The tasks and the places of `todo!`s.
    pub(super) fn todos(todos: &[Todo]) -> Vec<(Option<u32>, String)> {
        todos.iter().map(|todo| (todo.task, todo.place.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use course::report::Row;

    #[test]
    fn a_cause_arrives_whole() {
        let step = Step {
            did: "A connected".into(),
            logged: vec!["[ACCEPT]".into()],
            printed: vec!["mine\n".into()],
        };
        let row = Row { wrong: true, text: "5  CLOSE_WAIT".into() };
        let cause = Cause {
            id: "fd-leak".into(),
            exit: Some("was killed".into()),
            steps: vec![step.clone()],
            evidence: vec![Table { title: "kernel".into(), rows: vec![row.clone()] }],
            ..Cause::default()
        };
        let sent = Message::Criterion {
            id: "x".into(),
            status: Status::Failed,
            millis: 1.5,
            cause: Some(Whole(cause)),
        };
        let line = serde_json::to_string(&sent).unwrap();
        assert!(!line.contains('\n'), "{line}");
        let Ok(Message::Criterion { cause: Some(Whole(cause)), .. }) = serde_json::from_str(&line)
        else {
            panic!("{line}")
        };
        assert_eq!((cause.steps, cause.exit.as_deref()), (vec![step], Some("was killed")));
        assert_eq!(cause.evidence[0].rows, [row]);
    }
}
