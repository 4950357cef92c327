//! The table of crates/README.md. The row of a crate has the crates that the crate may import, and
//! the crates that it must never import.

use crate::packages::Package;
use std::collections::{BTreeMap, BTreeSet};

/// The first line of the table.
const HEAD: &str = "| crate | what it is | may import | must never import |";

/// The form of a row, for the message about a row of another form.
const FORM: &str = "a row has four cells, and crate names in backticks";

/// The name of the row for all lessons.
const LESSONS: &str = "lessons/*";

/// The rows of the table.
pub(crate) struct Layers {
    rows: Vec<Row>,
}

struct Row {
    name: String,
    may_import: BTreeSet<String>,
    must_never_import: BTreeSet<String>,
}

impl Layers {
    /// Reads the table of a page. Names of crates are in backticks. All other words are ignored.
    pub(crate) fn parse(page: &str) -> Self {
        let table = page.lines().skip_while(|line| *line != HEAD).skip(2);
        let lines = table.take_while(|line| line.starts_with('|'));
        let row = |line| Row::parse(line).unwrap_or_else(|| panic!("not a row: {line}; {FORM}"));
        let rows: Vec<_> = lines.map(row).collect();
        assert!(!rows.is_empty(), "the page has no table that begins with {HEAD}");
        Self { rows }
    }

    /// All differences between the table and the packages, one line for each difference.
    pub(crate) fn violations(&self, packages: &[Package]) -> Vec<String> {
        let mut found = self.rows_without_a_package(packages);
        found.extend(self.unknown_names(packages));
        for package in packages {
            match self.rows.iter().find(|row| row.name == row_name(&package.name)) {
                None => found.push(format!("`{}` has no row", package.name)),
                Some(row) => {
                    found.extend(not_permitted(row, package));
                    found.extend(forbidden(row, package, packages));
                }
            }
        }
        found
    }

    fn rows_without_a_package(&self, packages: &[Package]) -> Vec<String> {
        let names: BTreeSet<_> = packages.iter().map(|each| row_name(&each.name)).collect();
        let unknown = self.rows.iter().filter(|row| !names.contains(row.name.as_str()));
        unknown.map(|row| format!("`{}` has a row, and no such crate exists", row.name)).collect()
    }

    /// The names in the cells that no crate has.
    fn unknown_names(&self, packages: &[Package]) -> Vec<String> {
        let known: BTreeSet<_> = packages.iter().map(|each| row_name(&each.name)).collect();
        let unknown = |row: &Row| {
            let all = row.may_import.union(&row.must_never_import).cloned();
            let unknown = all.filter(|name| !known.contains(name.as_str()));
            let line = |name| {
                format!("the row of `{}` names `{name}`, and no such crate exists", row.name)
            };
            unknown.map(line).collect::<Vec<_>>()
        };
        self.rows.iter().flat_map(unknown).collect()
    }
}

impl Row {
    fn parse(line: &str) -> Option<Self> {
        let mut cells = line.strip_prefix('|')?.split('|');
        let [name, _, may, never] = [cells.next()?, cells.next()?, cells.next()?, cells.next()?];
        let name = names(name).pop_first()?;
        Some(Self { name, may_import: names(may), must_never_import: names(never) })
    }
}

/// The words between backticks.
fn names(cell: &str) -> BTreeSet<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The name of the row for a package. All lessons have the same row.
fn row_name(package: &str) -> &str {
    if is_lesson(package) { LESSONS } else { package }
}

/// Whether a package is a lesson's: its name begins with `w` and a digit, e.g. `w03-l02`.
fn is_lesson(package: &str) -> bool {
    package
        .strip_prefix('w')
        .is_some_and(|rest| rest.starts_with(|char: char| char.is_ascii_digit()))
}

/// The direct dependencies that the row does not permit. A lesson may depend only on earlier
/// lessons.
fn not_permitted(row: &Row, package: &Package) -> Vec<String> {
    let permitted = |dependency: &&String| {
        let is_later = is_lesson(dependency) && **dependency >= package.name;
        row.may_import.contains(row_name(dependency)) && !(is_lesson(&package.name) && is_later)
    };
    let wrong = package.dependencies.iter().filter(|dependency| !permitted(dependency));
    wrong.map(|dependency| format!("`{}` may not import `{dependency}`", package.name)).collect()
}

/// The packages that the row forbids and that the package imports, directly or through other
/// packages.
fn forbidden(row: &Row, package: &Package, packages: &[Package]) -> Vec<String> {
    let by_name: BTreeMap<_, _> = packages.iter().map(|each| (each.name.as_str(), each)).collect();
    let mut reached = BTreeSet::new();
    let mut open: Vec<_> = package.dependencies.iter().map(String::as_str).collect();
    while let Some(name) = open.pop() {
        if reached.insert(name) {
            let further = by_name.get(name).into_iter().flat_map(|each| &each.dependencies);
            open.extend(further.map(String::as_str));
        }
    }
    let wrong = reached.into_iter().filter(|name| row.must_never_import.contains(row_name(name)));
    wrong.map(|name| format!("`{}` must never import `{name}`", package.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "\
# Crates

| crate | what it is | may import | must never import |
|---|---|---|---|
| `base` | the base of `all` | nothing | `top` |
| `middle` | the middle | `base` | |
| `top` | the top | `middle` | `base` |
| `lessons/*` | a lesson | `base`, earlier `lessons/*` | `top` |

Text.
";

    fn packages(dependencies: &[(&str, &[&str])]) -> Vec<Package> {
        let package = |(name, dependencies): &(&str, &[&str])| Package {
            name: (*name).to_owned(),
            folder: Default::default(),
            dependencies: dependencies.iter().map(|&name| name.to_owned()).collect(),
        };
        dependencies.iter().map(package).collect()
    }

    #[track_caller]
    fn assert_violations(dependencies: &[(&str, &[&str])], expected: &[&str]) {
        assert_eq!(Layers::parse(PAGE).violations(&packages(dependencies)), expected);
    }

    #[test]
    fn a_permitted_import_is_no_violation() {
        let lessons: [(&str, &[&str]); 2] =
            [("w01-l01-a", &["base"]), ("w02-l01-b", &["w01-l01-a"])];
        let crates: [(&str, &[&str]); 3] = [("base", &[]), ("middle", &["base"]), ("top", &[])];
        assert_violations(&[&crates[..], &lessons[..]].concat(), &[]);
    }

    #[test]
    fn unpermitted_imports_and_unlisted_crates_are_violations() {
        assert_violations(
            &[("base", &["middle"]), ("middle", &[]), ("top", &[]), ("new", &[])],
            &[
                "`lessons/*` has a row, and no such crate exists",
                "the row of `lessons/*` names `lessons/*`, and no such crate exists",
                "`base` may not import `middle`",
                "`new` has no row",
            ],
        );
    }

    #[test]
    fn a_name_that_no_crate_has_is_a_violation() {
        let page = PAGE.replace("nothing | `top`", "nothing | `renamed`");
        let crates = [("base", &[][..]), ("middle", &[]), ("top", &[]), ("w01-l01-a", &[])];
        let expected = ["the row of `base` names `renamed`, and no such crate exists"];
        assert_eq!(Layers::parse(&page).violations(&packages(&crates)), expected);
    }

    #[test]
    #[should_panic(expected = "a row has four cells")]
    fn a_row_of_another_form_is_reported() {
        Layers::parse(&PAGE.replace("| `middle` | the middle | `base` | |", "| middle | |"));
    }

    #[test]
    fn a_forbidden_crate_is_found_among_indirect_dependencies() {
        assert_violations(
            &[("base", &[]), ("middle", &["base"]), ("top", &["middle"]), ("w01-l01-a", &[])],
            &["`top` must never import `base`"],
        );
    }

    #[test]
    fn a_lesson_may_not_import_a_later_lesson() {
        let crates: [(&str, &[&str]); 3] = [("base", &[]), ("middle", &[]), ("top", &[])];
        let lessons: [(&str, &[&str]); 2] = [("w01-l01-a", &["w02-l01-b"]), ("w02-l01-b", &[])];
        let expected = "`w01-l01-a` may not import `w02-l01-b`";
        assert_violations(&[&crates[..], &lessons[..]].concat(), &[expected]);
    }
}
