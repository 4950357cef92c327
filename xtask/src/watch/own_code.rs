//! The student's code in its regions, and which criteria a change can touch.

use course::lesson::Lesson;
use programs::own_files;
use std::collections::{BTreeMap, BTreeSet};
use terminal::paths;

/// The code of each region, by the region's titles, with the numbers of its tasks.
#[derive(Default)]
pub(super) struct OwnCode {
    regions: BTreeMap<Vec<String>, (Vec<u32>, String)>,
}

impl OwnCode {
    /// Reads the student's code. Empty if it is not known which code is the student's.
    pub(super) fn read(lesson: &Lesson) -> Self {
        let files = own_files::of_lesson(&paths::root(), lesson).unwrap_or_default();
        let mut regions = BTreeMap::new();
        for file in &files {
            let present = file.present.as_deref().unwrap_or_default();
            let lines: Vec<_> = present.lines().collect();
            for region in file.regions() {
                let text = lines.get(region.present.clone()).unwrap_or_default().join("\n");
                regions.insert(region.titles, (region.tasks, text));
            }
        }
        Self { regions }
    }

    /// The criteria of the tasks whose code differs between the two, in the lesson's order. Empty if
    /// only other code differs.
    pub(super) fn touched(&self, earlier: &Self, lesson: &Lesson) -> Vec<String> {
        let is_new = |titles: &Vec<String>, region| earlier.regions.get(titles) != Some(region);
        let changed = self.regions.iter().filter(|(titles, region)| is_new(titles, region));
        let tasks: BTreeSet<_> = changed.flat_map(|(_, (tasks, _))| tasks).collect();
        let criteria = lesson.criteria.iter().filter(|each| tasks.contains(&each.task));
        criteria.map(|each| each.id.clone()).collect()
    }
}

// <staff>
#[cfg(test)]
mod tests {
    use super::*;
    use course::catalogue::Course;

    fn code(parts: &[(u32, &str)]) -> OwnCode {
        let region = |(task, text): &(u32, &str)| {
            (vec![format!("Task {task}: x")], (vec![*task], (*text).to_owned()))
        };
        OwnCode { regions: parts.iter().map(region).collect() }
    }

    #[test]
    fn a_change_touches_the_criteria_of_its_task() {
        let course = Course::open(paths::root()).unwrap();
        let lesson = course.lesson("w03-l02").unwrap();
        let before = code(&[(1, "a"), (3, "b")]);
        let touched = code(&[(1, "a"), (3, "c")]).touched(&before, lesson);
        assert!(touched.contains(&"no-fd-leak".to_owned()), "{touched:?}");
        assert!(!touched.contains(&"starts".to_owned()), "{touched:?}");
        assert!(before.touched(&before, lesson).is_empty());
    }
}
// </staff>
