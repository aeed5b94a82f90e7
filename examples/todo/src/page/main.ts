import { HttpError, api } from 'kontract';
import type { Todo, TodoFilter } from '../types';
import { find, message, row } from './view';

type Show = 'all' | 'open' | 'done';

const FILTERS: Record<Show, TodoFilter> = { all: {}, open: { done: false }, done: { done: true } };

const list = find<HTMLUListElement>('todos');
const form = find<HTMLFormElement>('add-form');
const text = find<HTMLInputElement>('add-text');
const due = find<HTMLInputElement>('add-due');
const clear = find<HTMLButtonElement>('clear-done');
const buttons = [...document.querySelectorAll<HTMLButtonElement>('[data-filter]')];

let show: Show = 'all';

/** Runs a call and shows what it changed; what goes wrong is shown as well. */
async function act(work: () => Promise<unknown>): Promise<void> {
  list.ariaBusy = 'true';
  try {
    await work();
    await refresh();
    message('');
  } catch (error) {
    message(error instanceof HttpError ? error.message : 'The server cannot be reached. Is it running?');
  } finally {
    list.ariaBusy = 'false';
  }
}

async function refresh(): Promise<void> {
  const [todos, days] = await Promise.all([api.listTodos({}), api.activity()]);
  const wanted = FILTERS[show].done;
  const visible = todos.filter((todo) => wanted === undefined || todo.done === wanted);
  list.replaceChildren(...visible.map((todo) => row(todo, toggle, remove)));
  find('empty').hidden = visible.length > 0;

  const open = todos.filter((todo) => !todo.done).length;
  find('count').textContent = todos.length === 0 ? '' : `${open} of ${todos.length} open`;
  clear.hidden = open === todos.length;

  const today = new Date().toISOString().slice(0, 10);
  const added = days.find((day) => day.day === today)?.added ?? 0n;
  find('activity').textContent = added === 1n ? '1 added today, by everyone' : `${added} added today, by everyone`;
}

function toggle(todo: Todo): void {
  void act(() => api.toggleTodo(todo.id));
}

function remove(todo: Todo): void {
  void act(() => api.removeTodo(todo.id));
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const tags = [...text.value.matchAll(/#([\p{L}\p{N}_-]+)/gu)].map((match) => match[1] ?? '');
  const words = text.value.replace(/#[\p{L}\p{N}_-]+/gu, '').trim() || text.value;
  const day = due.value ? new Date(`${due.value}T12:00:00`) : undefined;
  void act(async () => {
    await api.addTodo(words, tags, undefined, day);
    form.reset();
    text.focus();
  });
});

clear.addEventListener('click', () => void act(() => api.clearDone()));
find('error-dismiss').addEventListener('click', () => message(''));

for (const button of buttons) {
  button.addEventListener('click', () => {
    show = button.dataset['filter'] as Show;
    for (const other of buttons) other.ariaPressed = String(other === button);
    void act(async () => {});
  });
}

void act(async () => {});
