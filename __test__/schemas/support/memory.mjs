// Run by itself: how much memory reading large hostile frames takes, in a heap that is never collected meanwhile.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const codecs = await import(pathToFileURL(join(process.argv[2], 'codecs/src/api.js')).href);
const SIZE = 512 * 1024;

function frame(root, fill) {
  const bytes = new Uint8Array(SIZE);
  const view = new DataView(bytes.buffer);
  // The reply's vtable, its table at 12, whose field at 16 leads to 20.
  root.forEach((word, i) => view.setUint16(i * 2, word, true));
  fill(view, bytes);
  return bytes;
}
const ROOT = [12, 0, 6, 8, 4, 0, 8, 0, 4, 0];

/** A vector of offsets that all lead to one place near the end. */
const many = (end) =>
  frame(ROOT, (view) => {
    const count = (SIZE - 24 - 256) >> 2;
    view.setUint32(20, count, true);
    const target = SIZE - 128;
    end(view, target);
    for (let i = 0; i < count; i++) view.setUint32(24 + i * 4, target - 24 - i * 4, true);
  });

const FRAMES = {
  'strings that are all one': ['texts', many((view, at) => view.setUint32(at, 100, true))],
  'tables that are all one, and empty': [
    'numbers',
    many((view, at) => {
      view.setUint16(at - 8, 4, true);
      view.setUint16(at - 6, 4, true);
      view.setInt32(at, 8, true);
    }),
  ],
  'strings longer than the frame': ['texts', many((view, at) => view.setUint32(at, 0x7fffffff, true))],
  'a length longer than the frame': ['flags', frame(ROOT, (view) => view.setUint32(20, 0xffffffff, true))],
  'two strings in turn': [
    'texts',
    frame(ROOT, (view) => {
      const count = (SIZE - 24 - 1024) >> 2;
      view.setUint32(20, count, true);
      for (let i = 0; i < count; i++) {
        const target = SIZE - (i % 2 === 0 ? 256 : 512);
        view.setUint32(target, 100, true);
        view.setUint32(24 + i * 4, target - 24 - i * 4, true);
      }
    }),
  ],
  booleans: ['flags', frame(ROOT, (view) => view.setUint32(20, SIZE - 24, true))],
  'one string': [
    'text',
    frame(ROOT, (view, bytes) => {
      view.setUint32(20, SIZE - 24, true);
      bytes.fill(97, 24);
    }),
  ],
};

const measured = {};
const used = () => {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};
for (const [name, [route, bytes]] of Object.entries(FRAMES)) {
  const decode = codecs[`decodeReply_${route}`];
  const run = () => {
    try {
      return [decode(bytes), false];
    } catch (error) {
      if (error.name !== 'CodecError') throw error;
      return [undefined, true];
    }
  };
  run();
  globalThis.gc();
  const before = used();
  const [value, refused] = run();
  measured[name] = { ratio: (used() - before) / SIZE, refused };
  if (value === measured) throw new Error('never: it only keeps the value alive');
}
process.stdout.write(JSON.stringify(measured));
