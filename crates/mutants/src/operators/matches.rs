//! The arms and the patterns of a `match`.

use super::Operator::Match;
use super::collector::{Collector, quoted, range};
use syn::{Arm, ExprMatch, Pat, PatOr};

/// An arm, or a case of its pattern, is removed if another arm takes its values. Two arms in a row
/// have each other's bodies.
pub(super) fn of_match(collector: &mut Collector<'_>, expr: &ExprMatch) {
    for (index, arm) in expr.arms.iter().enumerate() {
        let is_taken = expr.arms[index + 1..].iter().any(takes_everything);
        if arm.guard.is_some() || is_taken {
            collector.drop(Match, arm);
        }
        if let (Pat::Or(or), true) = (&arm.pat, is_taken) {
            drop_cases(collector, or);
        }
    }
    for pair in expr.arms.windows(2) {
        swap_bodies(collector, &pair[0], &pair[1]);
    }
}

/// Whether an arm takes every value: `_`, or a name.
fn takes_everything(arm: &Arm) -> bool {
    let is_binding = match &arm.pat {
        Pat::Wild(_) => true,
        Pat::Ident(name) => name.ident.to_string().starts_with(char::is_lowercase),
        _ => false,
    };
    is_binding && arm.guard.is_none()
}

fn swap_bodies(collector: &mut Collector<'_>, first: &Arm, second: &Arm) {
    let [one, two] = [&first.body, &second.body].map(|body| collector.text_of(body));
    if one == two {
        return;
    }
    let (start, end) = (range(&first.body), range(&second.body));
    let between = collector.slice(start.end..end.start);
    // Braces separate the arms, even where no comma follows the body.
    let replacement = format!("{{ {two} }}{between}{{ {one} }}");
    let [left, right] = [&first.pat, &second.pat].map(|pat| quoted(collector.text_of(pat)));
    let what = format!("swapped the bodies of `{left}` and `{right}`");
    collector.add(Match, start.start..end.end, replacement, what);
}

/// Each case of a pattern inside another pattern is removed, as in `Err(A | B)`.
pub(super) fn of_pattern(collector: &mut Collector<'_>, pat: &Pat) {
    if let (Pat::Or(or), true) = (pat, collector.patterns > 0) {
        drop_cases(collector, or);
    }
}

/// Each case of `A | B` is removed.
fn drop_cases(collector: &mut Collector<'_>, or: &PatOr) {
    for dropped in 0..or.cases.len() {
        let kept = or.cases.iter().enumerate().filter(|(index, _)| *index != dropped);
        let kept: Vec<_> = kept.map(|(_, case)| collector.text_of(case)).collect();
        let what =
            format!("dropped the pattern `{}`", quoted(collector.text_of(&or.cases[dropped])));
        collector.add(Match, range(or), kept.join(" | "), what);
    }
}
