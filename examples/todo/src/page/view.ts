import type { Todo } from '../types';

/** The element with this test id: pages and tests find things by the same names. */
export function find<T extends HTMLElement = HTMLElement>(id: string): T {
  const element = document.querySelector<T>(`[data-testid="${id}"]`);
  if (!element) throw new Error(`The page has no element "${id}"`);
  return element;
}

/** Shows what went wrong; an empty text takes it away. */
export function message(text: string): void {
  find('error').hidden = text === '';
  find('error-message').textContent = text;
}

/** One line of the list. */
export function row(todo: Todo, toggle: (todo: Todo) => void, remove: (todo: Todo) => void): HTMLLIElement {
  const box = element('input', { type: 'checkbox', checked: todo.done, ariaLabel: `Finished: ${todo.text}` });
  box.dataset['testid'] = 'todo-toggle';
  box.addEventListener('change', () => toggle(todo));

  const text = element('span', { className: 'text', textContent: todo.text });
  text.dataset['testid'] = 'todo-text';

  const cross = element('button', { type: 'button', className: 'remove', textContent: '×', ariaLabel: `Remove: ${todo.text}` });
  cross.dataset['testid'] = 'todo-remove';
  cross.addEventListener('click', () => remove(todo));

  const body = element('span', { className: 'body' });
  body.append(text, ...details(todo));
  const label = element('label', {});
  label.append(box, body);
  const line = element('li', { className: todo.done ? 'done' : '' });
  line.dataset['testid'] = 'todo';
  line.dataset['id'] = todo.id;
  line.append(label, cross);
  return line;
}

function details(todo: Todo): HTMLElement[] {
  const parts = todo.tags.map((tag) => element('span', { className: 'tag', textContent: tag }));
  if (todo.due) {
    const late = !todo.done && todo.due.getTime() < Date.now();
    const day = todo.due.toLocaleDateString(undefined, { day: 'numeric', month: 'short' });
    parts.push(element('span', { className: late ? 'day late' : 'day', textContent: day }));
  }
  const minutes = (todo.checklist ?? []).reduce((sum, step) => sum + step.minutes, 0);
  if (minutes > 0) parts.push(element('span', { className: 'day', textContent: `${minutes} min` }));
  return parts;
}

function element<K extends keyof HTMLElementTagNameMap>(name: K, properties: Partial<HTMLElementTagNameMap[K]>): HTMLElementTagNameMap[K] {
  return Object.assign(document.createElement(name), properties);
}
