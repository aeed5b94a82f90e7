// Every kind of call, from Node. Start the server first (npm run dev), then:
//   node --import kontract/loader.mjs app.mjs
import { NotFoundError, api } from 'kontract';

const created = await api.addTodo.raw(
  'Buy oat milk',
  ['shop'],
  [{ title: 'Find a bag', minutes: 2 }],
  new Date('2030-01-02T03:04:05.678Z'),
);
console.log('addTodo.raw   ', created.status, created.data);

const plain = await api.addTodo('Water the plants');
console.log('addTodo       ', plain.id, plain.tags, plain.due);

console.log('getTodo       ', (await api.getTodo(plain.id)).text);
console.log(
  'listTodos     ',
  (await api.listTodos()).length,
  'in all,',
  (await api.listTodos({ done: false })).length,
  'open',
);
console.log('toggleTodo    ', (await api.toggleTodo(plain.id)).done);
console.log('clearDone     ', await api.clearDone());
console.log('removeTodo    ', await api.removeTodo(created.data.id), await api.removeTodo(created.data.id));
console.log('activity      ', await api.activity());

try {
  await api.getTodo('no-such-todo');
} catch (error) {
  if (!(error instanceof NotFoundError)) throw error;
  console.log('getTodo       ', error.status, error.code, error.message);
}
