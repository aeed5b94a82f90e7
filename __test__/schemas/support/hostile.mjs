// Bytes no encoder of ours writes.

/** One of the ways a message gets damaged on purpose. */
export function mutated(random, good) {
  const bytes = good.slice();
  const view = new DataView(bytes.buffer);
  const word = () => random.below(Math.max(1, bytes.length >> 2)) << 2;
  const set = (at, value) => at + 4 <= bytes.length && view.setUint32(at, value >>> 0, true);
  switch (random.below(7)) {
    case 0:
      return bytes.slice(0, random.below(bytes.length));
    case 1:
      for (let i = 0; i <= random.below(4); i++) bytes[random.below(bytes.length)] ^= 1 << random.below(8);
      return bytes;
    case 2:
      for (let i = 0; i <= random.below(4); i++) bytes[random.below(bytes.length)] = random.below(256);
      return bytes;
    case 3: // a huge length or offset
      set(word(), random.pick([0xffffffff, 0x7fffffff, 0x80000000, bytes.length, bytes.length * 2, 0x10000]));
      return bytes;
    case 4: // one place points where another does: cycles, shared parts, tables read as vectors
      set(word(), word() - word());
      return bytes;
    case 5: // vtables and tables moved by two
      view.setUint16(Math.min(bytes.length - 2, random.below(bytes.length) & ~1), random.below(64), true);
      return bytes;
    default:
      return Uint8Array.from({ length: random.below(bytes.length * 2) }, () => random.below(256));
  }
}

/** A little assembler: numbers are 32-bit words, `[n]` a 16-bit one. */
const words = (...all) => {
  const out = [];
  for (const word of all) {
    if (Array.isArray(word)) out.push(word[0] & 255, (word[0] >> 8) & 255);
    else out.push(word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24);
  }
  return Uint8Array.from(out);
};

/** The root table of a reply with one field at 4, and what comes behind it: from position 20 on. */
const reply = (...behind) => words(12, [6], [8], [4], [0], 8, 4, ...behind);

/** Messages made to hurt, all of which have to be refused. */
export function crafted() {
  return {
    'a vector of four billion strings': { route: 'texts', bytes: reply(0xffffffff) },
    'a vector of four billion booleans': { route: 'flags', bytes: reply(0xffffffff) },
    'bytes without end': { route: 'bytes', bytes: reply(0x7fffffff) },
    'a string without end': { route: 'text', bytes: reply(0xffffffff) },
    'sixteen bytes': { route: 'texts', bytes: words(12, [6], [8], [4], [0]) },
    'an offset to itself': { route: 'text', bytes: words(12, [6], [8], [4], [0], 8, 0) },
    'a root outside': { route: 'text', bytes: words(0xfffffff0, 0, 0, 0) },
    'a vtable outside': { route: 'text', bytes: words(4, 0x7fffffff, 0, 0) },
    'a vtable behind everything': { route: 'text', bytes: words(4, -100, 0, 0) },
    'a vtable of odd length': { route: 'text', bytes: words(12, [7], [8], [4], [0], 8, 4, 0) },
    'a field outside its table': { route: 'text', bytes: words(12, [6], [6], [4], [0], 8, 4, 0) },
    'a table longer than the message': { route: 'text', bytes: words(12, [6], [60000], [4], [0], 8, 4, 0) },
    'a string that is no UTF-8': { route: 'text', bytes: reply(2, 0xffc0) },
    'half of a surrogate pair': { route: 'text', bytes: reply(3, 0x80a0ed) },
    'a date that is none': { route: 'dates', bytes: reply(1, 0xffffffff, 0x001fffff) },
    'an integer no number holds': { route: 'dates', bytes: reply(1, 0xffffffff, 0x7fffffff) },
    'a union of nothing': { route: 'tree', bytes: words(16, [8], [12], [8], [4], 0, 12, 4, 0, 0) },
    'a union of a member unknown': { route: 'tree', bytes: words(16, [8], [12], [8], [4], 0, 12, 4, 99, 0) },
    'JSON that is none': { route: 'json', bytes: reply(3, 0x5d5b5b) },
    'JSON nested too deep': { route: 'json', bytes: reply(...text('['.repeat(70) + ']'.repeat(70))) },
    'JSON with __proto__': { route: 'json', bytes: reply(...text('{"__proto__":{"polluted":true}}')) },
    'JSON with __proto__ in disguise': { route: 'json', bytes: reply(...text('{"\\u005f_proto__":{}}')) },
    'a node that is its own child': { route: 'node', bytes: cycle() },
  };
}

/** A string's length and its bytes as words. */
function text(value) {
  const bytes = [...new TextEncoder().encode(value)];
  while (bytes.length % 4 > 0) bytes.push(0);
  const all = [value.length];
  for (let i = 0; i < bytes.length; i += 4) {
    all.push((bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24)) >>> 0);
  }
  return all;
}

/** Offsets lead forward only; with wrapping they lead back to the table they come from. */
function cycle() {
  // Positions: vtable 20, table 32 (name 36, next 40, all 44), then the string and the vector.
  return words(
    12,
    [6],
    [8],
    [4],
    [0],
    8,
    16, // the reply; its value lies at 16 + 16
    [10],
    [16],
    [4],
    [8],
    [12],
    [0], // the node's vtable at 20
    12,
    12,
    0xfffffff8,
    8, // the node at 32: next leads 8 back, to the node
    0,
    0,
  );
}
