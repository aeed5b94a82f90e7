// Random types, as data: what a project's source says, what values have it, and what flatc makes of it follow from one.

const PLAIN = ['string', 'number', 'boolean', 'bigint', 'date', 'bytes', 'json'];
const INTEGERS = ['int8', 'int16', 'int32', 'int64', 'uint8', 'uint16', 'uint32', 'uint64', 'float32'];
const WORDS = ['red', 'green', 'blue', 'north', 'south', 'on', 'off'];
const NUMBERS = [0, 1, -1, 2.5, 100, 65536];

/** A project of `count` types: each crosses the wire by itself, and may contain the interfaces among them. */
export function randomProject(random, count) {
  const interfaces = [];
  for (let i = 0; i < count; i++) interfaces.push({ name: `Thing${i}`, fields: [] });
  const make = (depth) => randomType(random, depth, interfaces);
  for (const declared of interfaces) declared.fields = fields(random, make, 3);
  return { interfaces, roots: interfaces.map((_, i) => (i % 2 === 0 ? { is: 'ref', to: interfaces[i] } : make(3))) };
}

function randomType(random, depth, interfaces) {
  const make = () => randomType(random, depth - 1, interfaces);
  const shapes = ['list', 'tuple', 'record', 'object', 'union', 'nullable', 'ref'];
  const kind = random.pick(depth > 0 ? [...shapes, 'plain', 'integer', 'literals'] : ['plain', 'integer', 'literals']);
  switch (kind) {
    case 'plain':
      return { is: random.pick(PLAIN) };
    case 'integer':
      return { is: 'integer', width: random.pick(INTEGERS) };
    case 'literals':
      return { is: 'literals', values: literals(random) };
    case 'list':
    case 'record':
      return { is: kind, of: make() };
    case 'nullable': {
      const of = make();
      return of.is === 'json' || of.is === 'nullable' ? of : { is: 'nullable', of };
    }
    case 'tuple': {
      const items = [make(), ...random.list(2, make)];
      return { is: 'tuple', items, rest: random.chance(0.3) ? make() : undefined };
    }
    case 'object':
      return { is: 'object', fields: fields(random, make, 3) };
    case 'union':
      return union(random, make);
    default:
      return { is: 'ref', to: random.pick(interfaces) };
  }
}

function fields(random, make, most) {
  return ['fa', 'fb', 'fc', 'fd'].slice(0, 1 + random.below(most)).map((name) => ({
    name,
    type: make(),
    optional: random.chance(0.4),
  }));
}

function literals(random) {
  const pool = random.pick([WORDS, NUMBERS, [...WORDS.slice(0, 2), 1, true]]);
  const values = pool.filter(() => random.chance(0.5));
  return values.length > 0 ? values : [pool[0]];
}

/** Members that differ at run time: at most one of a kind, and object types with a literal of their own each. */
function union(random, make) {
  const members = [];
  const add = (share, member) => random.chance(share) && members.push(member());
  add(0.5, () => ({ is: 'string' }));
  add(0.5, () => random.pick([{ is: 'number' }, { is: 'integer', width: 'int16' }]));
  add(0.3, () => ({ is: 'boolean' }));
  add(0.3, () => ({ is: 'bigint' }));
  add(0.3, () => ({ is: 'date' }));
  add(0.3, () => ({ is: 'bytes' }));
  add(0.3, () =>
    random.pick([
      { is: 'list', of: make() },
      { is: 'tuple', items: [make(), make()] },
    ]),
  );
  for (const kind of WORDS.slice(0, random.below(4))) {
    const tag = { name: 'kind', type: { is: 'literals', values: [kind] }, optional: false };
    members.push({ is: 'object', fields: [tag, ...fields(random, make, 2)] });
  }
  return members.length > 1 ? { is: 'union', members } : (members[0] ?? { is: 'string' });
}

/** The source that declares these types and sends each of them there and back. */
export function sourceOf({ interfaces, roots }) {
  const names = INTEGERS.map((name) => `type ${name}`).join(', ');
  const lines = [`import { type Json, ${names} } from 'kontract';`];
  for (const { name, fields } of interfaces) lines.push(`export interface ${name} ${body(fields)}`);
  for (const [i, type] of roots.entries()) {
    lines.push(`@backend() export async function r${i}(a: ${text(type)}): Promise<${text(type)}> { return a; }`);
  }
  return `${lines.join('\n')}\n`;
}

const body = (fields) => `{ ${fields.map((f) => `${f.name}${f.optional ? '?' : ''}: ${text(f.type)}`).join('; ')} }`;

function text(type) {
  switch (type.is) {
    case 'date':
      return 'Date';
    case 'bytes':
      return 'Uint8Array';
    case 'json':
      return 'Json';
    case 'integer':
      return type.width;
    case 'literals':
      return type.values.map((v) => JSON.stringify(v)).join(' | ');
    case 'list':
      return `(${text(type.of)})[]`;
    case 'record':
      return `Record<string, ${text(type.of)}>`;
    case 'nullable':
      return `${text(type.of)} | null`;
    case 'tuple':
      return `[${[...type.items.map(text), ...(type.rest ? [`...(${text(type.rest)})[]`] : [])].join(', ')}]`;
    case 'object':
      return body(type.fields);
    case 'union':
      return type.members.map(text).join(' | ');
    case 'ref':
      return type.to.name;
    default:
      return type.is;
  }
}
