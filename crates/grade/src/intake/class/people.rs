//! Which person of the roster handed in which submission.

use super::platform::HandIn;
use super::roster::{Person, Roster};

/// For each submission, the index of its person in the roster. The first of these that fits a
/// person decides: the person's column `files`; the e-mail address; the id; the name.
pub(super) fn matched(
    hand_ins: &[HandIn],
    roster: Option<&Roster>,
    problems: &mut Vec<String>,
) -> Vec<Option<usize>> {
    let Some(roster) = roster else { return vec![None; hand_ins.len()] };
    let matched: Vec<_> = hand_ins.iter().map(|it| person_of(it, roster, problems)).collect();
    for (index, person) in roster.people.iter().enumerate() {
        if person.files.is_some() && !matched.contains(&Some(index)) {
            let pattern = &person.pattern;
            problems.push(format!(
                "{} line {}: no submission is named {pattern}; correct the column files, or leave \
                 it empty",
                roster.file, person.line
            ));
        }
    }
    matched
}

fn person_of(hand_in: &HandIn, roster: &Roster, problems: &mut Vec<String>) -> Option<usize> {
    let tests: [&dyn Fn(&Person) -> bool; 4] = [
        &|person| hand_in.entries.iter().any(|entry| person.has_file(entry)),
        &|person| !hand_in.email.is_empty() && same(&person.email, &hand_in.email),
        &|person| {
            let all = [&hand_in.id, &hand_in.number, &hand_in.name];
            all.iter().any(|text| same(&person.id, text))
        },
        &|person| is_named(hand_in, &person.email) || has_name(hand_in, &person.name),
    ];
    for test in tests {
        let people: Vec<_> =
            (0..roster.people.len()).filter(|it| test(&roster.people[*it])).collect();
        match people[..] {
            [] => continue,
            [person] => return Some(person),
            [one, other, ..] => {
                problems.push(format!(
                    "{} lines {} and {}: both fit {}; make the column files exact",
                    roster.file,
                    roster.people[one].line,
                    roster.people[other].line,
                    hand_in.entries.join(", ")
                ));
                return None;
            }
        }
    }
    problems.push(format!(
        "{}: no line fits {}; add a person, or name it in the column files",
        roster.file,
        hand_in.entries.join(", ")
    ));
    None
}

/// Whether the platform's name of the student is this text.
fn is_named(hand_in: &HandIn, text: &str) -> bool {
    same(&hand_in.name, text)
}

fn same(one: &str, other: &str) -> bool {
    !one.trim().is_empty() && one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// Whether the platform's name of the student is this name of the roster. Canvas writes
/// `lovelaceada` for Ada Lovelace.
fn has_name(hand_in: &HandIn, name: &str) -> bool {
    let plain = |text: &str| {
        text.chars()
            .filter(|it| it.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect::<String>()
    };
    let words: Vec<_> = name.split_whitespace().map(plain).collect();
    let Some((last, first)) = words.split_last() else { return false };
    let found = plain(&hand_in.name);
    !found.is_empty() && (found == words.concat() || found == last.clone() + &first.concat())
}
