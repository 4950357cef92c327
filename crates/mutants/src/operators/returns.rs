//! A function returns before a statement of a region.

use super::Operator::Return;
use super::collector::{Collector, quoted, range};
use syn::{Block, GenericArgument, PathArguments, ReturnType, Stmt, Type};

/// Before each statement of a region, the function returns a value of its type. Statements of inner
/// blocks are omitted.
pub(super) fn of_block(collector: &mut Collector<'_>, block: &Block) {
    if collector.is_inside(block) {
        return;
    }
    // A closure may return another type, which is not written down.
    let Some(Some(output)) = collector.functions.last() else {
        return;
    };
    let values = values(output);
    for statement in block.stmts.iter().filter(|it| !matches!(it, Stmt::Item(_))) {
        let text = collector.text_of(statement);
        for value in &values {
            let early = format!("return {value}").trim_end().to_owned();
            // `return Ok(());` before `Ok(())` changes nothing.
            let is_same = text == value || text.trim_end_matches(';') == early;
            if !is_same {
                let what = format!("`{early}` before `{}`", quoted(text));
                collector.add(Return, range(statement), format!("{early}; {text}"), what);
            }
        }
    }
}

/// Values of a type, as they are written in code. Empty if no value is known.
fn values(output: &ReturnType) -> Vec<String> {
    match output {
        ReturnType::Default => vec![String::new()],
        ReturnType::Type(_, output) => of_type(output),
    }
}

fn of_type(output: &Type) -> Vec<String> {
    let strings = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    let path = match output {
        Type::Tuple(tuple) if tuple.elems.is_empty() => return strings(&["()"]),
        Type::Path(path) => &path.path,
        _ => return Vec::new(),
    };
    let Some(last) = path.segments.last() else {
        return Vec::new();
    };
    let first = match &last.arguments {
        PathArguments::AngleBracketed(arguments) => arguments.args.first(),
        _ => None,
    };
    match last.ident.to_string().as_str() {
        "bool" => strings(&["true", "false"]),
        "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" => strings(&["0", "1"]),
        "Option" => strings(&["None"]),
        "String" | "Vec" => strings(&["Default::default()"]),
        "Result" => match first {
            Some(GenericArgument::Type(inner)) => {
                of_type(inner).into_iter().map(|value| format!("Ok({value})")).collect()
            }
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}
