//! What a module uses of what has to be lowered: most use nothing, and pay nothing.

use swc_core::ecma::ast::{AutoAccessor, Decorator, JSXElement, JSXFragment, Module, UsingDecl};
use swc_core::ecma::visit::{Visit, VisitWith};

#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "one for each lowering")]
pub(super) struct Needs {
    pub decorators: bool,
    pub accessors: bool,
    pub using: bool,
    pub jsx: bool,
}

impl Needs {
    pub(super) fn of(module: &Module) -> Self {
        let mut needs = Self::default();
        module.visit_with(&mut needs);
        needs
    }
}

impl Visit for Needs {
    fn visit_decorator(&mut self, node: &Decorator) {
        self.decorators = true;
        node.visit_children_with(self);
    }

    fn visit_auto_accessor(&mut self, node: &AutoAccessor) {
        self.accessors = true;
        node.visit_children_with(self);
    }

    fn visit_using_decl(&mut self, node: &UsingDecl) {
        self.using = true;
        node.visit_children_with(self);
    }

    fn visit_jsx_element(&mut self, node: &JSXElement) {
        self.jsx = true;
        node.visit_children_with(self);
    }

    fn visit_jsx_fragment(&mut self, node: &JSXFragment) {
        self.jsx = true;
        node.visit_children_with(self);
    }
}
