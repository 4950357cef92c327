//! Statements and calls are removed, and errors are ignored.

use super::Operator::{Call, Error, Return, Statement};
use super::collector::Collector;
use syn::{Block, Expr, ExprMethodCall, ReturnType, Stmt};

/// Methods that only convert a value. Without such a call, the code does not compile, or does the
/// same.
const CONVERSIONS: [&str; 20] = [
    "as_bytes",
    "as_deref",
    "as_fd",
    "as_mut",
    "as_raw_fd",
    "as_ref",
    "as_slice",
    "as_str",
    "borrow",
    "clone",
    "cloned",
    "collect",
    "copied",
    "expect",
    "into",
    "into_iter",
    "iter",
    "iter_mut",
    "to_owned",
    "to_vec",
];

/// Each statement of a block is removed.
pub(super) fn of_block(collector: &mut Collector<'_>, block: &Block) {
    for (index, statement) in block.stmts.iter().enumerate() {
        let is_last = index + 1 == block.stmts.len();
        match statement {
            Stmt::Expr(expr, Some(_)) => of_statement(collector, statement, expr),
            Stmt::Expr(expr, None) if !is_last => collector.drop(Statement, expr),
            Stmt::Expr(expr, None) if is_unit(collector, block, expr) => {
                collector.drop(Statement, expr);
            }
            Stmt::Macro(_) if !is_last => collector.drop(Statement, statement),
            Stmt::Local(local) if matches!(local.pat, syn::Pat::Wild(_)) => {
                collector.drop(Statement, statement);
            }
            _ => {}
        }
    }
}

fn of_statement(collector: &mut Collector<'_>, statement: &Stmt, expr: &Expr) {
    match expr {
        Expr::Return(_) => collector.drop(Return, statement),
        Expr::Break(end) if end.label.is_none() && end.expr.is_none() => {
            collector.drop(Return, statement);
            collector.replace(Return, statement, "continue;");
        }
        Expr::Continue(next) if next.label.is_none() => {
            collector.drop(Return, statement);
            collector.replace(Return, statement, "break;");
        }
        Expr::Try(fallible) => {
            collector.drop(Statement, statement);
            let call = collector.text_of(&fallible.expr);
            collector.replace(Error, statement, format!("let _ = {call};"));
        }
        _ => collector.drop(Statement, statement),
    }
}

/// Whether the last expression of a block may have the type `()`. If not, the block without the
/// expression does not compile.
fn is_unit(collector: &Collector<'_>, block: &Block, expr: &Expr) -> bool {
    let is_whole_function = block_is_function(collector, block);
    match expr {
        Expr::If(expr) if expr.else_branch.is_none() => true,
        Expr::ForLoop(_) | Expr::While(_) => true,
        Expr::Call(_) | Expr::MethodCall(_) | Expr::Match(_) | Expr::If(_) | Expr::Assign(_) => {
            !is_whole_function || returns_unit(collector)
        }
        _ => false,
    }
}

/// Whether a block is not part of a region, and so is the body of a function or a block around a
/// region.
fn block_is_function(collector: &Collector<'_>, block: &Block) -> bool {
    !collector.is_inside(block)
}

fn returns_unit(collector: &Collector<'_>) -> bool {
    matches!(collector.functions.last(), Some(Some(ReturnType::Default)))
}

/// A call is removed from a chain of calls: `a.b(c)` becomes `a`.
pub(super) fn of_method_call(collector: &mut Collector<'_>, expr: &ExprMethodCall) {
    if !CONVERSIONS.contains(&expr.method.to_string().as_str()) {
        let receiver = collector.text_of(&expr.receiver);
        let what = format!("dropped the call of `{}`", expr.method);
        collector.add(Call, super::collector::range(expr), receiver.to_owned(), what);
    }
}
