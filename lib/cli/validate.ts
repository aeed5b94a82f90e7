/** The part of JSON Schema (draft 07) our config file needs, with messages for people. */
import { closest } from '../runtime/suggest.js';

export interface Schema {
  type?: 'object' | 'array' | 'string' | 'integer' | 'boolean';
  properties?: Record<string, Schema>;
  additionalProperties?: boolean;
  required?: string[];
  items?: Schema;
  maxItems?: number;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  description?: string;
}

/** One sentence per problem, each naming the place; empty when `value` is fine. */
export function problems(value: unknown, schema: Schema, path = ''): string[] {
  const here = path || 'the file';
  if (schema.type && kind(value, schema.type) !== schema.type) {
    return [`${here} should be ${article(schema.type)}, this is ${article(kind(value, schema.type))}`];
  }
  if (Array.isArray(value)) return ofArray(value, schema, path, here);
  if (typeof value === 'object' && value !== null) return ofObject(value, schema, path);
  if (typeof value === 'string' && schema.pattern && !new RegExp(schema.pattern, 'u').test(value)) {
    return [`${here} is not valid: ${JSON.stringify(value)}. ${schema.description ?? ''}`.trim()];
  }
  if (typeof value === 'number' && (value < (schema.minimum ?? -Infinity) || value > (schema.maximum ?? Infinity))) {
    return [`${here} should be between ${schema.minimum} and ${schema.maximum}, this is ${value}`];
  }
  return [];
}

function ofArray(value: unknown[], schema: Schema, path: string, here: string): string[] {
  const found = value.flatMap((item, index) => (schema.items ? problems(item, schema.items, `${path}[${index}]`) : []));
  if (value.length > (schema.maxItems ?? Infinity))
    found.unshift(`${here} holds ${value.length}, at most ${schema.maxItems} are allowed`);
  return found;
}

function ofObject(value: object, schema: Schema, path: string): string[] {
  const known = schema.properties ?? {};
  const missing = (schema.required ?? []).filter((name) => !Object.hasOwn(value, name));
  const absent = missing.map((name) => `${path ? `${path}.${name}` : name} is missing`);
  const wrong = Object.entries(value).flatMap(([name, item]) => {
    const place = path ? `${path}.${name}` : name;
    const expected = Object.hasOwn(known, name) ? known[name] : undefined;
    if (expected) return problems(item, expected, place);
    if (schema.additionalProperties !== false) return [];
    const similar = closest(name, Object.keys(known));
    return [
      `${place} is not a setting${
        similar
          ? `; did you mean ${similar}?`
          : `; there are: ${Object.keys(known)
              .filter((key) => key !== '$schema')
              .join(', ')}`
      }`,
    ];
  });
  return [...absent, ...wrong];
}

function kind(value: unknown, wanted: string): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (Number.isInteger(value) && wanted === 'integer') return 'integer';
  return typeof value;
}

function article(type: string): string {
  return type === 'null' || type === 'undefined' ? type : /^[aeio]/.test(type) ? `an ${type}` : `a ${type}`;
}
