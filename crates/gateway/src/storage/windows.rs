//! The end of a call that has queried: what its queries have looked at is checked first, each with a
//! statement of its own, in the transaction that commits and behind its mutexes.

use std::sync::Arc;

use crate::host::Outcome;
use crate::storage::apply::Apply;
use crate::storage::commit::{Failure, ended};
use crate::storage::select::ValidateWindow;
use crate::storage::statement::{Statement, snapshot_of};
use crate::storage::transaction::first_error;

impl Apply {
    /// Whether queries have to be checked, which nobody does for others.
    pub(super) fn has_windows(&self) -> bool {
        let mut parts = self.parts.iter();
        self.snapshot.is_some() && parts.any(|part| !part.dependencies.windows.is_empty())
    }

    /// The statements of a commit by itself. The mutexes are taken before the checks, each of which
    /// sees what has been committed by then.
    pub(super) fn alone(self: &Arc<Self>, role: Option<&'static str>) -> Vec<Statement> {
        let apply = Statement::Apply(self.clone());
        let Some(snapshot) = self.snapshot.as_ref().filter(|_| self.has_windows()) else {
            return vec![apply];
        };
        let mut batch = vec![Statement::BeginWrite];
        let domains = self.domains().into_iter();
        batch.extend(domains.map(|domain| Statement::LockMutex { domain }));
        let owner = self.owner.clone();
        batch.push(Statement::ActAs { role, owner });
        for part in &self.parts {
            let since = snapshot_of(&part.table, snapshot);
            batch.extend(part.dependencies.windows.iter().map(|window| {
                let (table, owner) = (part.table.clone(), self.owner.clone());
                let check = ValidateWindow::new(table, owner, since, window.clone());
                Statement::ValidateWindow(Box::new(check))
            }));
        }
        batch.extend([Statement::ActAsSelf, apply, Statement::Commit]);
        batch
    }
}

/// How a commit by itself ended.
pub(super) fn ended_alone(batch: &[Statement], outcome: &Outcome) -> Result<(), Failure> {
    if outcome.len() == batch.len()
        && let Some((statement, error)) = first_error(batch, outcome)
        && error.sqlstate() == Some("22012")
    {
        match statement {
            Statement::LockMutex { .. } => return Err(Failure::NoMutex),
            Statement::ValidateWindow(_) => return Err(Failure::Changed),
            _ => {}
        }
    }
    let applied = ended(batch, outcome)?;
    applied.into_iter().next().unwrap_or(Err(Failure::Lost))
}
