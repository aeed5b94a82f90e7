/** `Json`: values without a type, checked for what JSON can say, with caps on depth and size. */
import { CodecError, unexpected, within } from './error.js';
import { MAX_DEPTH, MAX_JSON } from './limits.js';
import { isWellFormed } from './utf8.js';

/** The JSON text of a value. Fields that are `undefined` are left out, as JSON does. */
export function stringify(value: unknown): string {
  check(value, 0);
  const text = JSON.stringify(value);
  if (text.length > MAX_JSON) throw new CodecError(`JSON longer than ${MAX_JSON} characters`);
  return text;
}

/** The value of JSON text; `budget` is what the nesting may cost. */
export function parseJson(text: string): unknown {
  if (text.length > MAX_JSON) throw new CodecError(`JSON longer than ${MAX_JSON} characters`);
  if (tooDeep(text)) throw new CodecError(`JSON nested deeper than ${MAX_DEPTH}`);
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch {
    throw new CodecError('text that is no JSON');
  }
  // JSON.parse makes a field of `__proto__`; a later copy would make a prototype of it.
  if (text.includes('__proto__') || text.includes('\\u')) refuseProto(value);
  return value;
}

function check(value: unknown, depth: number): void {
  switch (typeof value) {
    case 'string':
      if (!isWellFormed(value)) throw new CodecError('half of a surrogate pair');
      return;
    case 'number':
      if (!Number.isFinite(value)) throw new CodecError('a number that is not finite');
      return;
    case 'boolean':
      return;
    case 'object':
      break;
    default:
      throw unexpected('JSON', value);
  }
  if (value === null) return;
  if (depth === MAX_DEPTH) throw new CodecError(`nested deeper than ${MAX_DEPTH}: a cycle?`);
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      try {
        check(value[i], depth + 1);
      } catch (error) {
        throw within(error, '', i);
      }
    }
    return;
  }
  const prototype = Object.getPrototypeOf(value) as unknown;
  const plain = prototype === null || Object.getPrototypeOf(prototype) === null;
  if (!plain || 'toJSON' in value) throw unexpected('JSON', value);
  for (const key of Object.keys(value)) {
    if (key === '__proto__') throw new CodecError('a key called __proto__');
    const field = (value as Record<string, unknown>)[key];
    if (field === undefined) continue;
    try {
      if (!isWellFormed(key)) throw new CodecError('half of a surrogate pair');
      check(field, depth + 1);
    } catch (error) {
      throw within(error, `[${JSON.stringify(key)}]`, -1);
    }
  }
}

/** Looks at brackets outside of strings: nothing is allocated before the text is known to be flat enough. */
function tooDeep(text: string): boolean {
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (quoted) {
      if (unit === 0x5c) i++;
      else if (unit === 0x22) quoted = false;
    } else if (unit === 0x22) quoted = true;
    else if (unit === 0x5b || unit === 0x7b) {
      if (++depth > MAX_DEPTH) return true;
    } else if (unit === 0x5d || unit === 0x7d) depth--;
  }
  return false;
}

function refuseProto(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const key of Object.keys(value)) {
    if (key === '__proto__') throw new CodecError('a key called __proto__');
    refuseProto((value as Record<string, unknown>)[key]);
  }
}
