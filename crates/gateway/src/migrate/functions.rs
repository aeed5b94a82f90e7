//! The functions the gateway calls: fixed statements that run with their owner's rights, so that a
//! read or a whole commit is one trip without a change of role.
//!
//! None of them takes a name or a piece of SQL. Each states its owner's rows by itself
//! (`_owner = …`), since whoever owns a table passes its row-level security. The search path is
//! pinned: the caller's could put another `=` in front of the catalogue's.

use crate::manifest::{TableEntry, Tenancy};
use crate::migrate::ddl::literal;

/// One function: what it is called by, and how it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Function {
    /// `name(types of its arguments)`, in schema `kontract`.
    pub signature: String,
    /// `CREATE OR REPLACE FUNCTION …`
    pub create: String,
    /// The source, as `pg_proc.prosrc` has it.
    pub source: String,
}

impl Function {
    fn new(name: &str, arguments: &[&str], returns: &str, kind: &str, source: String) -> Self {
        let types: Vec<_> = arguments
            .iter()
            .filter_map(|argument| argument.split_once(' ').map(|(_, kind)| kind))
            .collect();
        let arguments = arguments.join(", ");
        let quoted = literal(&source);
        Self {
            signature: format!("{name}({})", types.join(", ")),
            create: format!(
                "CREATE OR REPLACE FUNCTION kontract.{name}({arguments}) RETURNS {returns} \
                 LANGUAGE plpgsql {kind} SECURITY DEFINER SET search_path = pg_catalog, pg_temp \
                 SET enable_seqscan = off AS {quoted}"
            ),
            source,
        }
    }
}

/// What a call has read of a table, and what it writes, as arguments.
const DEPENDENCIES: [&str; 5] = [
    "p_all bigint",
    "p_ids text[]",
    "p_filters text[]",
    "p_from bigint",
    "p_to bigint",
];
const CHANGES: [&str; 5] = [
    "p_absent text[]",
    "p_close text[]",
    "p_new text[]",
    "p_data text[]",
    "p_orders bigint[]",
];

/// What the functions answer instead of a txid (`storage::apply` reads it).
const NO_MUTEX: i64 = -1;
const DUPLICATE: i64 = -2;
const TOO_OLD: i64 = -3;
const CONFLICT: i64 = -4;
const EXISTS: i64 = -5;

/// A function runs its statements one by one, each with a snapshot of its own, only at this level:
/// at any other the check would look at the rows as they were before the wait for the mutex.
const READ_COMMITTED: &str = "IF current_setting('transaction_isolation') <> 'read committed' THEN \
     RAISE EXCEPTION 'a commit runs at READ COMMITTED' USING ERRCODE = '25001'; END IF; ";

/// The functions of one table.
pub(super) fn of_table(entry: &TableEntry) -> Vec<Function> {
    let table = Fragments::new(entry);
    vec![
        table.get(),
        table.changed(),
        table.exists(),
        table.write(),
        table.commit(),
    ]
}

/// A commit over several tables, or both of a call's domains: the parts are those of
/// `storage::apply::Part`.
pub(super) fn commit() -> Function {
    let part = |field: &str| format!("ARRAY(SELECT jsonb_array_elements_text(v_part->'{field}'))");
    let dependencies = format!(
        "(v_part->>'all')::bigint, {}, {}, (v_part->>'from')::bigint, (v_part->>'to')::bigint",
        part("ids"),
        part("filters")
    );
    let orders = "ARRAY(SELECT e::bigint FROM jsonb_array_elements_text(v_part->'orders') AS e)";
    let changes = format!(
        "{}, {}, {}, {orders}",
        part("close"),
        part("new"),
        part("data")
    );
    let source = format!(
        "DECLARE v_part jsonb; v_domain text; v_refused boolean; v_txid bigint; \
         v_own bigint; v_shared bigint; v_number int := 0; BEGIN {READ_COMMITTED}\
         FOR v_domain IN SELECT DISTINCT CASE WHEN (e->>'shared')::boolean THEN '*' ELSE p_owner END \
         COLLATE \"C\" AS name FROM jsonb_array_elements(p_parts::jsonb) AS e ORDER BY name LOOP \
         PERFORM 1 FROM kontract.trxs AS m WHERE m.sid = 'lock:' || v_domain FOR NO KEY UPDATE; \
         IF NOT FOUND THEN RETURN {NO_MUTEX}; END IF; END LOOP; \
         IF EXISTS (SELECT 1 FROM kontract.trxs AS t WHERE t.sid = p_sid) THEN \
         RETURN {DUPLICATE}; END IF; \
         IF EXISTS (SELECT 1 FROM kontract.trxs AS h \
         WHERE h.sid = 'gc:' || p_owner AND h.create_txid > p_own_at \
         OR h.sid = 'gc:*' AND h.create_txid > p_shared_at) THEN RETURN {TOO_OLD}; END IF; \
         FOR v_part IN SELECT jsonb_array_elements(p_parts::jsonb) LOOP \
         EXECUTE format('SELECT kontract.%I($1, $2, $3, $4, $5, $6, $7)', v_part->>'ptr' || '_changed') \
         INTO v_refused USING p_owner, \
         CASE WHEN (v_part->>'shared')::boolean THEN p_shared_at ELSE p_own_at END, {dependencies}; \
         IF v_refused THEN RETURN {CONFLICT}; END IF; \
         IF jsonb_array_length(v_part->'absent') > 0 THEN \
         EXECUTE format('SELECT kontract.%I($1, $2)', v_part->>'ptr' || '_exists') \
         INTO v_refused USING p_owner, {absent}; \
         IF v_refused THEN RETURN {EXISTS}; END IF; END IF; END LOOP; \
         FOR v_domain IN SELECT DISTINCT CASE WHEN (e->>'shared')::boolean THEN '*' ELSE p_owner END \
         COLLATE \"C\" AS name FROM jsonb_array_elements(p_parts::jsonb) AS e \
         WHERE (e->>'writes')::boolean ORDER BY name LOOP \
         INSERT INTO kontract.trxs (sid, owner, create_txid, req_hash, reply) \
         SELECT CASE v_number WHEN 0 THEN p_sid ELSE p_sid || '+' || v_number END, v_domain, \
         max(n.create_txid) + 1, p_hash, CASE v_number WHEN 0 THEN p_reply END \
         FROM kontract.trxs AS n WHERE n.owner = v_domain \
         ON CONFLICT (sid) DO NOTHING RETURNING create_txid INTO v_txid; \
         IF v_txid IS NULL THEN RETURN {DUPLICATE}; END IF; \
         IF v_domain = '*' THEN v_shared := v_txid; ELSE v_own := v_txid; END IF; \
         v_number := v_number + 1; END LOOP; \
         FOR v_part IN SELECT jsonb_array_elements(p_parts::jsonb) LOOP \
         IF (v_part->>'writes')::boolean THEN \
         EXECUTE format('SELECT kontract.%I($1, $2, $3, $4, $5, $6)', v_part->>'ptr' || '_write') \
         USING p_owner, CASE WHEN (v_part->>'shared')::boolean THEN v_shared ELSE v_own END, \
         {changes}; END IF; END LOOP; \
         RETURN v_txid; END",
        absent = part("absent"),
    );
    let arguments = [
        "p_sid text",
        "p_hash bytea",
        "p_reply bytea",
        "p_owner text",
        "p_own_at bigint",
        "p_shared_at bigint",
        "p_parts text",
    ];
    Function::new("commit", &arguments, "bigint", "VOLATILE", source)
}

/// The statements about one table that its functions are made of.
struct Fragments {
    ptr: String,
    /// Which of its rows are the caller's.
    mine: &'static str,
    /// The name of their domain.
    domain: &'static str,
}

impl Fragments {
    fn new(entry: &TableEntry) -> Self {
        let (mine, domain) = match entry.tenancy {
            Tenancy::Own | Tenancy::Isolated => ("t._owner = p_owner", "p_owner"),
            Tenancy::Shared => ("true", "'*'"),
        };
        Self {
            ptr: entry.ptr.clone(),
            mine,
            domain,
        }
    }

    /// One row, with all a call learns at its first read. As of commit `p_at`, or as it is.
    fn get(&self) -> Function {
        let Self { ptr, mine, .. } = self;
        let source = format!(
            "BEGIN SELECT \
             (SELECT max(c.create_txid) FROM kontract.trxs AS c WHERE c.owner = p_owner), \
             (SELECT max(c.create_txid) FROM kontract.trxs AS c WHERE c.owner = '*'), \
             (SELECT h.create_txid FROM kontract.trxs AS h WHERE h.sid = 'gc:' || p_owner), \
             (SELECT h.create_txid FROM kontract.trxs AS h WHERE h.sid = 'gc:*') \
             INTO own, shared, own_horizon, shared_horizon; \
             IF p_sid IS NOT NULL THEN SELECT s.req_hash, s.reply INTO hash, answer \
             FROM kontract.trxs AS s WHERE s.sid = p_sid; END IF; \
             IF p_at IS NULL THEN \
             SELECT t.data::text, t._order INTO content, place FROM kontract.{ptr} AS t \
             WHERE {mine} AND t.id = p_id AND t._deleted_txid IS NULL; \
             ELSE \
             SELECT n.data, n._order INTO content, place FROM (\
             SELECT t.data::text AS data, t._order, t._deleted_txid FROM kontract.{ptr} AS t \
             WHERE {mine} AND t.id = p_id AND t._txid <= p_at \
             ORDER BY t._txid DESC LIMIT 1) AS n \
             WHERE n._deleted_txid IS NULL OR n._deleted_txid > p_at; \
             END IF; END"
        );
        let arguments = ["p_owner text", "p_id text", "p_at bigint", "p_sid text"];
        let out = "OUT own bigint, OUT shared bigint, OUT own_horizon bigint, \
                   OUT shared_horizon bigint, OUT hash bytea, OUT answer bytea, \
                   OUT content text, OUT place bigint";
        let mut function = Function::new(
            &format!("{ptr}_get"),
            &arguments,
            "record",
            "STABLE",
            source,
        );
        function.create =
            function
                .create
                .replacen("p_sid text)", &format!("p_sid text, {out})"), 1);
        function
    }

    /// Whether a commit behind `p_at` touched what was read: rows looked up by id tell by their newest
    /// version, and whatever entered or left a filter or a range is in the history with its image
    /// before and after.
    fn is_changed(&self) -> String {
        let Self { ptr, mine, .. } = self;
        let read = "(p_all = 1 OR t._order >= p_from OR t._order <= p_to \
                    OR (t.data @> ANY (p_filters::jsonb[])) IS TRUE)";
        let touched = |column: &str| {
            format!(
                "EXISTS (SELECT 1 FROM kontract.{ptr} AS t \
                 WHERE {mine} AND t.{column} > p_at AND {read})"
            )
        };
        format!(
            "(EXISTS (SELECT 1 FROM unnest(p_ids) AS i(id), LATERAL (\
             SELECT t._txid, t._deleted_txid FROM kontract.{ptr} AS t \
             WHERE {mine} AND t.id = i.id ORDER BY t._txid DESC LIMIT 1) AS newest \
             WHERE newest._txid > p_at OR newest._deleted_txid > p_at) \
             OR (p_all = 1 OR p_from IS NOT NULL OR p_to IS NOT NULL OR cardinality(p_filters) > 0) \
             AND ({} OR {}))",
            touched("_txid"),
            touched("_deleted_txid")
        )
    }

    fn is_there(&self) -> String {
        let Self { ptr, mine, .. } = self;
        format!(
            "EXISTS (SELECT 1 FROM kontract.{ptr} AS t WHERE {mine} \
             AND t.id = ANY (p_absent) AND t._deleted_txid IS NULL)"
        )
    }

    /// Closes versions and adds new ones as of commit `txid`. A version goes on from its row's history,
    /// so that (id, version) never repeats. A row that keeps its order has just been closed, so the
    /// last live one does not tell the end.
    fn writes(&self, txid: &str) -> String {
        let Self { ptr, mine, .. } = self;
        format!(
            "IF cardinality(p_close) > 0 THEN \
             UPDATE kontract.{ptr} AS t SET _deleted_txid = {txid} \
             WHERE {mine} AND t.id = ANY (p_close) AND t._deleted_txid IS NULL; END IF; \
             IF cardinality(p_new) > 0 THEN \
             INSERT INTO kontract.{ptr} (id, data, _version, _txid, _owner, _order) \
             SELECT n.id, n.data::jsonb, coalesce((SELECT t._version FROM kontract.{ptr} AS t \
             WHERE {mine} AND t.id = n.id ORDER BY t._txid DESC LIMIT 1), 0) + 1, \
             {txid}, p_owner, coalesce(n._order, \
             greatest(0, (SELECT max(t._order) FROM kontract.{ptr} AS t \
             WHERE {mine} AND t._deleted_txid IS NULL), \
             (SELECT max(kept) FROM unnest(p_orders) AS kept)) + n.rank) \
             FROM unnest(p_new, p_data, p_orders) WITH ORDINALITY \
             AS n(id, data, _order, rank); END IF; "
        )
    }

    fn changed(&self) -> Function {
        let arguments = [&["p_owner text", "p_at bigint"][..], &DEPENDENCIES].concat();
        let source = format!(
            "BEGIN RETURN p_at IS NOT NULL AND {}; END",
            self.is_changed()
        );
        self.function("changed", &arguments, "boolean", source)
    }

    fn exists(&self) -> Function {
        let arguments = ["p_owner text", "p_absent text[]"];
        let source = format!("BEGIN RETURN {}; END", self.is_there());
        self.function("exists", &arguments, "boolean", source)
    }

    fn write(&self) -> Function {
        let arguments = [&["p_owner text", "p_txid bigint"][..], &CHANGES[1..]].concat();
        let source = format!("BEGIN {} END", self.writes("p_txid"));
        self.function("write", &arguments, "void", source)
    }

    /// A commit of one table.
    fn commit(&self) -> Function {
        let Self { domain, .. } = self;
        let call = [
            "p_sid text",
            "p_hash bytea",
            "p_reply bytea",
            "p_owner text",
            "p_at bigint",
        ];
        let arguments = [&call[..], &DEPENDENCIES, &CHANGES].concat();
        let source = format!(
            "DECLARE v_txid bigint; BEGIN {READ_COMMITTED}\
             PERFORM 1 FROM kontract.trxs AS m WHERE m.sid = 'lock:' || {domain} FOR NO KEY UPDATE; \
             IF NOT FOUND THEN RETURN {NO_MUTEX}; END IF; \
             IF EXISTS (SELECT 1 FROM kontract.trxs AS s WHERE s.sid = p_sid) THEN \
             RETURN {DUPLICATE}; END IF; \
             IF p_at IS NOT NULL THEN \
             IF EXISTS (SELECT 1 FROM kontract.trxs AS h \
             WHERE h.sid = 'gc:' || {domain} AND h.create_txid > p_at) THEN RETURN {TOO_OLD}; END IF; \
             IF {changed} THEN RETURN {CONFLICT}; END IF; END IF; \
             IF cardinality(p_absent) > 0 AND {there} THEN RETURN {EXISTS}; END IF; \
             INSERT INTO kontract.trxs (sid, owner, create_txid, req_hash, reply) \
             SELECT p_sid, {domain}, max(n.create_txid) + 1, p_hash, p_reply \
             FROM kontract.trxs AS n WHERE n.owner = {domain} \
             ON CONFLICT (sid) DO NOTHING RETURNING create_txid INTO v_txid; \
             IF v_txid IS NULL THEN RETURN {DUPLICATE}; END IF; \
             {writes} RETURN v_txid; END",
            changed = self.is_changed(),
            there = self.is_there(),
            writes = self.writes("v_txid"),
        );
        self.function("commit", &arguments, "bigint", source)
    }

    fn function(&self, name: &str, arguments: &[&str], returns: &str, source: String) -> Function {
        let name = format!("{}_{name}", self.ptr);
        Function::new(&name, arguments, returns, "VOLATILE", source)
    }
}
