//! Numbers, named constants and flags.

use super::Operator::{Constant, Flag};
use super::collector::Collector;
use syn::{BinOp, Expr, ExprBinary, ExprLit, ExprPath, Lit};

/// A number is one more or less, or is 0. A `bool` is the other one.
pub(super) fn of_literal(collector: &mut Collector<'_>, expr: &ExprLit) {
    match &expr.lit {
        Lit::Int(number) => {
            let Ok(value) = number.base10_parse::<u128>() else {
                return;
            };
            let others = [Some(value + 1), value.checked_sub(1), (value > 1).then_some(0)];
            for other in others.into_iter().flatten() {
                collector.replace(Constant, expr, format!("{other}{}", number.suffix()));
            }
        }
        Lit::Byte(byte) => {
            collector.replace(Constant, expr, format!("{}u8", byte.value().wrapping_add(1)));
        }
        Lit::Bool(bool) => collector.replace(Constant, expr, (!bool.value).to_string()),
        _ => {}
    }
}

/// A named constant is one more or less. A flag such as `MsgFlags::MSG_NOSIGNAL` is no flag.
pub(super) fn of_path(collector: &mut Collector<'_>, expr: &ExprPath) {
    let Some(last) = expr.path.segments.last() else {
        return;
    };
    let name = last.ident.to_string();
    let is_constant = name.len() > 1 && !name.contains(|char: char| char.is_lowercase());
    if !is_constant || collector.patterns > 0 {
        return;
    }
    let text = collector.text_of(expr);
    match text.rsplit_once("::") {
        None => {
            for changed in [format!("({text} + 1)"), format!("({text} - 1)")] {
                collector.replace(Constant, expr, changed);
            }
        }
        // The flags of libc are numbers.
        Some(("libc", _)) => collector.replace(Flag, expr, "0"),
        Some((group, _)) => collector.replace(Flag, expr, format!("{group}::empty()")),
    }
}

/// Each operand of `a | b | c` is removed.
pub(super) fn of_binary(collector: &mut Collector<'_>, expr: &ExprBinary) {
    if !matches!(expr.op, BinOp::BitOr(_)) {
        return;
    }
    let (left, right) = (collector.text_of(&expr.left), collector.text_of(&expr.right));
    collector.replace(Flag, expr, left);
    // In `a | b | c`, which is `(a | b) | c`, the inner expression removes `a` and `b`.
    if !matches!(&*expr.left, Expr::Binary(inner) if matches!(inner.op, BinOp::BitOr(_))) {
        collector.replace(Flag, expr, right);
    }
}
