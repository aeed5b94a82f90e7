//! Whether each role is and holds what it should, and no more.

use std::collections::BTreeSet;

use kontract_gateway::GATEWAY_ROLE;

use crate::doctor::facts::{Facts, Role};
use crate::doctor::{Finding, Level, expected};

const MIGRATE: &str = "Migrate again, with a login that may give rights: kontract start with \
                       DATABASE_URL. What is too much is for you to revoke.";

pub(super) fn compare(facts: &Facts, findings: &mut Vec<Finding>) {
    let tables: Vec<&str> = facts.walls.iter().map(|(name, _)| name.as_str()).collect();
    let views = facts.views();
    let functions = facts.functions();
    for role in &facts.roles {
        privileges(role, &tables, &views, &functions, findings);
        attributes(role, findings);
    }
    if !facts.held_by_all.is_empty() {
        findings.push(Finding {
            level: Level::Problem,
            code: "role.privileges",
            message: format!("everybody (PUBLIC) holds {}", list(&facts.held_by_all)),
            help: "Revoke it from PUBLIC.",
        });
    }
    if facts.makes_tables {
        findings.push(Finding {
            level: Level::Unprotected,
            code: "schema.public",
            message: format!("{GATEWAY_ROLE} may make tables in schema public, as everybody may"),
            help: "REVOKE CREATE ON SCHEMA public FROM PUBLIC; what PostgreSQL 15 and later start with.",
        });
    }
    if let Some(gateway) = facts.role(GATEWAY_ROLE) {
        let limits: BTreeSet<String> = expected::SETTINGS.map(str::to_owned).into();
        let missing: BTreeSet<String> = limits.difference(&gateway.settings).cloned().collect();
        if !missing.is_empty() {
            findings.push(Finding {
                level: Level::Unprotected,
                code: "role.settings",
                message: format!("{GATEWAY_ROLE} has no {}", list(&missing)),
                help: "Migrate with a login that may alter roles: kontract start with DATABASE_URL.",
            });
        }
    }
}

fn privileges(
    role: &Role,
    tables: &[&str],
    views: &[&str],
    functions: &BTreeSet<String>,
    findings: &mut Vec<Finding>,
) {
    let expected = expected::privileges(&role.name, tables, views, functions);
    let mut tell = |what: &str, difference: BTreeSet<String>| {
        if !difference.is_empty() {
            findings.push(Finding {
                level: Level::Problem,
                code: "role.privileges",
                message: format!("{} {what} {}", role.name, list(&difference)),
                help: MIGRATE,
            });
        }
    };
    tell(
        "should not hold",
        role.held.difference(&expected).cloned().collect(),
    );
    tell(
        "does not hold",
        expected.difference(&role.held).cloned().collect(),
    );
}

fn attributes(role: &Role, findings: &mut Vec<Finding>) {
    let name = &role.name;
    let mut tell = |code, message| {
        findings.push(Finding {
            level: Level::Problem,
            code,
            message,
            help: MIGRATE,
        });
    };
    if !role.powers.is_empty() {
        tell(
            "role.attributes",
            format!("{name} should not be {}", list(&role.powers)),
        );
    }
    if role.can_login && !expected::is_login(name) {
        tell("role.attributes", format!("{name} should not be a login"));
    }
    let expected: BTreeSet<String> = expected::memberships(name)
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    let extra: BTreeSet<String> = role.member_of.difference(&expected).cloned().collect();
    if !extra.is_empty() {
        tell(
            "role.membership",
            format!("{name} should not be a member of {}", list(&extra)),
        );
    }
    let missing: BTreeSet<String> = expected.difference(&role.member_of).cloned().collect();
    if !missing.is_empty() {
        tell(
            "role.membership",
            format!("{name} is not a member of {}", list(&missing)),
        );
    }
    if !role.inherits.is_empty() {
        tell(
            "role.membership",
            format!(
                "{name} has the rights of {} without taking the role (INHERIT)",
                list(&role.inherits)
            ),
        );
    }
}

fn list(names: &BTreeSet<String>) -> String {
    names.iter().cloned().collect::<Vec<_>>().join(", ")
}
