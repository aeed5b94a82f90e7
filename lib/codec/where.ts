/**
 * Filters of queries: from what a function wrote to the conditions the gateway reads,
 * `[["address","city"],"eq","Rome"]`. What a field is decides what `{ gt: 5 }` means: a comparison for
 * a number, a field called `gt` for an object.
 */
import { CodecError, unexpected, within } from './error.js';
import { object } from './row.js';

/** Adds what a filter says about one field. `path` is the steps to it as JSON, without brackets. */
export type Matcher = (value: unknown, path: string, out: string[]) => void;

type Write = (value: unknown) => string;

/** A filter's text, for a table with these fields. */
export function filter(fields: () => Record<string, Matcher>): (value: unknown) => string {
  const match = inside(fields);
  return (value) => {
    const out: string[] = [];
    match(value, '', out);
    return `[${out.join(',')}]`;
  };
}

/** One value: equal to it, or compared with operators. `ordered` is false where values have no order. */
export function scalar(write: Write, ordered = true): Matcher {
  return (value, path, out) => {
    if (!isPlain(value)) {
      out.push(`[[${path}],"eq",${value === null ? 'null' : write(value)}]`);
      return;
    }
    for (const [operator, operand] of Object.entries(value)) {
      if (operand === undefined) continue;
      try {
        out.push(`[[${path}],"${operator}",${compared(operator, operand, write, ordered)}]`);
      } catch (error) {
        throw within(error, `.${operator}`, -1);
      }
    }
  };
}

/** A list or a value without a type: what it holds must be there, as `jsonb` has it. */
export function whole(write: Write): Matcher {
  return (value, path, out) => {
    out.push(value === null ? `[[${path}],"eq",null]` : `[[${path}],"has",${write(value)}]`);
  };
}

/** An object: each of its fields by itself; fields that are not named are not looked at. */
export function fields(of: () => Record<string, Matcher>): Matcher {
  const match = inside(of);
  return (value, path, out) => {
    const before = out.length;
    if (value === null) out.push(`[[${path}],"eq",null]`);
    else match(value, path, out);
    if (out.length === before) out.push(`[[${path}],"has",{}]`);
  };
}

/** A dictionary: each of its entries by itself. */
export function entries(entry: Matcher): Matcher {
  return (value, path, out) => {
    if (value === null) out.push(`[[${path}],"eq",null]`);
    else each(value, () => entry, path, out);
  };
}

function inside(of: () => Record<string, Matcher>): Matcher {
  let known: Record<string, Matcher> | undefined;
  return (value, path, out) => {
    const matchers = (known ??= of());
    each(value, (name) => (Object.hasOwn(matchers, name) ? matchers[name] : undefined), path, out);
  };
}

function each(value: unknown, find: (name: string) => Matcher | undefined, path: string, out: string[]): void {
  object(value);
  for (const [name, field] of Object.entries(value as object)) {
    if (field === undefined) continue;
    try {
      const matcher = find(name);
      if (!matcher) throw new CodecError('there is no such field');
      matcher(field, `${path}${path === '' ? '' : ','}${JSON.stringify(name)}`, out);
    } catch (error) {
      throw within(error, `.${name}`, -1);
    }
  }
}

function compared(operator: string, operand: unknown, write: Write, ordered: boolean): string {
  switch (operator) {
    case 'ne':
      return operand === null ? 'null' : write(operand);
    case 'in':
      if (!Array.isArray(operand)) throw unexpected('an array', operand);
      return `[${operand.map((one) => (one === null ? 'null' : write(one))).join(',')}]`;
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      if (ordered) return write(operand);
      throw new CodecError('values of this field have no order');
    default:
      throw new CodecError('there is no such operator: gt, gte, lt, lte, ne and in are');
  }
}

/** Whether a value is an object written in place: dates and bytes are values. */
function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
