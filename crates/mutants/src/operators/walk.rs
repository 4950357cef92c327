//! Walks through the syntax tree of a file, and calls the operators that apply to each node.

use super::collector::Collector;
use super::{conditions, constants, matches, returns, statements};
use syn::visit::{self, Visit};
use syn::{
    Arm, Block, ExprBinary, ExprClosure, ExprIf, ExprLit, ExprMacro, ExprMatch, ExprMethodCall,
    ExprPath, ExprRange, ExprUnary, ExprWhile, ImplItemFn, ItemFn, Pat, ReturnType,
};

impl<'ast> Visit<'ast> for Collector<'_> {
    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        function(self, Some(item.sig.output.clone()), |it| visit::visit_item_fn(it, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        function(self, Some(item.sig.output.clone()), |it| visit::visit_impl_item_fn(it, item));
    }

    fn visit_expr_closure(&mut self, closure: &'ast ExprClosure) {
        function(self, None, |it| visit::visit_expr_closure(it, closure));
    }

    fn visit_block(&mut self, block: &'ast Block) {
        statements::of_block(self, block);
        returns::of_block(self, block);
        visit::visit_block(self, block);
    }

    fn visit_expr_if(&mut self, expr: &'ast ExprIf) {
        conditions::of_condition(self, &expr.cond);
        visit::visit_expr_if(self, expr);
    }

    fn visit_expr_while(&mut self, expr: &'ast ExprWhile) {
        conditions::of_condition(self, &expr.cond);
        visit::visit_expr_while(self, expr);
    }

    fn visit_arm(&mut self, arm: &'ast Arm) {
        if let Some((_, guard)) = &arm.guard {
            conditions::of_condition(self, guard);
        }
        visit::visit_arm(self, arm);
    }

    fn visit_expr_match(&mut self, expr: &'ast ExprMatch) {
        matches::of_match(self, expr);
        visit::visit_expr_match(self, expr);
    }

    fn visit_pat(&mut self, pat: &'ast Pat) {
        matches::of_pattern(self, pat);
        self.patterns += 1;
        visit::visit_pat(self, pat);
        self.patterns -= 1;
    }

    fn visit_expr_unary(&mut self, expr: &'ast ExprUnary) {
        conditions::of_unary(self, expr);
        let is_not = matches!(expr.op, syn::UnOp::Not(_));
        let outer = std::mem::replace(&mut self.is_negated, is_not);
        visit::visit_expr_unary(self, expr);
        self.is_negated = outer;
    }

    fn visit_expr_macro(&mut self, expr: &'ast ExprMacro) {
        conditions::of_macro(self, expr);
    }

    fn visit_expr_binary(&mut self, expr: &'ast ExprBinary) {
        conditions::of_binary(self, expr);
        constants::of_binary(self, expr);
        visit::visit_expr_binary(self, expr);
    }

    fn visit_expr_range(&mut self, expr: &'ast ExprRange) {
        conditions::of_range(self, expr);
        visit::visit_expr_range(self, expr);
    }

    fn visit_expr_method_call(&mut self, expr: &'ast ExprMethodCall) {
        conditions::of_method_call(self, expr);
        statements::of_method_call(self, expr);
        // Only the call itself is negated, and not its receiver or its arguments.
        let outer = std::mem::replace(&mut self.is_negated, false);
        visit::visit_expr_method_call(self, expr);
        self.is_negated = outer;
    }

    fn visit_expr_lit(&mut self, expr: &'ast ExprLit) {
        constants::of_literal(self, expr);
    }

    fn visit_expr_path(&mut self, expr: &'ast ExprPath) {
        constants::of_path(self, expr);
    }
}

/// Visits a function or, with `None`, a closure.
fn function(
    collector: &mut Collector<'_>,
    output: Option<ReturnType>,
    visit: impl FnOnce(&mut Collector<'_>),
) {
    collector.functions.push(output);
    visit(collector);
    collector.functions.pop();
}
