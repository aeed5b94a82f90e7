// A read is one round trip to the database and so is a commit, however many statements they are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { database } from '../support/database.mjs';
import { startTodo } from '../support/todo.mjs';
import { through } from './support/pgbouncer.mjs';
import { startTrips } from './support/trips.mjs';

for (const [kind, search] of [
  ['prepared', '?pgbouncer=false'],
  ['unnamed', '?pgbouncer=true'],
]) {
  test(`one trip a read, one a commit: ${kind} statements`, async (t) => {
    const url = await database(t);
    const trips = await startTrips(t, url);
    const { api } = await startTodo(t, { databaseUrl: `${through(trips, url)}${search}` });
    // The first calls connect, prepare, and look the tables up.
    for (let i = 0; i < 2; i += 1) {
      await api.addTodo('warm');
      await api.listTodos();
    }
    trips.count();
    await api.addTodo('milk');
    assert.equal(trips.count(), 2, 'it reads how many there are today, and commits');
    assert.equal((await api.listTodos()).length, 3);
    assert.equal(trips.count(), 1, 'a read');
  });
}
