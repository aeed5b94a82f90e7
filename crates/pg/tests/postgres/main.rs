//! The gateway on a real PostgreSQL: `KONTRACT_TEST_DATABASE_URL` names an admin login.

mod faults;
mod isolation;
mod migration;
mod model;
mod permissions;
mod requests;
mod support;
mod whole_path;
