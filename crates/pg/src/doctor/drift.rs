//! Where a database and a build differ.

use kontract_gateway::{Manifest, TableEntry, Tenancy, plan};

use crate::doctor::facts::Facts;
use crate::doctor::{Finding, Level};

const MIGRATE: &str = "kontract start with DATABASE_URL migrates before it serves.";

pub(super) fn compare(facts: &Facts, manifest: Option<&Manifest>, findings: &mut Vec<Finding>) {
    fixed_rows(facts, findings);
    let Some(manifest) = manifest else {
        return;
    };
    // What a migration would refuse, and what it would make.
    let whole = Manifest {
        tables: Vec::new(),
        ..manifest.clone()
    };
    behind(facts, &whole, findings);
    for table in &manifest.tables {
        let one = Manifest {
            tables: vec![table.clone()],
            ..whole.clone()
        };
        if behind(facts, &one, findings) {
            table_rows(facts, table, findings);
        }
    }
    others(facts, manifest, findings);
}

/// Tells what a migration would refuse or make. Answers whether the table is there, as the build's.
fn behind(facts: &Facts, manifest: &Manifest, findings: &mut Vec<Finding>) -> bool {
    let table = manifest.tables.first();
    let plan = match plan(manifest, "", &facts.existing) {
        Ok(plan) => plan,
        Err(refused) => {
            findings.push(Finding {
                level: Level::Problem,
                code: "schema.drift",
                message: refused.to_string(),
                help: "docs/errors.md says what each of these needs.",
            });
            return false;
        }
    };
    let mut tell = |message| {
        // What every table needs is told once.
        if !findings.iter().any(|finding| finding.message == message) {
            findings.push(Finding {
                level: Level::Problem,
                code: "schema.behind",
                message,
                help: MIGRATE,
            });
        }
    };
    for made in plan.applied {
        tell(format!("{made} is missing"));
    }
    // Of a table that is missing, so are the functions.
    let there = table.is_some_and(|table| facts.existing.relations.contains_key(&table.ptr));
    for statement in plan.statements.iter().filter(|_| there) {
        let made = statement.strip_prefix("CREATE OR REPLACE FUNCTION ");
        if let Some((name, _)) = made.and_then(|made| made.split_once('(')) {
            tell(format!("function {name} is missing, or another build's"));
        }
    }
    there
}

/// What the plan does not look at: the row in `storage`, and the rows' wall.
fn table_rows(facts: &Facts, table: &TableEntry, findings: &mut Vec<Finding>) {
    let id = &table.id;
    match facts.permissions.iter().find(|(stored, _)| stored == id) {
        None => findings.push(Finding {
            level: Level::Problem,
            code: "schema.behind",
            message: format!("table {id} is not in kontract.storage"),
            help: MIGRATE,
        }),
        Some((_, bits)) if *bits != i32::from(table.permissions.bits()) => {
            findings.push(Finding {
                level: Level::Note,
                code: "table.permissions",
                message: format!(
                    "table {id} has permissions {bits} in the database and {} in the build: both count, \
                     until the next migration",
                    table.permissions.bits()
                ),
                help: "Put what you want to last into the build.",
            });
        }
        Some(_) => {}
    }
    let wall = facts.walls.iter().find(|(ptr, _)| *ptr == table.ptr);
    if let Some((ptr, false)) = wall
        && table.tenancy != Tenancy::Shared
    {
        findings.push(Finding {
            level: Level::Problem,
            code: "table.wall",
            message: format!("row-level security of kontract.{ptr} is off"),
            help: "ALTER TABLE … ENABLE ROW LEVEL SECURITY, as kontract_owner.",
        });
    }
}

/// Tables of other builds stay: nobody but a person drops data.
fn others(facts: &Facts, manifest: &Manifest, findings: &mut Vec<Finding>) {
    let known = |ptr: &str| manifest.tables.iter().any(|table| table.ptr == ptr);
    let others: Vec<&str> = facts
        .walls
        .iter()
        .map(|(ptr, _)| ptr.as_str())
        .filter(|ptr| !known(ptr))
        .collect();
    if !others.is_empty() {
        findings.push(Finding {
            level: Level::Note,
            code: "table.unknown",
            message: format!("this build does not know {}", others.join(", ")),
            help: "An older build's tables keep their rows until you drop them.",
        });
    }
}

fn fixed_rows(facts: &Facts, findings: &mut Vec<Finding>) {
    if !facts.existing.relations.contains_key("trxs") {
        return;
    }
    let missing: Vec<&str> = ["init:*", "lock:*"]
        .into_iter()
        .filter(|sid| !facts.fixed.contains(*sid))
        .collect();
    if !missing.is_empty() {
        findings.push(Finding {
            level: Level::Problem,
            code: "rows.fixed",
            message: format!("kontract.trxs has no row {}", missing.join(", ")),
            help: MIGRATE,
        });
    }
    if facts.unlocked > 0 {
        findings.push(Finding {
            level: Level::Problem,
            code: "rows.fixed",
            message: format!(
                "owners with commits in kontract.trxs and no row to lock: {}",
                facts.unlocked
            ),
            help: "Somebody has deleted rows of kontract.trxs; the owner's next commit makes the row \
                   anew. Look who may write there.",
        });
    }
}
