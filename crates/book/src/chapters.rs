//! The sources of the book: a chapter for each lesson, a title page, and the order of the chapters.

use anyhow::{Context, Result};
use course::lesson::Lesson;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Writes the sources of the book into the folder `to`. `root` is the course's root folder.
///
/// # Errors
/// A lesson's text or picture cannot be read, or a file cannot be written.
pub(crate) fn write(root: &Path, lessons: &[&Lesson], to: &Path) -> Result<()> {
    let src = to.join("src");
    put(&src.join("SUMMARY.md"), &summary(lessons))?;
    put(&src.join("index.md"), &title_page(lessons))?;
    put(&to.join("lessons.css"), include_str!("lessons.css"))?;
    for lesson in lessons {
        write_chapter(root, lesson, &src)?;
    }
    Ok(())
}

/// Writes a lesson's text, and copies the pictures that it shows.
fn write_chapter(root: &Path, lesson: &Lesson, src: &Path) -> Result<()> {
    let file = root.join(&lesson.path);
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    let chapter = src.join(chapter_path(lesson));
    put(&chapter, without_front_matter(&text))?;
    for picture in pictures(&text) {
        let from = file.with_file_name(picture);
        let to = chapter.with_file_name(picture);
        fs::copy(&from, to).with_context(|| from.display().to_string())?;
    }
    Ok(())
}

/// The order of the chapters, with a heading for each week (mdBook, "SUMMARY.md").
fn summary(lessons: &[&Lesson]) -> String {
    let mut text = "# Summary\n\n[The course](index.md)\n".to_owned();
    let mut last_week = None;
    for lesson in lessons {
        let week = week(lesson);
        if last_week != Some(week) {
            let _ = writeln!(text, "\n# Week {week}\n");
            last_week = Some(week);
        }
        let _ = writeln!(text, "- [{}]({})", heading(lesson), chapter_path(lesson));
    }
    text
}

/// The first page: the lessons with their goals.
fn title_page(lessons: &[&Lesson]) -> String {
    let mut text = "# sockproof\n\n\
        Learn to write network servers. In each lesson you write a server, and `cargo xtask prove` \
        asks the kernel what your server really did.\n\n"
        .to_owned();
    for lesson in lessons {
        let goal = lesson.goal.markdown.replace('\n', " ");
        let (name, path) = (heading(lesson), chapter_path(lesson));
        let _ = writeln!(text, "- [{name}]({path}), {} minutes  \n  {goal}", lesson.duration_min);
    }
    text
}

/// The name of a lesson's chapter.
fn heading(lesson: &Lesson) -> String {
    format!("{} {}", lesson.id, lesson.title)
}

/// The number of the lesson's week without leading zeros: `3` for `w03-l02`.
fn week(lesson: &Lesson) -> &str {
    let week = lesson.id.split('-').next().unwrap_or_default();
    week.trim_start_matches('w').trim_start_matches('0')
}

/// The path of a lesson's chapter in the book's sources.
fn chapter_path(lesson: &Lesson) -> String {
    let folder = lesson.path.parent().and_then(Path::file_name).unwrap_or_default();
    format!("{}/lesson.md", folder.to_string_lossy())
}

/// The text after the front matter, which is between two lines `---`.
fn without_front_matter(text: &str) -> &str {
    let after = text.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n"));
    after.map_or(text, |(_, body)| body)
}

/// The pictures in a text that are files beside it.
fn pictures(text: &str) -> impl Iterator<Item = &str> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next());
    links.filter(|link| !link.contains([':', '#']) && !link.ends_with(".md"))
}

fn put(path: &Path, text: &str) -> Result<()> {
    let write = || -> std::io::Result<()> {
        fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
        fs::write(path, text)
    };
    write().with_context(|| format!("{}: cannot write it", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_front_matter_is_left_out() {
        assert_eq!(without_front_matter("---\nid: w01-l01\n---\n\n# Title\n"), "\n# Title\n");
        assert_eq!(without_front_matter("# Title\n---\n"), "# Title\n---\n");
    }

    #[test]
    fn pictures_are_files_beside_the_text() {
        let text = "![A curve](curve.svg) [fork(2)](https://man7.org/) [above](#task) ![B](b.png)";
        assert_eq!(pictures(text).collect::<Vec<_>>(), ["curve.svg", "b.png"]);
    }
}
