//! Unions: what is one kind after all stays one, the rest is told apart at run time.

use super::ir::{Kind, Literal, Number, Slot, Union};
use super::resolve::Resolver;
use crate::diagnostics::Range;

impl Resolver<'_> {
    /// The union of slots; `name` is what a schema calls it if it is one.
    pub(super) fn unite(
        &mut self,
        file: usize,
        range: Range,
        name: &str,
        slots: Vec<Slot>,
    ) -> Slot {
        let (mut null, mut undefined) = (false, false);
        let mut kinds = Vec::new();
        for slot in slots {
            null |= slot.null;
            undefined |= slot.undefined;
            match slot.kind {
                // `void` is another word for `undefined` here.
                Kind::Void => undefined |= !slot.null,
                Kind::Union(index) => kinds.extend(self.types.unions[index].members.clone()),
                kind => kinds.push(kind),
            }
        }
        let mut kinds = simplify(kinds);
        let kind = match kinds.len() {
            0 => Kind::Void,
            1 => kinds.remove(0),
            _ => {
                self.types.unions.push(Union {
                    name: name.to_owned(),
                    members: kinds,
                    discriminant: None,
                    alias: None,
                    file,
                    range,
                });
                Kind::Union(self.types.unions.len() - 1)
            }
        };
        let null = null && kind != Kind::Json;
        Slot {
            kind,
            null,
            undefined,
        }
    }

    /// The kinds a slot is a choice of, each literal by itself.
    pub(super) fn choices(&self, slot: &Slot) -> Vec<Kind> {
        let kinds = match &slot.kind {
            Kind::Union(index) => self.types.unions[*index].members.clone(),
            Kind::Void => Vec::new(),
            kind => vec![kind.clone()],
        };
        let each = |kind: Kind| match kind {
            Kind::Boolean => [true, false]
                .map(|b| Kind::Literals(vec![Literal::Boolean(b)]))
                .to_vec(),
            kind if kind.literals().is_empty() => vec![kind],
            kind => kind
                .literals()
                .into_iter()
                .map(|l| Kind::of_literals(vec![l]))
                .collect(),
        };
        kinds.into_iter().flat_map(each).collect()
    }
}

/// The fewest kinds that say the same, in order of appearance.
pub(super) fn simplify(kinds: Vec<Kind>) -> Vec<Kind> {
    let json = kinds.contains(&Kind::Json);
    let text = kinds
        .iter()
        .any(|k| matches!(k, Kind::Text(l) if l.is_empty()));
    let boolean = kinds.contains(&Kind::Boolean);
    let width = width(&kinds);
    let mut literals: Vec<Literal> = Vec::new();
    for literal in kinds.iter().flat_map(Kind::literals) {
        let swallowed = json
            || match literal {
                Literal::Text(_) => text,
                Literal::Number(_) => width.is_some(),
                Literal::Boolean(_) => boolean,
            };
        if !swallowed && !literals.contains(&literal) {
            literals.push(literal);
        }
    }
    let others = kinds
        .iter()
        .any(|k| *k != Kind::Boolean && k.literals().is_empty());
    if !(others || boolean && literals.is_empty()) {
        if boolean {
            literals.extend([true, false].map(Literal::Boolean));
        }
        return if literals.is_empty() {
            Vec::new()
        } else {
            vec![Kind::of_literals(literals)]
        };
    }
    let mut out: Vec<Kind> = Vec::new();
    for kind in kinds {
        let kinds = match kind {
            Kind::Text(_) | Kind::Number(..) | Kind::Boolean | Kind::Literals(_) if json => {
                vec![Kind::Json]
            }
            Kind::Number(_, l) if l.is_empty() => {
                vec![Kind::Number(width.unwrap_or(Number::Float64), l)]
            }
            kind if kind.literals().is_empty() => vec![kind],
            // Literals of a kind stand where the first of them stood.
            kind => {
                let kinds = kind.literals().into_iter();
                let kinds = kinds.filter(|l| literals.contains(l)).map(|literal| {
                    let same = |l: &&Literal| {
                        std::mem::discriminant(*l) == std::mem::discriminant(&literal)
                    };
                    Kind::of_literals(literals.iter().filter(same).cloned().collect())
                });
                kinds.collect()
            }
        };
        for kind in kinds {
            if !out.contains(&kind) {
                out.push(kind);
            }
        }
    }
    out
}

/// The width of the numbers that are not literals: theirs if they agree.
fn width(kinds: &[Kind]) -> Option<Number> {
    let mut widths = kinds.iter().filter_map(|k| match k {
        Kind::Number(width, literals) if literals.is_empty() => Some(*width),
        _ => None,
    });
    let first = widths.next()?;
    Some(if widths.all(|w| w == first) {
        first
    } else {
        Number::Float64
    })
}
