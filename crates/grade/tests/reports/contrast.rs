//! Colours that can be read: contrast as WCAG 2.2 counts it (1.4.3, 1.4.11), from the style sheet.

use std::collections::HashMap;

const STYLE: &str = include_str!("../../src/report/html/style.css");

/// Text on what it stands on.
const TEXT: [(&str, &str); 24] = [
    ("ink", "paper"),
    ("ink", "sheet"),
    ("ink", "wash"),
    ("quiet", "paper"),
    ("quiet", "sheet"),
    ("quiet", "wash"),
    ("link", "paper"),
    ("link", "sheet"),
    ("link", "wash"),
    ("good", "paper"),
    ("good", "sheet"),
    ("good", "wash"),
    ("good", "good-wash"),
    ("bad", "paper"),
    ("bad", "sheet"),
    ("bad", "wash"),
    ("bad", "bad-wash"),
    ("unsure", "paper"),
    ("unsure", "sheet"),
    ("unsure", "wash"),
    ("unsure", "unsure-wash"),
    ("ink", "bad-wash"),
    ("quiet", "bad-wash"),
    ("quiet", "unsure-wash"),
];
/// Lines and bars that mean something, on what they stand on.
const SHAPES: [(&str, &str); 4] =
    [("edge", "paper"), ("link", "paper"), ("good", "paper"), ("bad", "paper")];

type Colours = HashMap<String, [f64; 3]>;

/// The colours of the light and of the dark scheme.
fn schemes() -> [Colours; 2] {
    let (light, rest) = STYLE.split_once("@media (prefers-color-scheme: dark)").unwrap();
    let dark = rest.split_once("\n}").unwrap().0;
    [light, dark].map(colours)
}

fn colours(css: &str) -> Colours {
    let declared = css.split(';').filter_map(|part| part.rsplit_once("--")?.1.split_once(": #"));
    let channel = |hex: &str, at: usize| {
        let value = f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.04045 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    declared.map(|(name, hex)| (name.to_owned(), [0, 2, 4].map(|at| channel(hex, at)))).collect()
}

fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let luminance = |[red, green, blue]: [f64; 3]| 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

#[test]
fn text_and_shapes_stand_out_in_light_and_dark() {
    for (scheme, colours) in ["light", "dark"].iter().zip(schemes()) {
        assert_eq!(colours.len(), 14, "{scheme}");
        for (pairs, least) in [(&TEXT[..], 4.5), (&SHAPES[..], 3.0)] {
            for (front, back) in pairs {
                let found = contrast(colours[*front], colours[*back]);
                assert!(found >= least, "{scheme}: {front} on {back} is {found:.2} to 1");
            }
        }
    }
}

#[test]
fn black_on_white_is_21_to_1() {
    let colours = colours("--a: #000000; --b: #ffffff;");
    assert!((contrast(colours["a"], colours["b"]) - 21.0).abs() < 1e-9);
}

#[test]
fn colours_come_from_the_variables_alone() {
    let rules = STYLE.split_once("*, ::before").unwrap().1;
    assert!(!rules.contains('#') && !rules.contains("rgb") && !rules.contains("hsl"));
    assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
}
