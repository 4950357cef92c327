//! Draws a chart of a run as an SVG image, which needs no other file.

use course::timeline::{Chart, Column, Row};
use std::fmt::Write;

/// The measures of the drawing, in pixels.
const ROW: usize = 20;
const TOP: usize = 84;
const TIME: usize = 70;
const PROGRAM: usize = 400;
const CLIENT: usize = 230;
const BOTTOM: usize = 30;
/// The width of the line of a lane that works, and of one that sleeps.
const WORKS: usize = 5;
const SLEEPS: usize = 1;
/// The number of characters that fit beside a lane.
const OF_PROGRAM: usize = 54;
const OF_CLIENT: usize = 28;

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
pub fn chart_svg(chart: &Chart, title: &str, failure: Option<&str>) -> String {
    let width = TIME + chart.columns.iter().map(width_of).sum::<usize>() + BOTTOM;
    let failure_rows = failure.map_or(0, |text| wrapped(text, width).len());
    let end = TOP + chart.rows.len() * ROW;
    let height = end + failure_rows * ROW + BOTTOM;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" \
         height=\"{height}\" role=\"img\">\n<title>{0}</title>\n<style>{STYLE}</style>\n\
         <rect class=\"ground\" width=\"{width}\" height=\"{height}\"/>\n",
        escaped(title)
    );
    text(&mut svg, 16, 28, "title", title);
    text(&mut svg, 16, 62, "faint", "ms");
    for (number, column) in chart.columns.iter().enumerate() {
        text(&mut svg, place(&chart.columns, number), 62, "name", &column.name);
    }
    lanes(&mut svg, chart);
    if chart.left_out > 0 {
        let note = format!("… {} events before", chart.left_out);
        text(&mut svg, TIME, TOP - 6, "faint", &note);
    }
    for (number, row) in chart.rows.iter().enumerate() {
        draw(&mut svg, chart, row, TOP + number * ROW, width);
    }
    if let Some(failure) = failure {
        let _ = writeln!(svg, "<path class=\"mark\" d=\"M16 {end}H{}\"/>", width - 16);
        for (number, line) in wrapped(failure, width).iter().enumerate() {
            text(&mut svg, 16, end + 18 + number * ROW, "fault", line);
        }
    }
    svg + "</svg>\n"
}

fn width_of(column: &Column) -> usize {
    if column.is_client { CLIENT } else { PROGRAM }
}

/// The place of a column's lane, from the left.
fn place(columns: &[Column], number: usize) -> usize {
    TIME + columns[..number].iter().map(width_of).sum::<usize>()
}

/// The line of each lane: thick while a thread works, thin and broken while it sleeps.
fn lanes(svg: &mut String, chart: &Chart) {
    for (number, column) in chart.columns.iter().enumerate() {
        let (x, class) =
            (place(&chart.columns, number), if column.is_client { "client" } else { "lane" });
        for (row, number_of_row) in chart.rows.iter().zip(0..) {
            let (from, to) = (TOP + number_of_row * ROW, TOP + (number_of_row + 1) * ROW);
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

fn draw(svg: &mut String, chart: &Chart, row: &Row, top: usize, width: usize) {
    let base = top + 14;
    let Some(column) = row.column else {
        let _ =
            writeln!(svg, "<rect class=\"band\" y=\"{top}\" width=\"{width}\" height=\"{ROW}\"/>");
        text(svg, 16, base, "step", &cut(&row.text, width / 8));
        return;
    };
    let x = place(&chart.columns, column);
    let most = if chart.columns[column].is_client { OF_CLIENT } else { OF_PROGRAM };
    let class = match (row.has_failed, row.is_print) {
        (true, _) => "failed",
        (_, true) => "print",
        _ => "",
    };
    text(svg, 16, base, "faint", &format!("{:.1}", row.at.as_secs_f64() * 1e3));
    let _ = write!(svg, "<g><title>{}</title>", escaped(&row.text));
    text(svg, x + 12, base, class, &cut(&row.text, most));
    svg.push_str("</g>\n");
    if let Some(to) = row.to {
        arrow(svg, x, place(&chart.columns, to), top + ROW - 3);
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
    let lines = textwrap::wrap(text, (width / 9).max(20));
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
    use std::time::Duration;

    #[test]
    fn a_hostile_text_stays_text() {
        let column = |name: &str, is_client| Column { name: name.to_owned(), is_client };
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
        assert!(svg.contains("a &amp; b") && svg.contains("&lt;failure&gt;"), "{svg}");
    }
}
