//! What a migration makes of a database, and leaves alone.

use std::sync::Arc;
use std::time::Duration;

use kontract_gateway::{Gateway, GatewayConfig, Invocation};
use kontract_pg::{MigrateError, migrate};
use kontract_raystream::StaticKey;

use crate::support::{
    Caller, Closures, MANIFEST, PASSWORD, TestDatabase, TestHost, connect, ok, text,
};

/// Every table and column privilege the gateway's login holds by itself.
const HELD: &str = "
    SELECT c.relname || ': ' || a.privilege_type AS held
    FROM pg_class c, aclexplode(c.relacl) a
    WHERE a.grantee IN (0, (SELECT oid FROM pg_roles WHERE rolname = 'kontract_gateway'))
      AND c.relnamespace = 'kontract'::regnamespace
    UNION ALL
    SELECT c.relname || '.' || t.attname || ': ' || a.privilege_type
    FROM pg_attribute t JOIN pg_class c ON c.oid = t.attrelid, aclexplode(t.attacl) a
    WHERE a.grantee IN (0, (SELECT oid FROM pg_roles WHERE rolname = 'kontract_gateway'))
      AND c.relnamespace = 'kontract'::regnamespace
    ORDER BY 1";

#[tokio::test]
async fn the_gateways_login_holds_almost_nothing() {
    let database = TestDatabase::migrated(MANIFEST).await;
    let admin = database.admin().await;
    let rows = admin.query(HELD, &[]).await.unwrap();
    let held: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let expected = [
        "storage: SELECT",
        "trxs: DELETE",
        "trxs: INSERT",
        "trxs: SELECT",
        "trxs.ts: UPDATE",
    ];
    let mut held_sorted = held.clone();
    held_sorted.sort();
    let mut expected = expected.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(held_sorted, expected);
    let attributes = "SELECT rolcanlogin AND NOT (rolsuper OR rolinherit OR rolcreaterole \
                      OR rolcreatedb OR rolreplication OR rolbypassrls) \
                      FROM pg_roles WHERE rolname = 'kontract_gateway'";
    assert!(
        admin
            .query_one(attributes, &[])
            .await
            .unwrap()
            .get::<_, bool>(0)
    );
    let memberships = "SELECT array_agg(r.rolname::text ORDER BY r.rolname) FROM pg_auth_members m \
                       JOIN pg_roles r ON r.oid = m.roleid JOIN pg_roles g ON g.oid = m.member \
                       WHERE g.rolname = 'kontract_gateway'";
    let roles: Vec<String> = admin.query_one(memberships, &[]).await.unwrap().get(0);
    assert_eq!(roles, ["kontract_gc", "kt_data"]);
}

#[tokio::test]
async fn a_second_migration_changes_nothing_and_loses_nothing() {
    let database = TestDatabase::migrated(MANIFEST).await;
    let admin = database.admin().await;
    let row = "INSERT INTO kontract.tbl_notes_1 VALUES ('a', '{}', 1, 1, 'alice', NULL, 1)";
    admin.batch_execute(row).await.unwrap();
    let report = migrate(&admin, MANIFEST, PASSWORD).await.unwrap();
    assert_eq!(report.applied, Vec::<String>::new());
    // A build without the table leaves it where it is.
    let empty = r#"{"version":1,"routes":[],"tables":[]}"#;
    migrate(&admin, empty, PASSWORD).await.unwrap();
    assert_eq!(
        database
            .number("SELECT count(*) FROM kontract.tbl_notes_1")
            .await,
        1
    );
}

#[tokio::test]
async fn a_change_that_would_expose_rows_is_refused_whole() {
    let database = TestDatabase::migrated(MANIFEST).await;
    let admin = database.admin().await;
    let exposed = r#"{"version":1,"tables":[
        {"id":"new","ptr":"tbl_new_1","tenancy":"own","primkey":"id","permissions":7},
        {"id":"notes","ptr":"tbl_notes_1","tenancy":"shared","primkey":"id","permissions":7}]}"#;
    match migrate(&admin, exposed, PASSWORD).await {
        Err(MigrateError::Refused(refused)) => assert!(refused.to_string().starts_with("KT5101")),
        other => panic!("{other:?}"),
    }
    let made = "SELECT count(*) FROM pg_class WHERE relname = 'tbl_new_1'";
    assert_eq!(database.number(made).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn migrations_may_run_at_the_same_time() {
    let database = Arc::new(TestDatabase::empty().await);
    let runs: Vec<_> = (0..4)
        .map(|_| {
            let database = database.clone();
            tokio::spawn(async move {
                let admin = database.admin().await;
                migrate(&admin, MANIFEST, PASSWORD)
                    .await
                    .unwrap()
                    .applied
                    .len()
            })
        })
        .collect();
    let mut applied = Vec::new();
    for run in runs {
        applied.push(run.await.unwrap());
    }
    assert_eq!(
        applied.iter().filter(|&&count| count > 0).count(),
        1,
        "{applied:?}"
    );
}

/// A login that may create roles and schemas, and is no superuser.
#[tokio::test]
async fn a_superuser_is_not_needed() {
    let database = TestDatabase::empty().await;
    let admin = database.admin().await;
    let name = format!("kt_admin_{}", &database.name()[8..]);
    let make = format!(
        "CREATE ROLE {name} LOGIN CREATEROLE PASSWORD 'p'; GRANT CREATE ON DATABASE {} TO {name}",
        database.name()
    );
    admin.batch_execute(&make).await.unwrap();
    // Roles another database of this cluster has made are taken over with the right to give them.
    admin
        .batch_execute(&format!(
            "DO $$ DECLARE r text; BEGIN FOR r IN SELECT rolname FROM pg_roles WHERE rolname IN \
         ('kontract_owner', 'kontract_gateway', 'kt_data') LOOP \
         EXECUTE format('GRANT %I TO {name} WITH ADMIN OPTION', r); END LOOP; END $$"
        ))
        .await
        .unwrap();
    let url = database.admin_url();
    let (scheme, rest) = url.split_once("://").unwrap();
    let server = rest.rsplit_once('@').map_or(rest, |(_, server)| server);
    let client = connect(&format!("{scheme}://{name}:p@{server}")).await;
    let report = migrate(&client, MANIFEST, PASSWORD).await.unwrap();
    assert!(!report.degraded);
    let again = migrate(&client, MANIFEST, PASSWORD).await.unwrap();
    assert_eq!(again.applied, Vec::<String>::new());
    let tables: i64 = database
        .number("SELECT count(*) FROM kontract.storage")
        .await;
    assert_eq!(tables, 4);
    admin
        .batch_execute(&format!("DROP OWNED BY {name}; DROP ROLE {name}"))
        .await
        .unwrap();
}

/// A login that may not even create roles gets tables of its own, and is told so.
#[tokio::test]
async fn without_roles_one_login_does() {
    let database = TestDatabase::empty().await;
    let admin = database.admin().await;
    let name = format!("kt_poor_{}", &database.name()[8..]);
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
    assert!(migrate(&client, MANIFEST, "unused").await.unwrap().degraded);
    assert_eq!(
        migrate(&client, MANIFEST, "unused").await.unwrap().applied,
        Vec::<String>::new()
    );

    let handler = |call: Invocation<TestHost>| async move {
        call.transaction.push("notes", "{}").await.map_err(text)?;
        let page = call
            .transaction
            .query("notes", None, None)
            .await
            .map_err(text)?;
        Ok(ok(&page.rows.len().to_string()))
    };
    let key = StaticKey::from_private([1; 32]);
    let mut config = GatewayConfig::new(key.clone());
    config.dev_identity = Some("alice".to_owned());
    let host = Arc::new(TestHost::new(&poor));
    let gateway = Arc::new(Gateway::new(host, config));
    gateway
        .deploy(MANIFEST, Closures::default().on("write", handler))
        .unwrap();
    let caller = Caller::connect(gateway.clone(), key.public());
    assert_eq!(caller.call("write", "").await.text(), "1");
    assert_eq!(caller.call("write", "").await.text(), "2");
    drop((caller, gateway, client));
    tokio::time::sleep(Duration::from_millis(50)).await;
    admin
        .batch_execute(&format!(
            "DROP SCHEMA kontract CASCADE; DROP OWNED BY {name}"
        ))
        .await
        .unwrap();
    admin
        .batch_execute(&format!("DROP ROLE {name}"))
        .await
        .unwrap();
}
