// The pool both peers read with: `pg` as its documentation recommends it, one per process.
import pg from 'pg';

/** As many connections to the database of the environment as Kontract's pool has. */
export const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 16 });

/** A named statement: parsed and planned once per connection. */
const BY_ID = { name: 'user-by-id', text: 'select id, name, email, age, tags from users where id = $1' };

/** The user of this id, or undefined. */
export async function userById(id) {
  const { rows } = await pool.query({ ...BY_ID, values: [id] });
  return rows[0];
}

/** Runs until the harness says stop. */
export function stopOnSignal(close) {
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, async () => {
      await close();
      await pool.end();
      process.exit(0);
    });
  }
}
