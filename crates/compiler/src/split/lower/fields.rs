//! Class fields that are assigned instead of defined: `useDefineForClassFields: false`
//! (typescriptlang.org/tsconfig), which older decorators count on. Assignments follow `super()` and
//! stand behind those of parameter properties, which are put in after this.

use swc_core::common::{DUMMY_SP, Span};
use swc_core::ecma::ast::{
    AssignExpr, BlockStmt, Class, ClassMember, ClassProp, ComputedPropName, Expr, MemberExpr,
    MemberProp, PropName, StaticBlock, ThisExpr, op,
};
use swc_core::ecma::utils::constructor::inject_after_super;
use swc_core::ecma::utils::{ExprFactory, default_constructor_with_span};
use swc_core::ecma::visit::{VisitMut, VisitMutWith};

pub(super) struct AssignedFields;

impl VisitMut for AssignedFields {
    fn visit_mut_class(&mut self, node: &mut Class) {
        node.visit_mut_children_with(self);
        let mut assignments = Vec::new();
        let mut body = Vec::new();
        for member in std::mem::take(&mut node.body) {
            let ClassMember::ClassProp(field) = member else {
                body.push(member);
                continue;
            };
            // A computed key is evaluated once, with the class: it has to stay.
            if matches!(field.key, PropName::Computed(_)) && field.value.is_some() && !field.declare
            {
                body.push(ClassMember::ClassProp(field));
                continue;
            }
            let is_static = field.is_static;
            let Some(assignment) = assignment(field) else {
                continue;
            };
            if is_static {
                body.push(ClassMember::StaticBlock(StaticBlock {
                    span: DUMMY_SP,
                    body: BlockStmt {
                        stmts: vec![assignment.into_stmt()],
                        ..BlockStmt::default()
                    },
                }));
            } else {
                assignments.push(Box::new(assignment));
            }
        }
        node.body = body;
        if !assignments.is_empty() {
            constructor(node, assignments);
        }
    }
}

/// `this.key = value`; nothing for a field without a value, which only declares.
fn assignment(field: ClassProp) -> Option<Expr> {
    let value = field
        .value
        .filter(|_| !field.declare && !field.is_abstract)?;
    let prop = match field.key {
        PropName::Ident(name) => MemberProp::Ident(name),
        PropName::Str(text) => computed(text.span, Expr::Lit(text.into())),
        PropName::Num(number) => computed(number.span, Expr::Lit(number.into())),
        PropName::BigInt(number) => computed(number.span, Expr::Lit(number.into())),
        PropName::Computed(key) => MemberProp::Computed(key),
    };
    let target = MemberExpr {
        span: field.span,
        obj: Box::new(Expr::This(ThisExpr { span: DUMMY_SP })),
        prop,
    };
    Some(Expr::Assign(AssignExpr {
        span: field.span,
        op: op!("="),
        left: target.into(),
        right: value,
    }))
}

fn computed(span: Span, expr: Expr) -> MemberProp {
    MemberProp::Computed(ComputedPropName {
        span,
        expr: Box::new(expr),
    })
}

#[allow(clippy::vec_box, reason = "what `inject_after_super` takes")]
fn constructor(class: &mut Class, assignments: Vec<Box<Expr>>) {
    let existing = class.body.iter_mut().find_map(|member| match member {
        ClassMember::Constructor(constructor) if constructor.body.is_some() => Some(constructor),
        _ => None,
    });
    if let Some(constructor) = existing {
        inject_after_super(constructor, assignments);
        return;
    }
    let mut constructor = default_constructor_with_span(class.super_class.is_some(), class.span);
    inject_after_super(&mut constructor, assignments);
    class.body.insert(0, ClassMember::Constructor(constructor));
}
