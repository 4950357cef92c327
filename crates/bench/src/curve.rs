//! Draws a figure of poll and of epoll over the number of clients. The SVG has colours for light and
//! for dark pages.

use anyhow::{Result, anyhow};
use plotters::prelude::*;
use std::fs;
use std::path::Path;

/// What the axes show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Labels {
    /// What the number of clients counts.
    pub(crate) x: &'static str,
    /// The figure, with its unit.
    pub(crate) y: &'static str,
}

/// The measurement for one number of clients: one point of each curve.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    /// The number of clients.
    pub(crate) clients: usize,
    /// The figure with poll.
    pub(crate) poll: f64,
    /// The figure with epoll.
    pub(crate) epoll: f64,
}

const SIZE: (u32, u32) = (720, 400);
const FONT: (&str, u32) = ("sans-serif", 15);

/// The colours that plotters writes. [`with_style`] replaces each colour by a variable of
/// [`STYLE`].
const TEXT: RGBColor = RGBColor(1, 1, 1);
const GRID: RGBColor = RGBColor(2, 2, 2);
const POLL: RGBColor = RGBColor(3, 3, 3);
const EPOLL: RGBColor = RGBColor(4, 4, 4);

const STYLE: &str = "
<style>
  svg { --text: #424a53; --grid: #d8dee4; --poll: #bc4c00; --epoll: #0969da }
  @media (prefers-color-scheme: dark) {
    svg { --text: #b7bdc8; --grid: #3d444d; --poll: #f0883e; --epoll: #58a6ff }
  }
</style>
";

/// Draws both curves into `file`.
///
/// # Errors
/// There are no points, or the file cannot be written.
pub(crate) fn draw(file: &Path, labels: Labels, points: &[Point]) -> Result<()> {
    let svg = draw_chart(labels, points).map_err(|error| anyhow!("{error}"))?;
    Ok(fs::write(file, with_style(&svg))?)
}

fn draw_chart(labels: Labels, points: &[Point]) -> Result<String, Box<dyn std::error::Error + '_>> {
    let last = points.last().ok_or("there is nothing to draw")?;
    let highest = points.iter().fold(0.0, |most: f64, point| most.max(point.poll).max(point.epoll));
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        let mut chart = ChartBuilder::on(&area)
            .margin(16)
            .margin_right(72)
            .x_label_area_size(48)
            .y_label_area_size(64)
            .build_cartesian_2d(0.0..last.clients as f64, 0.0..highest * 1.05)?;
        chart
            .configure_mesh()
            .x_desc(labels.x)
            .y_desc(labels.y)
            .x_label_formatter(&|clients| format!("{clients:.0}"))
            .y_label_formatter(&|time| format!("{time:.0}"))
            .label_style(FONT.into_font().color(&TEXT))
            .axis_style(TEXT)
            .bold_line_style(GRID)
            .light_line_style(TRANSPARENT)
            .draw()?;
        let poll = points.iter().map(|point| (point.clients as f64, point.poll));
        let epoll = points.iter().map(|point| (point.clients as f64, point.epoll));
        let curves: [(&str, RGBColor, Vec<_>); 2] =
            [("poll", POLL, poll.collect()), ("epoll", EPOLL, epoll.collect())];
        for (name, colour, curve) in curves {
            let end = curve[curve.len() - 1];
            chart.draw_series(LineSeries::new(curve.iter().copied(), colour.stroke_width(2)))?;
            chart.draw_series(curve.iter().map(|at| Circle::new(*at, 4, colour.filled())))?;
            let label = FONT.into_font().color(&colour);
            let text = Text::new(name, (10, -8), label);
            chart.draw_series([EmptyElement::at(end) + text])?;
        }
        area.present()?;
    }
    Ok(svg)
}

/// Adds [`STYLE`], and replaces the colours that plotters wrote by the style's variables.
fn with_style(svg: &str) -> String {
    let names = [("010101", "text"), ("020202", "grid"), ("030303", "poll"), ("040404", "epoll")];
    let mut svg = svg.to_owned();
    for (number, name) in names {
        svg = svg.replace(&format!("\"#{number}\""), &format!("\"var(--{name})\""));
    }
    let start = svg.find('>').map_or(0, |end| end + 1);
    svg.insert_str(start, STYLE.trim_end());
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: Labels = Labels { x: "idle clients", y: "round trip, µs" };
    const POINTS: [Point; 2] = [
        Point { clients: 10, poll: 52.0, epoll: 51.0 },
        Point { clients: 9_000, poll: 1_655.0, epoll: 53.0 },
    ];

    #[test]
    fn every_colour_is_a_variable_of_the_style() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("curve.svg");
        draw(&file, LABELS, &POINTS).unwrap();
        let svg = fs::read_to_string(file).unwrap();
        for name in ["text", "grid", "poll", "epoll"] {
            assert!(svg.contains(&format!("var(--{name})")), "{name}: {svg}");
        }
        assert!(!svg.contains("\"#"), "{svg}");
        assert!(svg.contains("round trip") && svg.contains("idle clients"), "{svg}");
    }

    #[test]
    fn a_curve_without_points_is_an_error() {
        let error = draw(Path::new("/dev/null"), LABELS, &[]).unwrap_err();
        assert_eq!(error.to_string(), "there is nothing to draw");
    }
}
