//! What each role can do, as the catalogue has it: effective rights, whoever they come from.

use crate::support::{MANIFEST, TestDatabase};

async fn names(database: &TestDatabase, sql: &str) -> Vec<String> {
    let rows = database.admin().await.query(sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Relations of this database outside the system's schemas that a role has any right on, PUBLIC's and
/// inherited rights included.
fn reachable(role: &str) -> String {
    format!(
        "SELECT n.nspname || '.' || c.relname FROM pg_class c \
         JOIN pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', \
         'information_schema') AND n.nspname !~ '^pg_toast' \
         AND (has_table_privilege('{role}', c.oid, \
         'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER') \
         OR has_any_column_privilege('{role}', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')) \
         ORDER BY 1"
    )
}

#[tokio::test]
async fn the_gateways_login_reaches_two_tables() {
    let database = TestDatabase::migrated(MANIFEST).await;
    let admin = database.admin().await;
    admin
        .batch_execute("CREATE TABLE public.somebodys (id int)")
        .await
        .unwrap();
    assert_eq!(
        names(&database, &reachable("kontract_gateway")).await,
        ["kontract.storage", "kontract.trxs"]
    );
    // The query finds what is too much.
    admin
        .batch_execute("GRANT SELECT (id) ON public.somebodys TO PUBLIC")
        .await
        .unwrap();
    assert!(
        names(&database, &reachable("kontract_gateway"))
            .await
            .contains(&"public.somebodys".to_owned())
    );
    // Of the functions, which work with their owner's rights, it may call all and others none.
    let callers = "SELECT DISTINCT coalesce(r.rolname::text, 'PUBLIC') FROM pg_proc p, \
         aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a \
         LEFT JOIN pg_roles r ON r.oid = a.grantee \
         WHERE p.pronamespace = 'kontract'::regnamespace AND a.grantee <> p.proowner ORDER BY 1";
    assert_eq!(
        names(&database, callers).await,
        ["kontract_gateway", "kt_data"]
    );
    let schema = "SELECT privilege FROM unnest(ARRAY['USAGE', 'CREATE']) AS privilege \
                  WHERE has_schema_privilege('kontract_gateway', 'kontract', privilege)";
    assert_eq!(names(&database, schema).await, ["USAGE"]);
}

/// `column: privileges` of a role on one of the tables.
fn columns(role: &str) -> String {
    format!(
        "SELECT attname || ': ' || array_to_string(ARRAY(SELECT p FROM \
         unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) AS p \
         WHERE has_column_privilege('{role}', attrelid, attname, p)), ' ') FROM pg_attribute \
         WHERE attrelid = 'kontract.tbl_notes_1'::regclass AND attnum > 0 ORDER BY attnum"
    )
}

/// Rights on the whole table, none of which says UPDATE.
fn whole(role: &str) -> String {
    format!(
        "SELECT p FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', \
         'REFERENCES', 'TRIGGER']) AS p \
         WHERE has_table_privilege('{role}', 'kontract.tbl_notes_1', p)"
    )
}

#[tokio::test]
async fn history_is_added_to_and_closed_and_collected_unread() {
    let database = TestDatabase::migrated(MANIFEST).await;
    assert_eq!(
        names(&database, &whole("kt_data")).await,
        ["SELECT", "INSERT"]
    );
    assert_eq!(
        names(&database, &columns("kt_data")).await,
        [
            "id: SELECT INSERT",
            "data: SELECT INSERT",
            "_version: SELECT INSERT",
            "_txid: SELECT INSERT",
            "_owner: SELECT INSERT",
            "_deleted_txid: SELECT INSERT UPDATE",
            "_order: SELECT INSERT"
        ]
    );
    assert_eq!(names(&database, &whole("kontract_gc")).await, ["DELETE"]);
    assert_eq!(
        names(&database, &columns("kontract_gc")).await,
        [
            "id: SELECT",
            "data: ",
            "_version: ",
            "_txid: SELECT",
            "_owner: SELECT",
            "_deleted_txid: SELECT",
            "_order: "
        ]
    );
    // Own tables have a view of the owner's rows, which queries are asked of.
    let views = ["log", "notes", "users"].map(|id| format!("kontract.rows_tbl_{id}_1"));
    let tables = ["board", "log", "notes", "users"].map(|id| format!("kontract.tbl_{id}_1"));
    for (role, views) in [("kt_data", &views[..]), ("kontract_gc", &[])] {
        let reached = names(&database, &reachable(role)).await;
        assert_eq!(reached, [views, &tables].concat(), "{role}");
    }
}

#[tokio::test]
async fn no_role_has_powers() {
    let database = TestDatabase::migrated(MANIFEST).await;
    let powers = "SELECT rolname::text FROM pg_roles WHERE (rolname LIKE 'kontract\\_%' \
                  OR rolname = 'kt_data') AND (rolsuper OR rolcreaterole OR rolcreatedb \
                  OR rolreplication OR rolbypassrls)";
    assert_eq!(names(&database, powers).await, Vec::<String>::new());
    let logins = "SELECT rolname::text FROM pg_roles WHERE rolname IN ('kontract_owner', \
                  'kontract_migrator', 'kontract_gateway', 'kt_data', 'kontract_gc') \
                  AND rolcanlogin ORDER BY 1";
    assert_eq!(
        names(&database, logins).await,
        ["kontract_gateway", "kontract_migrator"]
    );
    // Rights of a role it belongs to count only once it has taken it.
    let inherited = "SELECT member::text || ' ' || role FROM (VALUES \
         ('kontract_gateway', 'kt_data'), ('kontract_gateway', 'kontract_gc'), \
         ('kontract_migrator', 'kontract_owner')) AS m(member, role) \
         WHERE pg_has_role(member, role, 'USAGE')";
    assert_eq!(names(&database, inherited).await, Vec::<String>::new());
    // The superuser the tests log in as may take any role; the gateway may take these two.
    let takes = "SELECT rolname::text FROM pg_roles WHERE rolname IN ('kontract_owner', \
                 'kontract_migrator', 'kt_data', 'kontract_gc') \
                 AND pg_has_role('kontract_gateway', oid, 'MEMBER') ORDER BY 1";
    assert_eq!(names(&database, takes).await, ["kontract_gc", "kt_data"]);
}

/// Limits are the role's own, so a pooler's connections have them as well.
#[tokio::test]
async fn the_gateways_sessions_have_limits() {
    let database = TestDatabase::migrated(MANIFEST).await;
    let client = crate::support::connect(&database.gateway_url()).await;
    let sql = "SELECT concat_ws(' ', current_setting('statement_timeout'), \
               current_setting('lock_timeout'), \
               current_setting('idle_in_transaction_session_timeout'))";
    let rows = client.query_typed(sql, &[]).await.unwrap();
    assert_eq!(rows[0].get::<_, &str>(0), "10s 2s 5s");
}
