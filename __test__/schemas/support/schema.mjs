// A schema as data, and values as flatc's object API has them.

/** The tables, enums and unions of a schema this compiler wrote. */
export function parseSchema(text) {
  const schema = { tables: new Map(), enums: new Map(), unions: new Map() };
  for (const [, name, members] of text.matchAll(/^enum (\w+) : \w+ \{ (.*) \}$/gm))
    schema.enums.set(name, members.split(', '));
  for (const [, name, members] of text.matchAll(/^union (\w+) \{ (.*) \}$/gm))
    schema.unions.set(name, members.split(', '));
  for (const [, name, fields] of text.matchAll(/^table (\w+) \{\n([\s\S]*?)^\}$/gm)) {
    const all = [...fields.matchAll(/^ {2}(\w+):(\S+?)(?: = null)? \(id: (\d+)(, required)?/gm)].map(
      ([, field, type, id, required]) => ({ name: field, type, id: Number(id), required: required !== undefined }),
    );
    schema.tables.set(name, all);
  }
  return schema;
}

const camel = (name) => name.replaceAll(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase()).replace(/^(\d)/, '_$1');

/**
 * Turns values into the objects flatc's TypeScript reads and writes. `make(table)` gives an empty one.
 */
export function flattener(schema, make) {
  const table = (name, pairs) => {
    const out = make(name);
    const fields = schema.tables.get(name).filter((f) => !f.name.endsWith('_null'));
    for (const [i, [value, type]] of pairs.entries()) put(out, fields[i], name, value, type);
    return out;
  };
  const put = (out, field, owner, value, type) => {
    // To `Json`, null is a value.
    if (value === undefined || (value === null && type.is !== 'json')) {
      const both = schema.tables.get(owner).some((f) => f.name === `${field.name}_null`);
      if (both) out[camel(`${field.name}_null`)] = value === null;
      if (field.type.startsWith('[')) out[camel(field.name)] = [];
      else if (schema.unions.has(field.type)) out[camel(`${field.name}_type`)] = 0;
      return;
    }
    const members = schema.unions.get(field.type);
    const bare = type.is === 'nullable' ? type.of : type;
    if (members) {
      const index = bare.members.findIndex((member) => has(member, value));
      out[camel(`${field.name}_type`)] = index + 1;
      const member = bare.members[index];
      out[camel(field.name)] =
        member.is === 'object' ? flat(member, value, members[index]) : asMember(member, value, members[index]);
    } else out[camel(field.name)] = flat(bare, value, field.type);
    const both = schema.tables.get(owner).some((f) => f.name === `${field.name}_null`);
    if (both) out[camel(`${field.name}_null`)] ??= null;
  };
  const asMember = (member, value, name) =>
    member.is === 'tuple' ? flat(member, value, name) : table(name, [[value, member]]);
  const flat = (type, value, fbs) => {
    switch (type.is) {
      case 'bigint':
        return value;
      case 'date':
        return BigInt(value.getTime());
      case 'bytes':
        return [...value];
      case 'json':
        return JSON.stringify(value);
      case 'integer':
        return type.width.endsWith('64') ? BigInt(value) : value;
      case 'literals':
        return type.values.indexOf(value);
      case 'nullable':
        return flat(type.of, value, fbs);
      case 'list': {
        const inner = fbs.slice(1, -1);
        const boxed = schema.tables.get(inner)?.[0]?.name === 'value' && isBoxed(type.of);
        return value.map((item) => (boxed ? table(inner, [[item, type.of]]) : flat(type.of, item, inner)));
      }
      case 'record':
        return Object.entries(value).map(([key, item]) =>
          table(fbs.slice(1, -1), [
            [key, { is: 'string' }],
            [item, type.of],
          ]),
        );
      case 'tuple': {
        const pairs = type.items.map((item, i) => [value[i], item]);
        if (type.rest) pairs.push([value.slice(type.items.length), { is: 'list', of: type.rest }]);
        return table(fbs, pairs);
      }
      case 'object':
      case 'ref': {
        const { fields } = type.to ?? type;
        return table(
          fbs,
          fields.map((f) => [value[f.name], f.type]),
        );
      }
      default:
        return value;
    }
  };
  return { root: (name, type, value) => table(name, [[value, type]]) };
}

const isBoxed = (type) => ['list', 'record', 'bytes', 'nullable', 'union'].includes(type.is);

/** Whether a value is of this member of a union. */
function has(member, value) {
  switch (member.is) {
    case 'integer':
    case 'number':
      return typeof value === 'number';
    case 'date':
      return value instanceof Date;
    case 'bytes':
      return value instanceof Uint8Array;
    case 'list':
    case 'tuple':
      return Array.isArray(value);
    case 'object':
      return member.fields[0].name === 'kind' && value?.kind === member.fields[0].type.values[0];
    default:
      return typeof value === member.is;
  }
}
