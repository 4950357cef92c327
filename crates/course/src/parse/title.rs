//! A lesson's title: `# Lesson 2 (2/7): Accept & Track Many Clients`.

use super::front_matter::FrontMatter;
use crate::problem::Collector;

/// Reports a title whose number or text differs from the front matter.
pub(crate) fn check(heading: &str, line: usize, front: &FrontMatter, problems: &mut Collector) {
    let FrontMatter { order, title, .. } = front;
    // A field that is missing in the front matter is already reported.
    let comparable = *order > 0 && !title.is_empty();
    if comparable && parts(heading) != Some((*order, title)) {
        let message = format!(
            "the title differs from the front matter; write `# Lesson {order} ({order}/…): {title}`"
        );
        problems.at(line, message);
    }
}

/// The number and the title of a heading. The heading has the number twice, as in
/// `Lesson 2 (2/7): Title`.
fn parts(heading: &str) -> Option<(u32, &str)> {
    let (number, rest) = heading.strip_prefix("Lesson ")?.split_once(" (")?;
    let (place, title) = rest.split_once("): ")?;
    let (place, of) = place.split_once('/')?;
    let number = number.parse().ok()?;
    let (place, of): (u32, u32) = (place.parse().ok()?, of.parse().ok()?);
    (place == number && place <= of).then_some((number, title))
}
