//! The line at the bottom of the screen that names the keys.

use terminal::show::Line;

/// The number of keys at the end that always have their words.
const ALWAYS: usize = 2;

/// A line of at most `width` columns, if possible, for these keys, each with its word. In a narrow
/// window, only the last keys have words.
pub(crate) fn key_line<'a>(
    keys: impl IntoIterator<Item = (&'a str, &'a str)>,
    width: usize,
) -> Line {
    let keys: Vec<_> = keys.into_iter().collect();
    let joined = |words_from: usize, gap: &str| {
        keys.iter().enumerate().fold(Line::new(), |line, (index, (key, word))| {
            let line = if index == 0 { line } else { line.faint(gap) };
            let line = line.strong(key);
            if index >= words_from { line.faint(" ").faint(word) } else { line }
        })
    };
    let lines = [joined(0, " · "), joined(0, "  "), joined(0, " ")];
    let short = joined(keys.len().saturating_sub(ALWAYS), " ");
    lines.into_iter().find(|line| line.width() <= width).unwrap_or(short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_fits_the_window() {
        let keys = [("h", "hint"), ("t", "text"), ("?", "keys"), ("q", "quit")];
        let text = |width| key_line(keys, width).text();
        assert_eq!(text(33), "h hint · t text · ? keys · q quit");
        assert_eq!(text(32), "h hint  t text  ? keys  q quit");
        assert_eq!(text(29), "h hint t text ? keys q quit");
        assert_eq!(text(26), "h t ? keys q quit");
    }
}
