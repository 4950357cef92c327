//! JUnit XML, with a test suite for each student and lesson, and a test case for each criterion.
//!
//! A criterion that failed is a `failure`. An inconclusive criterion is an `error`, because its
//! cause is the machine and not the server.
//!
//! The file is valid against two schemas that consumers check: `junit-10.xsd` of Jenkins' xUnit
//! plugin, and windyroad's `JUnit.xsd`, which is the format of Apache Ant. Only the second one asks
//! for `package`, `id`, `hostname`, `timestamp` (a UTC time without a zone), `system-out` and
//! `system-err`, and it permits no attribute of `testsuites`.

use super::{Class, clusters, plain};
use crate::model::{BuildStatus, CriterionGrade, LessonGrade, Submission, Verdict};
use anyhow::{Context, Result};
use course::report::Status;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io;
use std::path::Path;
use terminal::output;

/// The maximum number of lines that are written of a compiler's output.
const LINES: usize = 200;

/// Writes the results of the class to the file `to`. The file is replaced atomically: a reader sees
/// either the old file or the complete new file.
///
/// # Errors
/// The file cannot be written.
pub fn write(class: &Class<'_>, to: &Path) -> Result<()> {
    let text = document(class).context("cannot write JUnit XML")?;
    output::replace(to, &text)
}

/// One test case.
struct Case {
    name: String,
    /// In seconds.
    time: f64,
    outcome: Outcome,
}

/// The outcome of a test case.
enum Outcome {
    Success,
    /// The element that shows the outcome.
    Other(Element),
}

/// The element `skipped`, `failure` or `error` of a test case.
struct Element {
    name: &'static str,
    message: String,
    /// The attribute `type`, which `skipped` does not have.
    kind: String,
    text: String,
}

type Xml = Writer<Vec<u8>>;

fn document(class: &Class<'_>) -> io::Result<Vec<u8>> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let suites = class
        .submissions
        .iter()
        .flat_map(|submission| submission.lessons.iter().map(move |grade| (submission, grade)));
    xml.create_element("testsuites").write_inner_content(|xml| {
        for (id, (submission, grade)) in suites.enumerate() {
            suite(xml, class, id, submission, grade)?;
        }
        Ok(())
    })?;
    let mut text = xml.into_inner();
    text.push(b'\n');
    Ok(text)
}

fn suite(
    xml: &mut Xml,
    class: &Class<'_>,
    id: usize,
    submission: &Submission,
    grade: &LessonGrade,
) -> io::Result<()> {
    let student = plain::line(&submission.student, plain::MAX_LINE);
    let classname = format!("{student}.{}", grade.lesson);
    let cases: Vec<_> =
        whole(grade).into_iter().chain(grade.criteria.iter().map(criterion)).collect();
    let count = |name: &str| cases.iter().filter(|case| case.element() == Some(name)).count();
    let attributes = [
        ("name", format!("{student} {}", grade.lesson)),
        ("package", non_empty(plain::line(class.name, plain::MAX_LINE))),
        ("id", id.to_string()),
        ("hostname", "localhost".to_owned()),
        ("timestamp", timestamp(submission, grade)),
        ("tests", cases.len().to_string()),
        ("failures", count("failure").to_string()),
        ("errors", count("error").to_string()),
        ("skipped", count("skipped").to_string()),
        ("time", seconds(grade.build.seconds + grade.seconds)),
    ];
    let attributes = attributes.iter().map(|(name, value)| (*name, value.as_str()));
    xml.create_element("testsuite").with_attributes(attributes).write_inner_content(|xml| {
        properties(xml, submission, grade)?;
        for case in &cases {
            write_case(xml, case, &classname)?;
        }
        xml.create_element("system-out").write_empty()?;
        xml.create_element("system-err").write_empty()?;
        Ok(())
    })?;
    Ok(())
}

fn properties(xml: &mut Xml, submission: &Submission, grade: &LessonGrade) -> io::Result<()> {
    let properties = [
        ("verdict", plain::verdict(grade.verdict).to_owned()),
        ("isolation", plain::line(&grade.isolation, plain::MAX_LINE)),
        ("submission", plain::line(&submission.digest, plain::MAX_LINE)),
    ];
    xml.create_element("properties").write_inner_content(|xml| {
        for (name, value) in &properties {
            let attributes = [("name", *name), ("value", value)];
            xml.create_element("property").with_attributes(attributes).write_empty()?;
        }
        Ok(())
    })?;
    Ok(())
}

fn write_case(xml: &mut Xml, case: &Case, classname: &str) -> io::Result<()> {
    let time = seconds(case.time);
    let attributes = [("name", case.name.as_str()), ("classname", classname), ("time", &time)];
    let start = xml.create_element("testcase").with_attributes(attributes);
    match &case.outcome {
        Outcome::Success => start.write_empty()?,
        Outcome::Other(element) => start.write_inner_content(|xml| {
            let mut attributes = vec![("message", element.message.as_str())];
            if element.name != "skipped" {
                attributes.push(("type", &element.kind));
            }
            let start = xml.create_element(element.name).with_attributes(attributes);
            start.write_text_content(BytesText::new(&element.text))?;
            Ok(())
        })?,
    };
    Ok(())
}

impl Case {
    /// The name of the element that shows the outcome. `None` if the test case is a success.
    fn element(&self) -> Option<&'static str> {
        match &self.outcome {
            Outcome::Success => None,
            Outcome::Other(element) => Some(element.name),
        }
    }
}

/// The test case for the build. It shows whether the build made a program. `None` if nothing had to
/// be built.
fn whole(grade: &LessonGrade) -> Option<Case> {
    let reason = plain::line(&grade.reason, plain::MAX_LINE);
    let not_built = |name, message: &str, text: String| {
        let (message, kind) = (message.to_owned(), "build".to_owned());
        Outcome::Other(Element { name, message, kind, text })
    };
    let outcome = match (grade.verdict, grade.build.status) {
        (Verdict::Refused, _) => not_built("failure", "refused", reason),
        (Verdict::Missing | Verdict::NotHandedIn, _) => {
            not_built("skipped", "nothing was handed in", String::new())
        }
        (_, BuildStatus::Failed) => {
            let output = plain::lines(&grade.build.message, LINES).join("\n");
            not_built("failure", &clusters::first_error(&grade.build.message), output)
        }
        (Verdict::Inconclusive, _) if !reason.is_empty() => {
            not_built("error", "could not be graded", reason)
        }
        (_, BuildStatus::Ok) => Outcome::Success,
        (_, BuildStatus::None) => return None,
    };
    Some(Case { name: "build".to_owned(), time: grade.build.seconds, outcome })
}

fn criterion(grade: &CriterionGrade) -> Case {
    let element = |name| {
        let (id, summary) = match &grade.cause {
            Some(cause) => (cause.id.as_str(), cause.summary.as_str()),
            None => (plain::status(grade.status), "the cause is not known"),
        };
        Outcome::Other(Element {
            name,
            message: plain::line(summary, plain::MAX_LINE),
            kind: plain::line(id, plain::MAX_LINE),
            text: plain::failure(grade),
        })
    };
    let outcome = match grade.status {
        Status::Proved => Outcome::Success,
        Status::Failed => element("failure"),
        Status::Inconclusive => element("error"),
        Status::Skipped => element("skipped"),
    };
    let name = plain::line(&format!("{}: {}", grade.id, grade.text), plain::MAX_LINE);
    Case { name, time: grade.millis / 1e3, outcome }
}

/// When the lesson was graded, or else when it was handed in, as UTC without a zone. A lesson for
/// which neither is known has the beginning of 1970.
fn timestamp(submission: &Submission, grade: &LessonGrade) -> String {
    let known = grade.graded.or(submission.submitted.map(|time| time.seconds)).unwrap_or(0);
    let time = jiff::Timestamp::from_second(known).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    time.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

/// A number of seconds with milliseconds; zero if it is negative, infinite or not a number.
fn seconds(seconds: f64) -> String {
    format!("{:.3}", if seconds.is_finite() { seconds.max(0.0) } else { 0.0 })
}

/// `text`, or `class` if it is empty: the schemas want an attribute with at least one character.
fn non_empty(text: String) -> String {
    if text.trim().is_empty() { "class".to_owned() } else { text }
}
