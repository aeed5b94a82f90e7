// What readers in other languages rely on and flatc's TypeScript does not look at: everything lies on
// a multiple of its size, strings end in a zero, required fields are there.

const SIZES = {
  bool: 1,
  byte: 1,
  ubyte: 1,
  short: 2,
  ushort: 2,
  int: 4,
  uint: 4,
  float: 4,
  long: 8,
  ulong: 8,
  double: 8,
};

/** Walks a message whose root is a table of `schema`; throws where it is not as the format says. */
export function verify(bytes, schema, root) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const aligned = (at, size, what) => {
    if (at % size !== 0) throw new Error(`${what} of ${size} bytes lies at ${at}`);
    if (at + size > bytes.length) throw new Error(`${what} ends behind the message`);
  };
  const sizeOf = (type) => SIZES[type] ?? (schema.enums.has(type) ? (schema.enums.get(type).length > 256 ? 2 : 1) : 4);
  const follow = (at) => {
    aligned(at, 4, 'an offset');
    return at + view.getUint32(at, true);
  };

  const table = (name, at) => {
    aligned(at, 4, name);
    const vtable = at - view.getInt32(at, true);
    aligned(vtable, 2, `the vtable of ${name}`);
    const count = (view.getUint16(vtable, true) - 4) / 2;
    const size = view.getUint16(vtable + 2, true);
    if (at + size > bytes.length) throw new Error(`${name} ends behind the message`);
    const place = (id) => (id < count ? view.getUint16(vtable + 4 + id * 2, true) : 0);
    for (const field of schema.tables.get(name)) {
      const offset = place(field.id);
      const what = `${name}.${field.name}`;
      if (offset === 0) {
        if (field.required) throw new Error(`${what} is required and missing`);
        continue;
      }
      if (offset < 4 || offset + sizeOf(field.type) > size) throw new Error(`${what} lies outside its table`);
      aligned(at + offset, sizeOf(field.type), what);
      if (schema.unions.has(field.type)) {
        const member = schema.unions.get(field.type)[bytes[at + place(field.id - 1)] - 1];
        table(member, follow(at + offset));
      } else value(field.type, at + offset, what);
    }
  };

  const value = (type, at, what) => {
    if (type.startsWith('[')) {
      const start = follow(at);
      aligned(start, 4, `the length of ${what}`);
      const inner = type.slice(1, -1);
      const length = view.getUint32(start, true);
      if (length > 0) aligned(start + 4, sizeOf(inner), `the first of ${what}`);
      for (let i = 0; i < length; i++) value(inner, start + 4 + i * sizeOf(inner), `${what}[${i}]`);
    } else if (type === 'string') {
      const start = follow(at);
      aligned(start, 4, `the length of ${what}`);
      const end = start + 4 + view.getUint32(start, true);
      if (end >= bytes.length || bytes[end] !== 0) throw new Error(`${what} does not end in a zero`);
    } else if (schema.tables.has(type)) table(type, follow(at));
  };

  table(root, follow(0));
}
