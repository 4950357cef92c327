//! Draws a chart of a run as an SVG image, which needs no other file.

use course::timeline::{Chart, Row};
use std::fmt::Write;

/// The measures of the drawing, in pixels.
const ROW: usize = 20;
const TOP: usize = 84;
const TIME: usize = 70;
/// The widths of the columns: as much as their texts need, within these limits.
const NARROWEST: usize = 120;
const PROGRAM: usize = 400;
const CLIENT: usize = 230;
const BOTTOM: usize = 30;
/// The width of the line of a lane that works, and of one that sleeps.
const WORKS: usize = 5;
const SLEEPS: usize = 1;
const MARGIN: usize = 16;
/// The base line of the text in a row, from the top of the row.
const BASE: usize = 14;
/// The width of a character, of a character of the title, and of the space between a lane and its
/// text.
const CHARACTER: usize = 8;
const WIDE_CHARACTER: usize = 9;
const GAP: usize = 12;

const STYLE: &str = "\
text{font:13px ui-monospace,Menlo,Consolas,monospace;fill:#1f2328}\
.title{font-weight:bold;font-size:15px}.name{font-weight:bold}.faint{fill:#59636e}\
.step{font-weight:bold;fill:#0550ae}.print{fill:#116329}.failed{fill:#9a6700}\
.fault{font-weight:bold;fill:#b42318}.lane{stroke:#59636e}.client{stroke:#818b98}\
.arrow{stroke:#0550ae;fill:none;stroke-width:1.5}.tip{fill:#0550ae}\
.ground{fill:#fff}.band{fill:#f6f8fa}.mark{stroke:#b42318;stroke-width:2}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.faint{fill:#9198a1}.step{fill:#79c0ff}\
.print{fill:#7ee787}.failed{fill:#e3b341}.fault{fill:#ff7b72}.lane{stroke:#9198a1}\
.client{stroke:#6e7681}.arrow{stroke:#79c0ff}.tip{fill:#79c0ff}.ground{fill:#0d1117}\
.band{fill:#161b22}.mark{stroke:#ff7b72}}";

/// The drawing of a chart. `failure` is what was wrong in the end; the drawing marks the last row then.
///
/// The element `<desc>` tells the same in words (SVG 2, 5.8): for readers who see no images, and for
/// [`description`].
pub fn chart_svg(chart: &Chart, title: &str, failure: Option<&str>) -> String {
    let places = places(chart);
    let least = title.chars().count() * WIDE_CHARACTER + 2 * MARGIN;
    let width = (places[chart.columns.len()] + BOTTOM).max(least);
    let failure_rows = failure.map_or(0, |text| wrapped(text, width).len());
    let tops = tops(chart, width);
    let end = tops[chart.rows.len()];
    let height = end + failure_rows * ROW + BOTTOM;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\">\n<title>{0}</title>\n{BEGIN}{1}{END}\n<style>{STYLE}</style>\n\
         <rect class=\"ground\" width=\"{width}\" height=\"{height}\"/>\n",
        escaped(title),
        escaped(&in_words(chart, failure))
    );
    text(&mut svg, MARGIN, 28, "title", title);
    text(&mut svg, MARGIN, 62, "faint", "ms");
    for (number, column) in chart.columns.iter().enumerate() {
        text(&mut svg, places[number], 62, "name", &column.name);
    }
    lanes(&mut svg, chart, &places, &tops);
    if chart.left_out > 0 {
        let note = format!("… {} events before", chart.left_out);
        text(&mut svg, TIME, TOP - 6, "faint", &note);
    }
    for (row, top) in chart.rows.iter().zip(&tops) {
        match row.column {
            None => step(&mut svg, row, *top, width),
            Some(column) => event(&mut svg, row, column, *top, &places),
        }
    }
    if let Some(failure) = failure {
        let _ = writeln!(svg, "<path class=\"mark\" d=\"M{MARGIN} {end}H{}\"/>", width - MARGIN);
        for (number, line) in wrapped(failure, width).iter().enumerate() {
            text(&mut svg, MARGIN, end + 18 + number * ROW, "fault", line);
        }
    }
    svg + "</svg>\n"
}

/// The element that tells in words what the drawing shows.
const BEGIN: &str = "<desc>";
const END: &str = "</desc>";

/// What a drawing of [`chart_svg`] shows, in words and without times. `None` if `svg` is no such
/// drawing.
pub fn description(svg: &str) -> Option<&str> {
    let (_, after) = svg.split_once(BEGIN)?;
    after.split_once(END).map(|(text, _)| text)
}

/// The steps, the calls, and what was wrong in the end.
fn in_words(chart: &Chart, failure: Option<&str>) -> String {
    let steps = chart.rows.iter().filter(|row| row.column.is_none());
    let mut words: String = steps.map(|row| format!("{}. ", row.text)).collect();
    let _ = write!(words, "The program calls {}.", chart.calls.join(", "));
    if let Some(failure) = failure {
        let _ = write!(words, " {failure}");
    }
    words
}

/// The place of each column's lane, from the left, and the right edge of the last column.
fn places(chart: &Chart) -> Vec<usize> {
    let mut places = vec![TIME];
    for (number, column) in chart.columns.iter().enumerate() {
        let texts = chart.rows.iter().filter(|row| row.column == Some(number));
        let longest = texts.map(|row| row.text.chars().count()).max().unwrap_or(0);
        let widest = if column.is_client { CLIENT } else { PROGRAM };
        let width = (longest * CHARACTER + 2 * GAP).clamp(NARROWEST, widest);
        places.push(places[number] + width);
    }
    places
}

/// The place of each row, from the top, and the end of the last row. A long step has several lines.
fn tops(chart: &Chart, width: usize) -> Vec<usize> {
    let mut tops = vec![TOP];
    for (number, row) in chart.rows.iter().enumerate() {
        let lines = if row.column.is_none() { wrapped(&row.text, width).len() } else { 1 };
        tops.push(tops[number] + lines * ROW);
    }
    tops
}

/// The line of each lane: thick while a thread works, thin and broken while it sleeps.
fn lanes(svg: &mut String, chart: &Chart, places: &[usize], tops: &[usize]) {
    for (number, column) in chart.columns.iter().enumerate() {
        let (x, class) = (places[number], if column.is_client { "client" } else { "lane" });
        let rows = chart.rows.iter().zip(tops).zip(&tops[1..]);
        for ((row, from), to) in rows.filter(|((row, _), _)| column.exists(row.at)) {
            let rests = column.is_client || chart.sleeps(number, row.at);
            let (thick, dash) = match rests {
                true => (SLEEPS, if column.is_client { "" } else { " stroke-dasharray=\"2 4\"" }),
                false => (WORKS, ""),
            };
            let _ = writeln!(
                svg,
                "<path class=\"{class}\" stroke-width=\"{thick}\"{dash} d=\"M{x} {from}V{to}\"/>"
            );
        }
    }
}

/// A step of the check, on a band over the whole width.
fn step(svg: &mut String, row: &Row, top: usize, width: usize) {
    let lines = wrapped(&row.text, width);
    let height = lines.len() * ROW;
    let _ =
        writeln!(svg, "<rect class=\"band\" y=\"{top}\" width=\"{width}\" height=\"{height}\"/>");
    for (number, line) in lines.iter().enumerate() {
        text(svg, MARGIN, top + BASE + number * ROW, "step", line);
    }
}

/// What a process, a thread or a client has done.
fn event(svg: &mut String, row: &Row, column: usize, top: usize, places: &[usize]) {
    let base = top + BASE;
    let x = places[column];
    let most = (places[column + 1] - x - 2 * GAP) / CHARACTER;
    let class = match (row.has_failed, row.is_print) {
        (true, _) => "failed",
        (_, true) => "print",
        _ => "",
    };
    text(svg, MARGIN, base, "faint", &format!("{:.1}", row.at.as_secs_f64() * 1e3));
    let _ = write!(svg, "<g><title>{}</title>", escaped(&row.text));
    text(svg, x + GAP, base, class, &cut(&row.text, most));
    svg.push_str("</g>\n");
    if let Some(to) = row.to {
        arrow(svg, x, places[to], top + ROW - 3);
    }
}

fn arrow(svg: &mut String, from: usize, to: usize, y: usize) {
    let tip = if to < from { to + 8 } else { to.saturating_sub(8) };
    let _ = writeln!(
        svg,
        "<path class=\"arrow\" d=\"M{from} {y}H{to}\"/>\
         <path class=\"tip\" d=\"M{to} {y}L{tip} {}V{}Z\"/>",
        y - 4,
        y + 4
    );
}

fn text(svg: &mut String, x: usize, y: usize, class: &str, text: &str) {
    let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" class=\"{class}\">{}</text>", escaped(text));
}

/// The first `most` characters.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn wrapped(text: &str, width: usize) -> Vec<String> {
    let lines = textwrap::wrap(text, (width.saturating_sub(2 * MARGIN) / WIDE_CHARACTER).max(20));
    lines.into_iter().map(|line| line.into_owned()).collect()
}

/// The text as XML has it (XML 1.0, sections 2.2 and 2.4). XML permits no control characters.
fn escaped(text: &str) -> String {
    let mut safe = String::new();
    for character in text.chars() {
        match character {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\u{fffe}' | '\u{ffff}' => safe.push('\u{fffd}'),
            _ if character.is_control() => safe.extend(character.escape_default()),
            _ => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use course::timeline::Column;
    use std::time::Duration;

    #[test]
    fn a_hostile_text_stays_text() {
        let column = |name: &str, is_client| {
            let (from, until) = (Duration::ZERO, Duration::MAX);
            Column { name: name.to_owned(), is_client, from, until }
        };
        let row = Row {
            at: Duration::from_millis(1),
            column: Some(1),
            text: "sends \"</text><script>\u{1}\"".to_owned(),
            to: Some(0),
            is_print: false,
            has_failed: false,
        };
        let columns = vec![column("program", false), column("A", true)];
        let chart = Chart { columns, rows: vec![row], ..Chart::default() };
        let svg = chart_svg(&chart, "a & b", Some("<failure>"));
        assert!(!svg.contains("<script>") && !svg.contains('\u{1}'), "{svg}");
        assert_eq!(description(&svg), Some("The program calls . &lt;failure&gt;"));
        assert!(svg.contains("a &amp; b") && svg.contains("&lt;failure&gt;"), "{svg}");
    }
}
