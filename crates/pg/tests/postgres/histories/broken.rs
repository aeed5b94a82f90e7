//! Ways to be wrong, for the checker to find.

use kontract_gateway::{Apply, Dependencies, Statement};

use crate::support::World;

/// Read committed: every read is of the newest rows, and nothing is checked.
pub fn read_committed(statement: &Statement) -> Statement {
    match newest(statement) {
        Statement::Apply(apply) => changed(&apply, |apply| {
            apply.snapshot = None;
        }),
        other => other,
    }
}

/// Repeatable read: one snapshot, and the first to write a row wins.
pub fn repeatable_read(statement: &Statement) -> Statement {
    let Statement::Apply(apply) = statement else {
        return statement.clone();
    };
    changed(apply, |apply| {
        for part in &mut apply.parts {
            let written = &part.changes.ids;
            let mut ids = std::mem::take(&mut part.dependencies).ids;
            ids.retain(|id| written.contains(id));
            part.dependencies = Dependencies {
                ids,
                ..Dependencies::default()
            };
        }
    })
}

/// Calls that commit in company are checked against those before the company alone.
pub fn unchecked_members(batch: &[Statement]) -> Vec<Statement> {
    let mut seen = false;
    let unchecked = |statement: &Statement| match statement {
        Statement::Apply(apply) if std::mem::replace(&mut seen, true) => changed(apply, |apply| {
            apply.snapshot = None;
        }),
        other => other.clone(),
    };
    batch.iter().map(unchecked).collect()
}

/// Collects versions, and leaves the commits: a retry finds what its call did.
pub fn keep_commits(batch: &[Statement]) -> Vec<Statement> {
    let kept = |statement: &Statement| match statement {
        Statement::DeleteCommits { domain, below, .. } => Statement::DeleteCommits {
            domain: domain.clone(),
            below: *below,
            limit: 0,
        },
        other => other.clone(),
    };
    batch.iter().map(kept).collect()
}

fn newest(statement: &Statement) -> Statement {
    let mut statement = statement.clone();
    if let Statement::ReadRow { at, .. } | Statement::ReadRows { at, .. } = &mut statement {
        *at = None;
    }
    statement
}

fn changed(apply: &Apply, change: impl FnOnce(&mut Apply)) -> Statement {
    let mut apply = apply.clone();
    change(&mut apply);
    Statement::Apply(apply.into())
}

/// A commit that finds its reads changed goes on.
pub fn unvalidated(source: &str) -> String {
    source.replace("RETURN -4;", "NULL;")
}

/// The mutex is taken after the check instead of before it.
pub fn late_lock(source: &str) -> String {
    let Some(start) = source.find("PERFORM 1 FROM kontract.trxs AS m") else {
        return source.to_owned();
    };
    let end = source[start..].find("END IF; ").unwrap() + start + "END IF; ".len();
    let lock = &source[start..end];
    let rest = [&source[..start], &source[end..]].concat();
    let insert = rest.find("INSERT INTO kontract.trxs").unwrap();
    let pause = "PERFORM pg_sleep(0.003); ";
    [&rest[..insert], pause, lock, &rest[insert..]].concat()
}

/// Nobody looks whether the snapshot is below the horizon.
pub fn unchecked_horizon(source: &str) -> String {
    source.replace("'gc:", "'nowhere:")
}

/// Puts other functions into the database. One that changes nothing would prove nothing.
pub async fn replace(world: &World, change: fn(&str) -> String) {
    let admin = world.database.admin().await;
    let functions = admin
        .query(
            "SELECT pg_get_functiondef(p.oid) FROM pg_proc p \
             JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'kontract'",
            &[],
        )
        .await
        .unwrap();
    let mut count = 0;
    for row in functions {
        let source: String = row.get(0);
        let broken = change(&source);
        if broken != source {
            admin.batch_execute(&broken).await.unwrap();
            count += 1;
        }
    }
    assert!(count > 0, "no function has this step");
}
