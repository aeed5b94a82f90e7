//! One function for one list of middleware: the bodies of those that can be spliced, one inside the
//! other, calls of those that stay functions between them, the handler innermost.

use std::collections::BTreeSet;

use swc_core::common::{DUMMY_SP, SyntaxContext};
use swc_core::ecma::ast::{
    BinaryOp, Expr, ExprOrSpread, FnDecl, Function, FunctionBody, Ident, Lit, MemberExpr,
    MemberProp, Number, Param, Stmt,
};

use super::build::{
    assign, awaited, call, declare, fresh, give, labelled, later, name, undefined, when,
};
use super::names::Words;
use super::renew::{renewed, with_arguments};
use super::rewrite::{Rest, Rewriter};
use super::shape::Shape;
use super::site::{Site, site};
use super::written::{Role, Written};

/// A middleware that can be spliced.
pub(super) struct Element {
    pub written: Written,
    pub shape: Shape,
    pub words: Words,
}

/// What all chains of a project share.
pub(super) struct Chains<'a> {
    /// The list; `None` for a middleware that is called.
    pub elements: &'a [Option<Element>],
    /// The list itself, and the run-time's function that calls a middleware.
    pub list: &'a Ident,
    pub around: &'a Ident,
    /// The contexts of names from outside of a middleware.
    pub shared: &'a [SyntaxContext],
    /// What every label of ours begins with; no label of the user's does.
    pub label: &'a str,
}

impl Chains<'_> {
    /// Which middleware of one list are spliced: those that can be, and that can keep the names of
    /// their functions among the others.
    pub(super) fn spliced_of(&self, list: &[usize]) -> BTreeSet<usize> {
        let words = |i: &usize| self.elements[*i].as_ref().map(|e| &e.words);
        let keeps_names = |index: &&usize| {
            let mut others = list.iter().filter(|i| i != index).filter_map(words);
            words(index).is_some_and(|w| !w.clash(&mut others))
        };
        list.iter().filter(keeps_names).copied().collect()
    }

    /// `async function <title>(ctx, args, env, handler) { … }`
    pub(super) fn function(
        &self,
        title: Ident,
        list: &[usize],
        spliced: &BTreeSet<usize>,
    ) -> FnDecl {
        let names = Names::new();
        let Rest { mut stmts, value } = self.rest(list, spliced, &names);
        stmts.push(give(value, DUMMY_SP));
        let params = [&names.ctx, &names.args, &names.env, &names.handler];
        let params = params.map(|n| Param {
            span: DUMMY_SP,
            decorators: Vec::new(),
            pat: n.clone().into(),
        });
        FnDecl {
            ident: title,
            declare: false,
            function: Box::new(Function {
                params: params.into(),
                body: Some(FunctionBody {
                    span: DUMMY_SP,
                    stmts,
                }),
                is_async: true,
                ..Function::default()
            }),
        }
    }

    /// What is left of a chain.
    fn rest(&self, list: &[usize], spliced: &BTreeSet<usize>, names: &Names) -> Rest {
        let Some((&index, inside)) = list.split_first() else {
            let value = names.call_handler();
            return Rest {
                stmts: Vec::new(),
                value: awaited(value, DUMMY_SP),
            };
        };
        let rest = || self.rest(inside, spliced, names);
        if let Some(element) = self.elements[index].as_ref()
            && spliced.contains(&index)
        {
            return self.spliced(index, element, rest, names);
        }
        let Rest { stmts, value } = rest();
        let arguments = [
            self.member(index),
            name(&names.ctx),
            name(&names.env),
            later(stmts, value),
        ];
        let arguments = arguments.map(ExprOrSpread::from).into();
        Rest {
            stmts: Vec::new(),
            value: awaited(call(name(self.around), arguments), DUMMY_SP),
        }
    }

    /// `list[index]`
    fn member(&self, index: usize) -> Expr {
        #[allow(clippy::cast_precision_loss)] // no list is that long
        let index = Expr::Lit(Lit::Num(Number::from(index as f64)));
        Expr::Member(MemberExpr {
            span: DUMMY_SP,
            obj: Box::new(name(self.list)),
            prop: MemberProp::Computed(swc_core::ecma::ast::ComputedPropName {
                span: DUMMY_SP,
                expr: Box::new(index),
            }),
        })
    }

    /// The body of a middleware around the rest.
    fn spliced(
        &self,
        index: usize,
        element: &Element,
        rest: impl Fn() -> Rest,
        names: &Names,
    ) -> Rest {
        let Element { written, shape, .. } = element;
        if hands_on(written) {
            return rest();
        }
        let copy = renewed(written, self.shared);
        let next = copy.next();
        let body = with_arguments(copy, |role| names.of(role));
        let label = Ident::new_no_ctxt(format!("{}{index}", self.label).into(), DUMMY_SP);
        let (inner, reply) = (fresh("inner"), fresh("reply"));
        let rewriter = Rewriter {
            next,
            rest: shape.calls_next.then(rest),
            label: &label,
            inner: &inner,
            reply: &reply,
            retracts: shape.retracts,
        };
        let body = rewriter.body(body);
        let results: Vec<&Ident> = [(shape.calls_next, &inner), (shape.replies, &reply)]
            .into_iter()
            .filter_map(|(used, name)| used.then_some(name))
            .collect();
        let mut stmts: Vec<Stmt> = Vec::new();
        if !results.is_empty() {
            stmts.push(declare(&results));
        }
        stmts.push(labelled(&label, body));
        if !shape.replies {
            let value = if shape.calls_next {
                name(&inner)
            } else {
                undefined()
            };
            return Rest { stmts, value };
        }
        // A promise that was returned is waited for behind the block: no `try` of it catches what
        // becomes of the promise.
        let settled = assign(&reply, awaited(name(&reply), DUMMY_SP), DUMMY_SP);
        stmts.push(when(BinaryOp::NotEqEq, &reply, settled));
        if shape.calls_next {
            let inherited = assign(&reply, name(&inner), DUMMY_SP);
            stmts.push(when(BinaryOp::EqEqEq, &reply, inherited));
        }
        Rest {
            stmts,
            value: name(&reply),
        }
    }
}

/// Whether all a middleware does is `next()`.
fn hands_on(written: &Written) -> bool {
    let [only] = written.body.as_slice() else {
        return false;
    };
    let plain = written.params.iter().all(|(pattern, _)| pattern.is_ident());
    let hands_on = |site| matches!(site, Site::Statement | Site::Return | Site::ReturnPromise);
    plain
        && written
            .next()
            .and_then(|next| site(only, &next).map(hands_on))
            == Some(true)
}

/// The names of one chain.
struct Names {
    ctx: Ident,
    args: Ident,
    env: Ident,
    handler: Ident,
}

impl Names {
    fn new() -> Self {
        Self {
            ctx: fresh("ctx"),
            args: fresh("args"),
            env: fresh("env"),
            handler: fresh("handler"),
        }
    }

    fn of(&self, role: Role) -> Ident {
        match role {
            Role::Ctx | Role::Next => self.ctx.clone(),
            Role::Env => self.env.clone(),
        }
    }

    /// `handler(ctx, env, ...args)`
    fn call_handler(&self) -> Expr {
        let spread = ExprOrSpread {
            spread: Some(DUMMY_SP),
            expr: Box::new(name(&self.args)),
        };
        let arguments = vec![name(&self.ctx).into(), name(&self.env).into(), spread];
        call(name(&self.handler), arguments)
    }
}
