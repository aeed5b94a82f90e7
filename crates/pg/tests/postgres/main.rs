//! The gateway on a real Postgres: `KONTRACT_TEST_DATABASE_URL` names an admin login.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::needless_pass_by_value,
    reason = "a test that cannot go on should stop, and says where"
)]

mod carriers;
mod collection;
mod doctor;
mod faults;
mod fields;
mod filters;
mod group;
mod histories;
mod isolation;
mod matrix;
mod migration;
mod model;
mod operations;
mod permissions;
mod privileges;
mod queries;
mod requests;
mod support;
mod tokens;
mod whole_path;
