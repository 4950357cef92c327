//! One line of styled text, built from left to right. Longer text is wrapped into several lines.

use super::visible;
use anstyle::{AnsiColor, Style};
use std::fmt::Write;
use textwrap::core::display_width;

/// A function that adds text to a line in a style, e.g. [`Line::faint`].
pub type AddText = fn(Line, &str) -> Line;

/// One line of styled text.
#[derive(Clone, Debug, Default)]
pub struct Line {
    spans: Vec<(Style, String)>,
}

impl Line {
    /// An empty line.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds text in the terminal's default style.
    pub fn plain(self, text: &str) -> Self {
        self.styled(Style::new(), text)
    }

    /// Adds text about a success, in green.
    pub fn good(self, text: &str) -> Self {
        self.styled(AnsiColor::Green.on_default(), text)
    }

    /// Adds text about a failure, in red.
    pub fn bad(self, text: &str) -> Self {
        self.styled(AnsiColor::Red.on_default(), text)
    }

    /// Adds text about something inconclusive, in yellow.
    pub fn unsure(self, text: &str) -> Self {
        self.styled(AnsiColor::Yellow.on_default(), text)
    }

    /// Adds bold text.
    pub fn strong(self, text: &str) -> Self {
        self.styled(Style::new().bold(), text)
    }

    /// Adds dim text.
    pub fn faint(self, text: &str) -> Self {
        self.styled(Style::new().dimmed(), text)
    }

    /// Adds spaces up to `column`, counted from 0. If the line is already longer, adds one space.
    pub fn to(self, column: usize) -> Self {
        let spaces = column.checked_sub(self.width()).unwrap_or(1);
        self.plain(&" ".repeat(spaces))
    }

    /// Adds another line's text.
    pub fn then(mut self, other: Line) -> Self {
        self.spans.extend(other.spans);
        self
    }

    /// The width of the line, in columns.
    pub fn width(&self) -> usize {
        self.spans.iter().map(|(_, text)| display_width(text)).sum()
    }

    /// The text without its styles.
    pub fn text(&self) -> String {
        self.spans.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// The pieces of the text, each with its style.
    pub fn spans(&self) -> impl Iterator<Item = (Style, &str)> {
        self.spans.iter().map(|(style, text)| (*style, text.as_str()))
    }

    /// The text with ANSI escapes for its styles.
    pub fn rendered(&self) -> String {
        self.spans.iter().fold(String::new(), |mut line, (style, text)| {
            // Writing to a String cannot fail.
            let _ = write!(line, "{style}{text}{style:#}");
            line
        })
    }

    fn styled(mut self, style: Style, text: &str) -> Self {
        if !text.is_empty() {
            let is_beginning = self.spans.iter().all(|(_, text)| text.trim().is_empty());
            let text = visible(text).replace("##[", "## [");
            let text = if is_beginning { without_command(&text) } else { text };
            self.spans.push((style, text));
        }
        self
    }
}

/// A line in which no text is a workflow command of GitHub Actions: `::error::` at the beginning, and
/// `##[group]` at any place. Otherwise the runner would execute a command in the output of an
/// untrusted program, or in the name of a file.
pub fn without_commands(line: &str) -> String {
    without_command(&line.replace("##[", "## ["))
}

fn without_command(line: &str) -> String {
    match line.trim_start().starts_with("::") {
        true => line.replacen("::", ": :", 1),
        false => line.to_owned(),
    }
}

/// Splits `text`, made [`visible`], into pieces of at most `width` columns. An empty text gives one
/// empty piece.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let text = visible(text);
    let splitter = textwrap::WordSplitter::NoHyphenation;
    let options = textwrap::Options::new(width.max(8)).word_splitter(splitter);
    textwrap::wrap(&text, options).into_iter().map(|piece| piece.into_owned()).collect()
}

/// Wraps `text` in the `room` columns from column `indent` on. `start` is the beginning of the
/// first line. Returns at least one line.
pub fn hanging(start: Line, indent: usize, text: &str, room: usize, add: AddText) -> Vec<Line> {
    let mut start = Some(start);
    let line = |piece: &String| add(start.take().unwrap_or_default().to(indent), piece);
    wrapped(text, room).iter().map(line).collect()
}

// <staff>
/// Places `items` in lines of at most `width` columns, with line breaks only between items.
pub(super) fn side_by_side<'a>(
    items: impl IntoIterator<Item = &'a str>,
    separator: &str,
    width: usize,
) -> Vec<String> {
    // No-break spaces keep an item in one line. An item that is longer than a line may break at any
    // space.
    let unbroken = |item: &str| match display_width(item) <= width {
        true => item.replace(' ', "\u{a0}"),
        false => item.to_owned(),
    };
    let items: Vec<_> = items.into_iter().map(unbroken).collect();
    let lines = wrapped(&items.join(separator), width);
    lines.into_iter().map(|line| line.replace('\u{a0}', " ")).collect()
}
// </staff>

/// The first `width` columns of `text`, made [`visible`]. `…` replaces the rest, if there is any.
pub fn cut(text: &str, width: usize) -> String {
    let text = visible(text);
    if display_width(&text) <= width {
        return text.into_owned();
    }
    let mut kept = String::new();
    for character in text.chars() {
        kept.push(character);
        if display_width(&kept) >= width {
            kept.pop();
            break;
        }
    }
    kept + "…"
}

/// `text` in `width` columns, made [`visible`]. If the text is longer, `…` replaces its middle.
pub(super) fn shortened(text: &str, width: usize) -> String {
    let text = visible(text);
    if display_width(&text) <= width {
        return text.into_owned();
    }
    // The end of a path tells more than its start. Therefore two thirds of the columns are for the
    // end.
    let start = cut(&text, width / 3);
    let room = width.saturating_sub(display_width(&start));
    let fits = |at: &usize| display_width(&text[*at..]) <= room;
    let end = text.char_indices().map(|(at, _)| at).find(fits).unwrap_or(text.len());
    start + &text[end..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_what_is_shown() {
        let line = Line::new().good("✓ ").plain("\x1b").to(8).plain("end");
        assert_eq!(line.text(), "✓ \\x1b  end");
        assert_eq!(line.width(), 11);
    }

    #[test]
    fn no_line_is_a_command_of_a_workflow() {
        for (text, shown) in [
            ("::error::x", ": :error::x"),
            ("##[group]x", "## [group]x"),
            ("a ##[x] b", "a ## [x] b"),
            ("std::fs", "std::fs"),
        ] {
            assert_eq!(Line::new().to(4).plain(text).text(), format!("    {shown}"));
            assert_eq!(without_commands(text), shown);
        }
        assert_eq!(Line::new().plain("at ").strong("::x::").text(), "at ::x::");
        let name = format!("{} ::error::x", "y".repeat(20));
        let lines = hanging(Line::new(), 2, &name, 20, Line::plain);
        assert_eq!(lines.last().map(Line::text).as_deref(), Some("  : :error::x"));
    }

    #[test]
    fn styles_end_where_their_text_ends() {
        let line = Line::new().bad("no").plain(" matter");
        assert_eq!(line.rendered(), "\x1b[31mno\x1b[0m matter");
    }

    #[test]
    fn a_long_command_keeps_its_start_and_more_of_its_end() {
        assert_eq!(shortened("python3 lessons/mine/server.py", 18), "pytho…ne/server.py");
        assert_eq!(shortened("./server", 18), "./server");
        assert_eq!(display_width(&shortened(&"服务器".repeat(20), 18)), 17);
    }

    #[test]
    fn a_long_word_is_broken_at_the_width() {
        let pieces = wrapped(&"x".repeat(30), 12);
        assert!(pieces.iter().all(|piece| piece.len() <= 12), "{pieces:?}");
    }
}
