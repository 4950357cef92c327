//! Conditions, comparisons, logical operators and ranges.

use super::Operator::{Arithmetic, Comparison, Condition, Flag};
use super::collector::Collector;
use syn::{
    BinOp, Expr, ExprBinary, ExprMacro, ExprMethodCall, ExprRange, ExprUnary, RangeLimits, UnOp,
};

/// The condition of an `if`, of a `while` or of a match guard. In `a && let Some(b) = c`, only `a` is
/// a condition.
pub(super) fn of_condition(collector: &mut Collector<'_>, condition: &Expr) {
    if contains_let(condition) {
        if let Expr::Binary(both) = condition {
            of_condition(collector, &both.left);
            of_condition(collector, &both.right);
        }
        return;
    }
    if matches!(condition, Expr::Lit(_)) {
        return;
    }
    for replacement in ["true", "false"] {
        collector.replace(Condition, condition, replacement);
    }
    negate(collector, condition);
}

fn contains_let(expr: &Expr) -> bool {
    match expr {
        Expr::Let(_) => true,
        Expr::Binary(both) => contains_let(&both.left) || contains_let(&both.right),
        _ => false,
    }
}

fn negate(collector: &mut Collector<'_>, condition: &Expr) {
    match condition {
        // `of_binary` and `of_unary` negate these.
        Expr::Binary(both) if opposite(&both.op).is_some() => {}
        Expr::Unary(ExprUnary { op: UnOp::Not(_), .. }) => {}
        _ => {
            let negated = format!("!({})", collector.text_of(condition));
            collector.replace(Condition, condition, negated);
        }
    }
}

/// `!a` becomes `a`, and `-a` becomes `a`.
pub(super) fn of_unary(collector: &mut Collector<'_>, expr: &ExprUnary) {
    let operator = match expr.op {
        UnOp::Not(_) => Condition,
        UnOp::Neg(_) => Arithmetic,
        _ => return,
    };
    if collector.patterns == 0 {
        let operand = collector.text_of(&expr.expr);
        collector.replace(operator, expr, operand);
    }
}

/// A call that returns a `bool`, by its name, is negated.
pub(super) fn of_method_call(collector: &mut Collector<'_>, expr: &ExprMethodCall) {
    let name = expr.method.to_string();
    let is_question = name.starts_with("is_")
        || ["all", "any", "contains", "contains_key", "ends_with", "starts_with"]
            .contains(&name.as_str());
    if is_question && !collector.is_negated {
        let negated = format!("!({})", collector.text_of(expr));
        collector.replace(Condition, expr, negated);
    }
}

/// `matches!(…)` is negated.
pub(super) fn of_macro(collector: &mut Collector<'_>, expr: &ExprMacro) {
    if expr.mac.path.is_ident("matches") && !collector.is_negated {
        let negated = format!("!({})", collector.text_of(expr));
        collector.replace(Condition, expr, negated);
    }
}

/// The operator of two operands is changed.
pub(super) fn of_binary(collector: &mut Collector<'_>, expr: &ExprBinary) {
    let (kind, others): (_, &[&str]) = match expr.op {
        BinOp::Lt(_) => (Comparison, &["<=", ">="]),
        BinOp::Le(_) => (Comparison, &["<", ">"]),
        BinOp::Gt(_) => (Comparison, &[">=", "<="]),
        BinOp::Ge(_) => (Comparison, &[">", "<"]),
        BinOp::Eq(_) => (Comparison, &["!="]),
        BinOp::Ne(_) => (Comparison, &["=="]),
        BinOp::And(_) => (Comparison, &["||"]),
        BinOp::Or(_) => (Comparison, &["&&"]),
        BinOp::Add(_) => (Arithmetic, &["-"]),
        BinOp::Sub(_) => (Arithmetic, &["+"]),
        BinOp::Mul(_) => (Arithmetic, &["/"]),
        BinOp::Div(_) => (Arithmetic, &["*"]),
        BinOp::Rem(_) => (Arithmetic, &["/"]),
        BinOp::BitAnd(_) => (Flag, &["|"]),
        BinOp::BitXor(_) => (Arithmetic, &["|", "&"]),
        BinOp::Shl(_) => (Arithmetic, &[">>"]),
        BinOp::Shr(_) => (Arithmetic, &["<<"]),
        BinOp::AddAssign(_) => (Arithmetic, &["-="]),
        BinOp::SubAssign(_) => (Arithmetic, &["+="]),
        BinOp::BitOrAssign(_) => (Flag, &["&="]),
        BinOp::BitAndAssign(_) => (Flag, &["|="]),
        _ => return,
    };
    for other in others {
        let (left, right) = (collector.text_of(&expr.left), collector.text_of(&expr.right));
        collector.replace(kind, expr, format!("{left} {other} {right}"));
    }
}

/// Whether the operator has an opposite, which `of_binary` puts in its place.
fn opposite(op: &BinOp) -> Option<()> {
    use BinOp::{Eq, Ge, Gt, Le, Lt, Ne};
    matches!(op, Lt(_) | Le(_) | Gt(_) | Ge(_) | Eq(_) | Ne(_)).then_some(())
}

/// `..n` includes `n`, and `..=n` excludes `n`.
pub(super) fn of_range(collector: &mut Collector<'_>, expr: &ExprRange) {
    let Some(end) = &expr.end else {
        return;
    };
    let start = expr.start.as_ref().map_or("", |start| collector.text_of(start));
    let limits = match expr.limits {
        RangeLimits::HalfOpen(_) => "..=",
        RangeLimits::Closed(_) => "..",
    };
    let end = collector.text_of(end);
    collector.replace(Comparison, expr, format!("{start}{limits}{end}"));
}
