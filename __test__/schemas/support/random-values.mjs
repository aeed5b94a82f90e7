// Random values of random types.

const TEXTS = [
  '',
  'a',
  'plain text',
  'zwölf Boxkämpfer',
  '日本語',
  '😀 emoji',
  'x'.repeat(70),
  'quote " and \\',
  'repeated',
  'repeated',
];
const DOUBLES = [0, 1, -1, 0.1, 1e300, -1e-300, NaN, Infinity, -Infinity, Number.MAX_SAFE_INTEGER];
const RANGES = {
  int8: [-128, 127],
  int16: [-32768, 32767],
  int32: [-(2 ** 31), 2 ** 31 - 1],
  int64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  uint8: [0, 255],
  uint16: [0, 65535],
  uint32: [0, 2 ** 32 - 1],
  uint64: [0, Number.MAX_SAFE_INTEGER],
};

/** A value of `type`, or `undefined` where every one is too deep. */
export function valueOf(random, type, depth = 6) {
  switch (type.is) {
    case 'string':
      return random.pick(TEXTS);
    case 'number':
      return random.chance(0.5) ? random.pick(DOUBLES) : (random.next() - 0.5) * 1000;
    case 'integer':
      return integer(random, type.width);
    case 'boolean':
      return random.chance(0.5);
    case 'bigint':
      return random.pick([0n, 1n, -1n, 2n ** 63n - 1n, -(2n ** 63n), BigInt(random.below(1e9))]);
    case 'date':
      return new Date(random.pick([0, -1, 8.64e15, -8.64e15, random.below(2 ** 42)]));
    case 'bytes':
      return Uint8Array.from(random.list(9, () => random.below(256)));
    case 'json':
      return json(random, 3);
    case 'literals':
      return random.pick(type.values);
    case 'list':
      return values(random, type.of, depth);
    case 'record':
      return Object.fromEntries(values(random, type.of, depth).map((value, i) => [`key ${i}`, value]));
    case 'nullable':
      return random.chance(0.3) ? null : (valueOf(random, type.of, depth) ?? null);
    case 'tuple':
      return tuple(random, type, depth);
    case 'object':
      return object(random, type.fields, depth);
    case 'ref':
      return depth > 0 ? object(random, type.to.fields, depth) : undefined;
    default:
      return valueOf(random, random.pick(type.members), depth);
  }
}

function integer(random, width) {
  if (width === 'float32') return Math.fround(random.pick([0, 1.5, -2.25, 1e30, random.next()]));
  const [least, most] = RANGES[width];
  return random.pick([least, most, 0, 1, Math.min(most, random.below(200))]);
}

function values(random, type, depth) {
  const all = random.list(3, () => valueOf(random, type, depth - 1));
  return all.filter((value) => value !== undefined);
}

function tuple(random, type, depth) {
  const items = type.items.map((item) => valueOf(random, item, depth - 1));
  if (items.includes(undefined)) return undefined;
  return type.rest ? [...items, ...values(random, type.rest, depth)] : items;
}

function object(random, fields, depth) {
  const out = {};
  for (const { name, type, optional } of fields) {
    if (optional && random.chance(0.4)) continue;
    const value = valueOf(random, type, depth - 1);
    if (value !== undefined) out[name] = value;
    else if (!optional) return undefined;
  }
  return out;
}

function json(random, depth) {
  const plain = [null, true, 0, -1.5, '', 'text', 'ü'];
  if (depth === 0 || random.chance(0.5)) return random.pick(plain);
  const inner = random.list(3, () => json(random, depth - 1));
  return random.chance(0.5) ? inner : Object.fromEntries(inner.map((value, i) => [`k${i}`, value]));
}

/** Records come without a prototype; what they hold is what counts. */
export function plain(value) {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object' || value instanceof Date || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}
