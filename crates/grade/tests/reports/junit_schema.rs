//! The rules of the schemas of JUnit XML, for a parser that is independent of the writer.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use std::collections::BTreeMap;

/// An element of JUnit XML, with the rules of `junit-10.xsd` (Jenkins' xUnit plugin) and of
/// windyroad's `JUnit.xsd` together.
struct Rule {
    name: &'static str,
    parent: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    /// The elements that may be inside, in this order.
    inside: &'static [&'static str],
}

const RULES: [Rule; 10] = [
    // windyroad permits no attribute here.
    Rule { name: "testsuites", parent: "", required: &[], optional: &[], inside: &["testsuite"] },
    Rule {
        name: "testsuite",
        parent: "testsuites",
        required: &[
            "name",
            "package",
            "id",
            "hostname",
            "timestamp",
            "tests",
            "failures",
            "errors",
            "time",
        ],
        optional: &["skipped"],
        inside: &["properties", "testcase", "system-out", "system-err"],
    },
    Rule {
        name: "properties",
        parent: "testsuite",
        required: &[],
        optional: &[],
        inside: &["property"],
    },
    Rule {
        name: "property",
        parent: "properties",
        required: &["name", "value"],
        optional: &[],
        inside: &[],
    },
    Rule {
        name: "testcase",
        parent: "testsuite",
        required: &["name", "classname", "time"],
        optional: &[],
        inside: &["skipped", "error", "failure"],
    },
    Rule {
        name: "failure",
        parent: "testcase",
        required: &["type"],
        optional: &["message"],
        inside: &[],
    },
    Rule {
        name: "error",
        parent: "testcase",
        required: &["type"],
        optional: &["message"],
        inside: &[],
    },
    Rule {
        name: "skipped",
        parent: "testcase",
        required: &[],
        optional: &["message"],
        inside: &[],
    },
    Rule { name: "system-out", parent: "testsuite", required: &[], optional: &[], inside: &[] },
    Rule { name: "system-err", parent: "testsuite", required: &[], optional: &[], inside: &[] },
];

/// The number of elements for each element name.
///
/// # Errors
/// A rule of the schemas that the document breaks.
pub(crate) fn validate(xml: &str) -> Result<BTreeMap<String, usize>, String> {
    let mut reader = Reader::from_str(xml);
    // Each open element, with the names of the elements inside it so far.
    let mut open: Vec<(String, Vec<String>)> = vec![(String::new(), Vec::new())];
    let mut count = BTreeMap::new();
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(element) => {
                let name = known(&element, &mut open)?;
                *count.entry(name.clone()).or_default() += 1;
                open.push((name, Vec::new()));
            }
            Event::Empty(element) => {
                let name = known(&element, &mut open)?;
                complete(&name, &[])?;
                *count.entry(name).or_default() += 1;
            }
            Event::End(_) => {
                let (name, inside) = open.pop().ok_or("an end without a start")?;
                complete(&name, &inside)?;
            }
            Event::Eof => break,
            _ => {}
        }
    }
    match open.len() {
        1 => Ok(count),
        _ => Err("an element is not closed".to_owned()),
    }
}

/// The element's name, if its place and its attributes are valid.
fn known(element: &BytesStart<'_>, open: &mut [(String, Vec<String>)]) -> Result<String, String> {
    let name = String::from_utf8(element.name().as_ref().to_vec()).unwrap();
    let rule = RULES.iter().find(|rule| rule.name == name).ok_or(format!("{name}: unknown"))?;
    let (parent, inside) = open.last_mut().unwrap();
    if rule.parent != parent {
        return Err(format!("{name} in {parent}"));
    }
    inside.push(name.clone());
    let mut attributes = BTreeMap::new();
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|error| format!("{name}: {error}"))?;
        let key = String::from_utf8(attribute.key.as_ref().to_vec()).unwrap();
        if !rule.required.contains(&key.as_str()) && !rule.optional.contains(&key.as_str()) {
            return Err(format!("{name}: attribute {key}"));
        }
        attributes.insert(key, attribute.unescape_value().unwrap().into_owned());
    }
    for required in rule.required {
        let value = attributes.get(*required).ok_or(format!("{name}: no {required}"))?;
        value_is_valid(&name, required, value)?;
    }
    Ok(name)
}

/// The types of the attributes, as the stricter of the two schemas defines each.
fn value_is_valid(element: &str, name: &str, value: &str) -> Result<(), String> {
    let is_valid = match (element, name) {
        ("testsuite", "timestamp") => {
            value.len() == 19 && jiff::civil::DateTime::strptime("%Y-%m-%dT%H:%M:%S", value).is_ok()
        }
        ("testsuite", "tests" | "failures" | "errors" | "skipped" | "id") => {
            value.parse::<i32>().is_ok()
        }
        (_, "time") => {
            value.split('.').count() <= 2 && value.chars().all(|c| c == '.' || c.is_ascii_digit())
        }
        ("testsuite", "name" | "package" | "hostname") | ("property", "name") => {
            !value.trim().is_empty()
        }
        _ => true,
    };
    is_valid.then_some(()).ok_or(format!("{element}: {name}={value:?}"))
}

/// Checks the order and the number of the elements inside an element.
fn complete(name: &str, inside: &[String]) -> Result<(), String> {
    let Some(rule) = RULES.iter().find(|rule| rule.name == name) else { return Ok(()) };
    let place = |child: &String| rule.inside.iter().position(|known| known == child);
    let places: Vec<_> = inside.iter().map(place).collect();
    let once = ["properties", "system-out", "system-err"];
    let is_once = |known: &&str| inside.iter().filter(|child| child == known).count() == 1;
    let is_valid = match name {
        "testsuite" => places.is_sorted() && once.iter().all(is_once),
        "testcase" => inside.len() <= 1,
        _ => true,
    };
    (is_valid && places.iter().all(Option::is_some))
        .then_some(())
        .ok_or(format!("{name} has {inside:?}"))
}
