//! Finds circular imports between modules.

use std::collections::{BTreeMap, BTreeSet};

/// The path of a module within its crate; empty for the crate's root.
pub(crate) type Module = Vec<String>;

/// The modules that each module imports.
pub(crate) type Imports = BTreeMap<Module, BTreeSet<Module>>;

/// The circles of imports that are not permitted. A circle is a group of modules that can all reach
/// each other through imports. A circle is permitted if one of its modules is an ancestor of all
/// others, because a module and its own children may import one another.
pub(crate) fn find(imports: &Imports) -> Vec<Vec<Module>> {
    let mut circles = Vec::new();
    for circle in components(imports).into_iter().filter(|component| component.len() > 1) {
        match circle.iter().find(|module| circle.iter().all(|other| other.starts_with(module))) {
            None => circles.push(circle),
            Some(ancestor) => {
                // Every circle that contains this ancestor is permitted. The other modules may form
                // a circle without the ancestor.
                let others = circle.iter().filter(|module| *module != ancestor);
                circles.extend(find(&restricted(imports, &others.cloned().collect())));
            }
        }
    }
    circles
}

/// The modules in groups. Two modules are in the same group if each can reach the other through
/// imports.
fn components(imports: &Imports) -> Vec<Vec<Module>> {
    let reached: BTreeMap<_, _> =
        imports.keys().map(|module| (module, reachable(imports, module))).collect();
    let mut grouped = BTreeSet::new();
    let mut components = Vec::new();
    for module in imports.keys() {
        if grouped.contains(module) {
            continue;
        }
        let mutual = imports.keys().filter(|other| {
            *other == module || reached[module].contains(*other) && reached[*other].contains(module)
        });
        let component: Vec<_> = mutual.cloned().collect();
        grouped.extend(component.iter().cloned());
        components.push(component);
    }
    components
}

fn reachable(imports: &Imports, start: &Module) -> BTreeSet<Module> {
    let mut reached = BTreeSet::new();
    let mut open = vec![start];
    while let Some(module) = open.pop() {
        for next in imports.get(module).into_iter().flatten() {
            if reached.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    reached
}

/// The imports from one of these modules to another of these modules.
fn restricted(imports: &Imports, modules: &BTreeSet<Module>) -> Imports {
    let kept = imports.iter().filter(|(module, _)| modules.contains(*module));
    kept.map(|(module, targets)| (module.clone(), targets & modules)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(path: &str) -> Module {
        path.split("::").map(str::to_owned).collect()
    }

    #[track_caller]
    fn assert_circles(edges: &[(&str, &str)], expected: &[&[&str]]) {
        let mut imports = Imports::new();
        for (from, to) in edges {
            imports.entry(module(to)).or_default();
            imports.entry(module(from)).or_default().insert(module(to));
        }
        let expected: Vec<Vec<_>> = expected
            .iter()
            .map(|circle| circle.iter().map(|path| module(path)).collect())
            .collect();
        assert_eq!(find(&imports), expected);
    }

    #[test]
    fn layers_have_no_circle() {
        assert_circles(&[("a", "b"), ("a", "c"), ("b", "c")], &[]);
    }

    #[test]
    fn siblings_that_import_each_other_are_a_circle() {
        assert_circles(&[("a", "b"), ("b", "c"), ("c", "a")], &[&["a", "b", "c"]]);
        assert_circles(&[("a::b", "a::c"), ("a::c", "a::b")], &[&["a::b", "a::c"]]);
    }

    #[test]
    fn a_module_and_its_children_are_permitted() {
        assert_circles(&[("a", "a::b"), ("a::b", "a::c"), ("a::c", "a")], &[]);
    }

    #[test]
    fn children_that_import_each_other_are_a_circle() {
        let edges = [("a", "a::b"), ("a::b", "a"), ("a::c", "a"), ("a::b", "a::c")];
        assert_circles(&edges, &[]);
        assert_circles(&[&edges[..], &[("a::c", "a::b")]].concat(), &[&["a::b", "a::c"]]);
    }

    #[test]
    fn a_circle_through_an_unrelated_module_is_not_permitted() {
        let edges = [("a", "x"), ("x", "a::b"), ("a::b", "a")];
        assert_circles(&edges, &[&["a", "a::b", "x"]]);
    }
}
