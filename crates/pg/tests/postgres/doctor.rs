//! What `kontract doctor` finds in a healthy, a drifted and a degraded database.

use kontract_pg::{Address, Diagnosis, Level, diagnose, migrate};

use crate::support::{MANIFEST, PASSWORD, TestDatabase, connect};

async fn examine(database: &TestDatabase, manifest: &str) -> Diagnosis {
    let admin: Address = database.admin_url().parse().unwrap();
    let gateway: Address = database.gateway_url().parse().unwrap();
    diagnose(&admin, Some(&gateway), Some(manifest))
        .await
        .unwrap()
}

/// Codes of what was found, but for what a server's age and place bring.
fn codes(diagnosis: &Diagnosis) -> Vec<&str> {
    let always = ["schema.public", "connection.pooler"];
    let codes = diagnosis.findings.iter().map(|finding| finding.code);
    codes.filter(|code| !always.contains(code)).collect()
}

#[tokio::test]
async fn a_healthy_database_has_no_findings() {
    let database = TestDatabase::migrated(MANIFEST).await;
    let diagnosis = examine(&database, MANIFEST).await;
    assert_eq!(codes(&diagnosis), Vec::<&str>::new(), "{diagnosis:?}");
    assert!(diagnosis.supported && !diagnosis.degraded);
    let roles: Vec<&str> = diagnosis.roles.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(
        roles,
        [
            "kontract_gateway",
            "kontract_gc",
            "kontract_migrator",
            "kontract_owner",
            "kt_data"
        ]
    );
    let pooled = diagnosis
        .findings
        .iter()
        .any(|f| f.code == "connection.pooler");
    assert_eq!(pooled, std::env::var("KONTRACT_TEST_POOLER").is_ok());
}

#[tokio::test]
async fn what_has_drifted_is_named() {
    let database = TestDatabase::migrated(MANIFEST).await;
    let admin = database.admin().await;
    for (harm, code, says) in [
        (
            "GRANT DELETE ON kontract.tbl_notes_1 TO kontract_gateway",
            "role.privileges",
            "kontract_gateway should not hold tbl_notes_1: DELETE",
        ),
        (
            "GRANT UPDATE (data) ON kontract.tbl_notes_1 TO kt_data",
            "role.privileges",
            "kt_data should not hold tbl_notes_1.data: UPDATE",
        ),
        (
            "GRANT SELECT ON kontract.trxs TO PUBLIC",
            "role.privileges",
            "everybody (PUBLIC) holds trxs: SELECT",
        ),
        (
            "REVOKE SELECT ON kontract.storage FROM kontract_gateway",
            "role.privileges",
            "kontract_gateway does not hold storage: SELECT",
        ),
        (
            "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA kontract TO kontract_migrator",
            "role.privileges",
            "kontract_migrator should not hold commit: EXECUTE",
        ),
        (
            "DROP FUNCTION kontract.commit",
            "schema.behind",
            "function kontract.commit is missing, or another build's",
        ),
        (
            "ALTER TABLE kontract.tbl_notes_1 DISABLE ROW LEVEL SECURITY",
            "table.wall",
            "row-level security of kontract.tbl_notes_1 is off",
        ),
        (
            "DELETE FROM kontract.trxs WHERE sid = 'lock:*'",
            "rows.fixed",
            "kontract.trxs has no row lock:*",
        ),
        (
            "INSERT INTO kontract.trxs (sid, owner, create_txid) VALUES ('req:1', 'alice', 7)",
            "rows.fixed",
            "owners with commits in kontract.trxs and no row to lock: 1",
        ),
        (
            "UPDATE kontract.storage SET permissions = 4 WHERE id = 'notes'",
            "table.permissions",
            "table notes has permissions 4 in the database and 7 in the build: both count, until the \
             next migration",
        ),
        (
            "UPDATE kontract.storage SET ptr = 'tbl_notes_2' WHERE id = 'notes'",
            "schema.drift",
            "KT5102: table notes is stored as tbl_notes_2, the build says tbl_notes_1; is \
             kontract.lock.json the one it was deployed with?",
        ),
        (
            "DROP TABLE kontract.tbl_log_1 CASCADE",
            "schema.behind",
            "table log as kontract.tbl_log_1 is missing",
        ),
    ] {
        admin.batch_execute(harm).await.unwrap();
        let diagnosis = examine(&database, MANIFEST).await;
        let found = diagnosis
            .findings
            .iter()
            .find(|f| f.message.starts_with(says));
        let found = found.unwrap_or_else(|| panic!("{harm}: {:?}", diagnosis.findings));
        assert_eq!(found.code, code, "{harm}");
        let level = if code == "table.permissions" {
            Level::Note
        } else {
            Level::Problem
        };
        assert_eq!(found.level, level, "{harm}");
    }
}

#[tokio::test]
async fn a_build_that_is_ahead_or_behind_is_named() {
    let database = TestDatabase::migrated(MANIFEST).await;
    let other = r#"{"version":1,"tables":[
        {"id":"new","ptr":"tbl_new_1","tenancy":"own","primkey":"id","permissions":7},
        {"id":"notes","ptr":"tbl_notes_1","tenancy":"shared","primkey":"id","permissions":7}]}"#;
    let diagnosis = examine(&database, other).await;
    let says: Vec<&str> = diagnosis
        .findings
        .iter()
        .filter(|f| f.code.starts_with("schema.d") || f.code.starts_with("schema.b"))
        .map(|f| f.message.as_str())
        .collect();
    assert_eq!(says.len(), 2, "{says:?}");
    assert_eq!(says[0], "table new as kontract.tbl_new_1 is missing");
    assert!(says[1].starts_with("KT5101: table notes"), "{says:?}");
    assert!(codes(&diagnosis).contains(&"table.unknown"));

    let empty = TestDatabase::empty().await;
    let admin: Address = empty.admin_url().parse().unwrap();
    let diagnosis = diagnose(&admin, None, Some(MANIFEST)).await.unwrap();
    let codes = codes(&diagnosis);
    assert!(codes.contains(&"schema.behind"), "{diagnosis:?}");
}

#[tokio::test]
async fn one_login_for_all_is_told() {
    let database = TestDatabase::empty().await;
    let admin = database.admin().await;
    let name = format!("kt_doctor_{}", &database.name()[8..]);
    let make = format!(
        "CREATE ROLE {name} LOGIN PASSWORD 'p'; GRANT CREATE ON DATABASE {} TO {name}",
        database.name()
    );
    admin.batch_execute(&make).await.unwrap();
    let url = database.admin_url();
    let (scheme, rest) = url.split_once("://").unwrap();
    let server = rest.rsplit_once('@').map_or(rest, |(_, server)| server);
    let poor = format!("{scheme}://{name}:p@{server}");
    let client = connect(&poor).await;
    assert!(migrate(&client, MANIFEST, PASSWORD).await.unwrap().degraded);
    let address: Address = poor.parse().unwrap();
    let diagnosis = diagnose(&address, Some(&address), Some(MANIFEST))
        .await
        .unwrap();
    assert_eq!(codes(&diagnosis), ["login.shared"], "{diagnosis:?}");
    assert!(diagnosis.degraded);
    assert_eq!(diagnosis.findings[0].level, Level::Unprotected);
    drop(client);
    admin
        .batch_execute(&format!(
            "DROP SCHEMA kontract CASCADE; DROP OWNED BY {name}; DROP ROLE {name}"
        ))
        .await
        .unwrap();
}
