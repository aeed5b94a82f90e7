//! The last step: aliases that contain themselves get their meaning, unions their way to be told
//! apart, and what `types.d.ts` cannot write in place gets a name.

use std::collections::BTreeSet;

use super::ir::{Kind, Literal, Slot, Types};
use super::resolve::Resolver;
use super::union::simplify;
use super::walk::Reach;
use crate::diagnostics::{Report, types as errors};

impl Resolver<'_> {
    /// The resolved types, given the slots that cross the wire or lie in tables; and what was wrong.
    pub(crate) fn finish(mut self, used: &[Slot], stored: &[Slot]) -> (Types, Vec<Report>) {
        self.close();
        let mut reach = Reach::default();
        for slot in used.iter().chain(stored) {
            self.types.reach(slot, &mut reach);
        }
        for &union in &reach.unions {
            let found = self.types.discriminate(union);
            self.reports.extend(found.err().map(|report| *report));
        }
        let mut in_tables = Reach::default();
        for slot in stored {
            self.types.reach(slot, &mut in_tables);
        }
        for &union in &in_tables.unions {
            let found = self.types.stored_apart(union);
            self.reports.extend(found.err().map(|report| *report));
        }
        self.types.name_recursive(&reach);
        (self.types, self.reports)
    }

    /// Puts what aliases turned out to be in the place of their names.
    fn close(&mut self) {
        let types = &mut self.types;
        for index in 0..types.objects.len() {
            for field in 0..types.objects[index].fields.len() {
                let slot = types.settled(&types.objects[index].fields[field].slot);
                types.objects[index].fields[field].slot = slot;
            }
        }
        for index in 0..types.tuples.len() {
            for element in 0..types.tuples[index].elements.len() {
                let slot = types.settled(&types.tuples[index].elements[element].slot);
                types.tuples[index].elements[element].slot = slot;
            }
        }
        for index in 0..types.unions.len() {
            let mut members = Vec::new();
            let mut open = vec![index];
            for member in types.unions[index].members.clone() {
                if types.flatten(&member, &mut members, &mut open).is_none() {
                    let union = &types.unions[index];
                    self.reports
                        .push(errors::endless_type(union.file, union.range, &union.name));
                }
            }
            types.unions[index].members = simplify(members);
        }
    }
}

impl Types {
    /// A slot with the aliases in it that are known by now.
    pub(super) fn settled(&self, slot: &Slot) -> Slot {
        let kind = match &slot.kind {
            Kind::Open(index) => {
                let Some(target) = &self.aliases[*index] else {
                    return slot.clone();
                };
                let mut settled = self.settled(target);
                settled.null |= slot.null && settled.kind != Kind::Json;
                settled.undefined |= slot.undefined;
                return settled;
            }
            Kind::List(inner) => Kind::List(Box::new(self.settled(inner))),
            Kind::Record(inner) => Kind::Record(Box::new(self.settled(inner))),
            kind => kind.clone(),
        };
        Slot {
            kind,
            ..slot.clone()
        }
    }

    /// Whether a slot contains an alias directly: through lists and records only.
    pub(super) fn holds_open(slot: &Slot, alias: usize) -> bool {
        match &slot.kind {
            Kind::Open(index) => *index == alias,
            Kind::List(inner) | Kind::Record(inner) => Self::holds_open(inner, alias),
            _ => false,
        }
    }

    /// Adds the members behind a member of a union; `None` when that leads back to where it started.
    fn flatten(&self, member: &Kind, out: &mut Vec<Kind>, open: &mut Vec<usize>) -> Option<()> {
        let settled = self.settled(&Slot::of(member.clone())).kind;
        match settled {
            Kind::Open(_) => None,
            Kind::Union(index) if open.contains(&index) => None,
            Kind::Union(index) => {
                open.push(index);
                for inner in &self.unions[index].members {
                    self.flatten(inner, out, open)?;
                }
                open.pop();
                Some(())
            }
            kind => {
                out.push(kind);
                Some(())
            }
        }
    }

    /// Finds out how the members of a union are told apart.
    fn discriminate(&mut self, index: usize) -> Result<(), Box<Report>> {
        let union = &self.unions[index];
        let mut objects = Vec::new();
        let mut classes = Vec::new();
        for member in &union.members {
            let class = class(member);
            if let Kind::Object(object) = member {
                objects.push(*object);
                if classes.contains(&class) && objects.len() > 1 {
                    continue;
                }
            }
            if classes.contains(&class) || (class == "Json" && union.members.len() > 1) {
                return Err(Box::new(errors::ambiguous_union(
                    union.file,
                    union.range,
                    class,
                )));
            }
            classes.push(class);
        }
        if objects.len() > 1 {
            let Some(field) = self.discriminant(&objects) else {
                return Err(Box::new(errors::ambiguous_union(
                    union.file,
                    union.range,
                    "object",
                )));
            };
            self.unions[index].discriminant = Some(field);
        }
        Ok(())
    }

    /// The first field that is always there and has other literals in every object type.
    fn discriminant(&self, objects: &[usize]) -> Option<String> {
        let literals = |object: usize, name: &str| -> Option<Vec<Literal>> {
            let field = self.objects[object]
                .fields
                .iter()
                .find(|f| f.name == name)?;
            let all = field.slot.kind.literals();
            (!all.is_empty() && !field.slot.null && !field.slot.undefined).then_some(all)
        };
        let apart = |name: &str| {
            let mut seen: Vec<Literal> = Vec::new();
            objects.iter().all(|&object| {
                let Some(all) = literals(object, name) else {
                    return false;
                };
                let new = all.iter().all(|l| !seen.contains(l));
                seen.extend(all);
                new
            })
        };
        let fields = self.objects[objects[0]].fields.iter();
        fields.map(|f| &f.name).find(|name| apart(name)).cloned()
    }

    /// A row is JSON: members of a union must differ there too.
    fn stored_apart(&self, index: usize) -> Result<(), Box<Report>> {
        let union = &self.unions[index];
        let mut seen: Vec<(&str, &str)> = Vec::new();
        for member in &union.members {
            let (class, json) = (class(member), json_class(member));
            let first = seen.iter().find(|(other, j)| *j == json && *other != class);
            if let Some((first, _)) = first {
                return Err(Box::new(errors::ambiguous_in_row(
                    union.file,
                    union.range,
                    first,
                    class,
                )));
            }
            seen.push((class, json));
        }
        Ok(())
    }

    /// Gives names to what contains itself without a declared type in between.
    fn name_recursive(&mut self, reach: &Reach) {
        let mut taken = BTreeSet::new();
        let mut unique = |name: &str| {
            let base: String = name
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
                .collect();
            let mut name = base.clone();
            let mut count = 1;
            while !taken.insert(name.clone()) {
                count += 1;
                name = format!("{base}_{count}");
            }
            name
        };
        for &tuple in &reach.tuples {
            if self.contains_itself(&Kind::Tuple(tuple)) {
                self.tuples[tuple].alias = Some(unique(&self.tuples[tuple].name));
            }
        }
        for &union in &reach.unions {
            if self.contains_itself(&Kind::Union(union)) {
                self.unions[union].alias = Some(unique(&self.unions[union].name));
            }
        }
        for &object in &reach.objects {
            if self.objects[object].file.is_none() && self.contains_itself(&Kind::Object(object)) {
                let first = self.objects[object].fields.first();
                self.objects[object].file = first.map(|f| f.file);
            }
        }
    }

    fn contains_itself(&self, kind: &Kind) -> bool {
        let mut found = false;
        let mut seen = Vec::new();
        self.parts(kind, &mut |part| {
            self.search(part, kind, &mut seen, &mut found);
        });
        found
    }

    fn search(&self, slot: &Slot, wanted: &Kind, seen: &mut Vec<Kind>, found: &mut bool) {
        let named = match slot.kind {
            Kind::Object(index) => self.objects[index].file.is_some(),
            Kind::Tuple(index) => self.tuples[index].alias.is_some(),
            Kind::Union(index) => self.unions[index].alias.is_some(),
            _ => false,
        };
        *found |= slot.kind == *wanted;
        if named || *found || seen.contains(&slot.kind) {
            return;
        }
        seen.push(slot.kind.clone());
        self.parts(&slot.kind, &mut |part| {
            self.search(part, wanted, seen, found);
        });
    }
}

/// What a run-time test can see of a kind.
fn class(kind: &Kind) -> &'static str {
    match kind {
        Kind::Void => "undefined",
        Kind::Text(_) => "string",
        Kind::Number(..) => "number",
        Kind::Boolean | Kind::Literals(_) => "boolean",
        Kind::Bigint { .. } => "bigint",
        Kind::Date => "Date",
        Kind::Bytes => "Uint8Array",
        Kind::List(_) | Kind::Tuple(_) => "array",
        Kind::Object(_) | Kind::Record(_) => "object",
        Kind::Json | Kind::Union(_) | Kind::Open(_) => "Json",
    }
}

/// What is left of a kind in JSON.
fn json_class(kind: &Kind) -> &'static str {
    match class(kind) {
        "string" | "Uint8Array" => "string",
        "number" | "bigint" | "Date" => "number",
        other => other,
    }
}
