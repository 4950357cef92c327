//! Tests of classes, rosters, times and metadata with generated texts.

use crate::class::{class, students};
use crate::found;
use grade::intake::{self, ClassFiles};
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fs;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_roster_and_times_give_one_name_for_each_submission(
        roster in "(id,name,email,files,extension,late_days\n)?([a-c,\"\n*\\[{?é;0-9d-]|ada|bob){0,60}",
        times in "([a-c,\"\nZT:+0-9-]|ada|bob|2026-10-09T23:59:00Z){0,40}",
        metadata in "(submission_1:\n  :submitters:\n  - :name: )?[a-z:&*!\n \\[{0-9-]{0,40}",
    ) {
        let home = class(&[
            ("ada/server.rs", "x"),
            ("bob_1_2_server.rs", "x"),
            ("submission_1/server.rs", "x"),
            ("submission_metadata.yml", &metadata),
        ]);
        let file = |name: &str, text: &str| {
            let path = home.path().join(name);
            fs::write(&path, text).unwrap();
            Some(path)
        };
        let files = ClassFiles { roster: file("r.csv", &roster), times: file("t.csv", &times) };
        if let Ok(class) = intake::find(&home.path().join("class"), &files) {
            let names: BTreeSet<_> = students(&class.sources).into_iter().collect();
            prop_assert_eq!(names.len(), class.sources.len());
            prop_assert!(class.sources.len() >= 3);
            for problem in &class.problems {
                prop_assert!(!problem.contains('\n'), "{:?}", problem);
            }
        }
    }

    #[test]
    fn any_names_of_entries_are_read_or_refused(names in prop::collection::vec("[a-z_0-9A. ()é-]{1,30}", 1..6)) {
        let entries: Vec<_> = names.iter().map(|name| (name.as_str(), "x")).collect();
        let valid = entries.iter().all(|(name, _)| !name.chars().all(|it| it == '.'));
        prop_assume!(valid);
        let home = class(&entries);
        if let Ok(sources) = found(&home.path().join("class")) {
            let all: BTreeSet<_> = students(&sources).into_iter().collect();
            prop_assert_eq!(all.len(), sources.len());
        }
    }
}
