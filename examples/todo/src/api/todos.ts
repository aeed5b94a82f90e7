import { HttpResp, NotFoundError } from 'kontract';
import type { DayCount, Step, Todo, TodoFilter } from '../types';

const MAX_TEXT = 200;

@backend(perm=perms.RW_, egroup="v1")
export async function addTodo(text: string, tags: string[] = [], checklist?: Step[], due?: Date): Promise<HttpResp<Todo>> {
  const todo: Todo = {
    id: crypto.randomUUID(),
    text: text.trim().slice(0, MAX_TEXT),
    done: false,
    tags,
    createdAt: new Date(),
    checklist,
    due,
  };
  await env.storage.todos.push(todo);
  await countAdded();
  return HttpResp.created(todo);
}

@backend(perm=perms.R__, egroup="v1")
export async function listTodos(filter: TodoFilter = {}): Promise<Todo[]> {
  const todos: Todo[] = [];
  for await (const todo of env.storage.todos.query(filter)) todos.push(todo);
  return todos;
}

@backend(perm=perms.R__, egroup="v1")
export async function getTodo(id: string): Promise<Todo> {
  const todo = await env.storage.todos.get(id);
  if (!todo) throw new NotFoundError(`There is no todo ${id}`);
  return todo;
}

@backend(perm=perms.RW_, egroup="v1")
export async function toggleTodo(id: string): Promise<Todo> {
  const todo = await getTodo(id);
  await env.storage.todos.update(id, { done: !todo.done });
  return { ...todo, done: !todo.done };
}

@backend(perm=perms.RWX, egroup="v1")
export async function removeTodo(id: string): Promise<boolean> {
  return await env.storage.todos.delete(id);
}

/** Removes every finished todo and says how many there were. One call is one transaction: all or none. */
@backend(perm=perms.RWX, egroup="v1")
export async function clearDone(): Promise<number> {
  let removed = 0;
  for await (const todo of env.storage.todos.query({ done: true })) {
    if (await env.storage.todos.delete(todo.id)) removed++;
  }
  return removed;
}

@backend(perm=perms.R__)
export async function activity(): Promise<DayCount[]> {
  const days: DayCount[] = [];
  for await (const day of env.storage.activity) days.push(day);
  return days;
}

/** Not a route: a helper of this file, with `env` from the call it runs in. */
async function countAdded() {
  const day = new Date().toISOString().slice(0, 10);
  const row = await env.storage.activity.get(day);
  await env.storage.activity.set(day, { day, added: (row?.added ?? 0n) + 1n });
}
