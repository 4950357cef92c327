//! The contrast of the style sheet's colours, computed as in WCAG 2.2 (1.4.3, 1.4.11).

use std::collections::HashMap;

const STYLE: &str = include_str!("../../src/report/html/style.css");

/// Pairs of a text colour and its background.
const TEXT: [(&str, &str); 24] = [
    ("text", "background"),
    ("text", "surface"),
    ("text", "shade"),
    ("text-muted", "background"),
    ("text-muted", "surface"),
    ("text-muted", "shade"),
    ("link", "background"),
    ("link", "surface"),
    ("link", "shade"),
    ("good", "background"),
    ("good", "surface"),
    ("good", "shade"),
    ("good", "good-background"),
    ("bad", "background"),
    ("bad", "surface"),
    ("bad", "shade"),
    ("bad", "bad-background"),
    ("unsure", "background"),
    ("unsure", "surface"),
    ("unsure", "shade"),
    ("unsure", "unsure-background"),
    ("text", "bad-background"),
    ("text-muted", "bad-background"),
    ("text-muted", "unsure-background"),
];
/// Pairs of the colour of a line or a bar that has a meaning, and the colour of the background.
const SHAPES: [(&str, &str); 4] = [
    ("border-strong", "background"),
    ("link", "background"),
    ("good", "background"),
    ("bad", "background"),
];

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
fn text_and_shapes_have_enough_contrast_in_both_schemes() {
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
fn rules_take_their_colours_from_variables() {
    let rules = STYLE.split_once("*, ::before").unwrap().1;
    assert!(!rules.contains('#') && !rules.contains("rgb") && !rules.contains("hsl"));
    assert!(!STYLE.contains("url(") && !STYLE.contains("@import"));
}
