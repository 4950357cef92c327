//! `grade --check-only`: who handed in what and when, and what is wrong with it. Nothing is built.

use crate::intake::{self, ClassSources, Content, Rejection, SubmissionSource};
use crate::model::{HandInTime, TimeSource};
use crate::report::plain;
use anyhow::Result;
use course::catalogue::Course;
use terminal::outcome::Outcome;
use terminal::show::{Line, Screen, amount, hanging, wrapped};

/// The columns of the table, from 0: the lesson, the time, and the state.
const LESSON: usize = 19;
const TIME: usize = 29;
const STATE: usize = 46;
/// The column in which the texts below a row begin.
const TEXT: usize = 13;
/// The maximum number of files in a list.
const MAX_FILES: usize = 30;

/// One submission, after it was read.
struct Row<'a> {
    source: &'a SubmissionSource,
    time: Option<HandInTime>,
    content: Result<Content, Rejection>,
}

/// Shows the table of the class. `ids` are the lessons of `--lesson`; without any, each submission is
/// read for all lessons that it contains.
///
/// # Errors
/// A lesson does not exist, or standard output fails.
pub(super) fn run(
    course: &Course,
    ids: &[String],
    class: &ClassSources,
    screen: &mut Screen,
) -> Result<Outcome> {
    let named = terminal::lessons::named(course, ids)?;
    let ids: Vec<_> =
        named.iter().filter(|_| !ids.is_empty()).map(|lesson| lesson.id.clone()).collect();
    screen.show(&head())?;
    let mut rows = Vec::new();
    for source in &class.sources {
        let content = intake::read(source, course, &ids);
        let row = Row { source, time: source.time(), content };
        screen.show_all(&row.lines(screen.width()))?;
        rows.push(row);
    }
    screen.show_all(&summary(&rows, class, screen.width()))?;
    let is_unusable = rows.iter().any(Row::is_unusable) || class.unusable > 0;
    Ok(Outcome::of_differences(is_unusable))
}

fn head() -> Line {
    let head = Line::new().faint("student").to(LESSON).faint("lesson");
    head.to(TIME).faint("handed in (UTC)").to(STATE).faint("state")
}

impl Row<'_> {
    fn is_unusable(&self) -> bool {
        matches!(self.content, Err(Rejection::Refused(_) | Rejection::Unreadable(_)))
    }

    /// The row, and below it the files, the notes, and what is wrong.
    fn lines(&self, width: usize) -> Vec<Line> {
        let name = Line::new().strong(&plain::line(&self.source.student, width));
        let mut lines = Vec::new();
        // A long name has a line of its own.
        let first = match name.width() + 2 > LESSON {
            true => {
                lines.push(name);
                Line::new()
            }
            false => name,
        };
        let time = self.time.and_then(|time| plain::time(time.seconds)).unwrap_or_default();
        let time = time.trim_end_matches(" UTC");
        let row = first.to(LESSON).plain(&self.lessons()).to(TIME);
        let row = row.plain(if time.is_empty() { "-" } else { time }).to(STATE);
        lines.push(match &self.content {
            Ok(content) if content.projects.is_empty() => row.unsure("missing"),
            Ok(_) => row.good("ok"),
            Err(Rejection::NotHandedIn) => row.unsure("not handed in"),
            Err(_) => row.bad("unusable"),
        });
        for (label, text) in self.texts() {
            let start = Line::new().plain("  ").faint(label);
            lines.extend(hanging(start, TEXT, &text, width.saturating_sub(TEXT), Line::plain));
        }
        lines
    }

    /// The lessons of the submission, or their number if there are several.
    fn lessons(&self) -> String {
        let Ok(content) = &self.content else { return "-".to_owned() };
        let mut ids = content.projects.keys();
        match (ids.next(), content.projects.len()) {
            (Some(id), 1) => id.clone(),
            (_, 0) => "-".to_owned(),
            (_, several) => amount(several, "lesson"),
        }
    }

    /// The texts below the row, each with its label.
    fn texts(&self) -> Vec<(&'static str, String)> {
        let content = match &self.content {
            Ok(content) => content,
            Err(Rejection::NotHandedIn) => return Vec::new(),
            Err(rejection) => {
                let notes = self.source.notes.iter().map(|note| ("note", note.clone()));
                return notes.chain([("wrong", rejection.to_string())]).collect();
            }
        };
        let is_single = content.files.lessons.len() == 1;
        let mut texts = Vec::new();
        for files in &content.files.lessons {
            let lesson = if is_single { String::new() } else { format!("{}: ", files.lesson) };
            texts.push(("used", format!("{lesson}{}", listed(&files.used))));
            if !files.filled_in.is_empty() {
                texts.push(("filled in", format!("{lesson}{}", listed(&files.filled_in))));
            }
        }
        let ignored = content.files.ignored.iter();
        let ignored: Vec<_> = ignored.map(|file| format!("{} ({})", file.path, file.why)).collect();
        if !ignored.is_empty() {
            texts.push(("ignored", listed(&ignored)));
        }
        texts.extend(content.notes.iter().map(|note| ("note", note.clone())));
        texts
    }
}

fn listed(names: &[String]) -> String {
    let more = names.len().saturating_sub(MAX_FILES);
    let shown = names[..names.len() - more].join(", ");
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}

/// The numbers of the class, and the problems of the instructor's files.
fn summary(rows: &[Row<'_>], class: &ClassSources, width: usize) -> Vec<Line> {
    let count = |test: &dyn Fn(&Row<'_>) -> bool| rows.iter().filter(|row| test(row)).count();
    let has_project = |row: &Row<'_>| row.content.as_ref().is_ok_and(|it| !it.projects.is_empty());
    let is_missing = |row: &Row<'_>| row.content.as_ref().is_ok_and(|it| it.projects.is_empty());
    let is_absent = |row: &Row<'_>| matches!(row.content, Err(Rejection::NotHandedIn));
    let from = |source| count(&|row| row.time.is_some_and(|time| time.source == source));
    let all = rows.len() - count(&is_absent);
    let texts = [
        format!(
            "{}: {} ok, {} missing, {} unusable; {} not handed in",
            amount(all, "submission"),
            count(&has_project),
            count(&is_missing),
            count(&|row| row.is_unusable()),
            count(&is_absent)
        ),
        format!(
            "time known for {} of {all}: {} from the file of times, {} from the platform, {} from \
             commits; without a time there is no late penalty",
            count(&|row| row.time.is_some()),
            from(TimeSource::TimesFile),
            from(TimeSource::Platform),
            from(TimeSource::Commit)
        ),
    ];
    let mut lines = vec![Line::new()];
    for text in texts {
        lines.extend(wrapped(&text, width).iter().map(|piece| Line::new().plain(piece)));
    }
    for problem in &class.problems {
        lines.extend(hanging(Line::new(), 0, problem, width, Line::unsure));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use terminal::paths;

    #[test]
    fn the_table_fits_a_narrow_screen() {
        let home = tempfile::tempdir().unwrap();
        let name = "a name that is longer than its column of the table";
        let files = ["server.rs.txt", "notes.txt", "a file with a name of several words.pdf"];
        for student in [name, "bob"] {
            std::fs::create_dir(home.path().join(student)).unwrap();
            for file in files {
                std::fs::write(home.path().join(student).join(file), "x").unwrap();
            }
        }
        let class = intake::find(home.path(), &intake::ClassFiles::default()).unwrap();
        let course = Course::open(paths::root()).unwrap();
        for width in [60, 100] {
            let mut screen = Screen::in_memory(width);
            let outcome = run(&course, &["w03-l02".to_owned()], &class, &mut screen).unwrap();
            assert_eq!(outcome, Outcome::Success);
            let text = screen.text();
            let longest = text.lines().map(|line| line.chars().count()).max();
            assert!(longest.is_some_and(|longest| longest <= width), "{longest:?}:\n{text}");
            assert!(text.contains("server.rs.txt counts as server.rs"), "{text}");
        }
    }
}
