// `npm run bench -- NAME`: every figure a document quotes is printed by one of these.
import { parseArgs } from 'node:util';
import { StepError, main } from './lib/steps.mjs';

/** Name → what it measures and where it is. */
const BENCHES = {
  codec: {
    about: 'values to bytes and back, beside JSON, msgpackr and the npm FlatBuffers builder',
    load: () => import('../bench/codec/bench.mjs'),
  },
  crypto: {
    about: 'sealing, opening and handshakes, beside OpenSSL and noble, and what a browser loads',
    load: () => import('../bench/crypto/bench.mjs'),
  },
  rpc: {
    about: 'echo and read by id over raystream, beside fastify and tRPC over plain HTTP',
    load: () => import('../bench/rpc/bench.mjs'),
  },
  compile: {
    about: '1,000 files from nothing, again, after a change, beside the plain transforms of swc and esbuild',
    load: () => import('../bench/compile/bench.mjs'),
  },
};

const HELP = `Usage: npm run bench -- NAME [OPTIONS]

Benches:
${Object.entries(BENCHES)
  .map(([name, { about }]) => `  ${name.padEnd(14)}${about}`)
  .join('\n')}

Options:
  --json          the last line on stdout is one JSON object
  --quick         short runs: to see that it works, not to quote
  --clients LIST  numbers of clients, comma-separated (default 1,64)
  --rounds N      rounds per system, interleaved (default 3)
  --seconds S     measured seconds of each run (default 3)
  --systems LIST  only these systems, comma-separated (default: all)
  --node WHICH    the Node that runs the servers: a path, or a major version (20 or 24; default: this one)
  --help          this text
`;

const OPTIONS = {
  json: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  clients: { type: 'string', default: '1,64' },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  systems: { type: 'string' },
  node: { type: 'string' },
  help: { type: 'boolean', default: false },
};

await main(async () => {
  const { values, positionals } = parse();
  if (values.help) return void process.stdout.write(HELP);
  const [name, ...rest] = positionals;
  const names = Object.keys(BENCHES).join(', ');
  if (!name) throw new StepError(`Which bench? There is: ${names}. See npm run bench -- --help`);
  if (!Object.hasOwn(BENCHES, name)) throw new StepError(`There is no bench '${name}'. There is: ${names}`);
  if (rest.length > 0) throw new StepError(`One bench at a time: '${rest[0]}' is too much`);
  const { bench } = await BENCHES[name].load();
  await bench({
    json: values.json,
    quick: values.quick,
    clients: values.clients.split(',').map((text) => whole('--clients', text)),
    rounds: whole('--rounds', values.rounds ?? '3'),
    seconds: positive('--seconds', values.seconds ?? (values.quick ? '1' : '3')),
    systems: values.systems?.split(',') ?? null,
    node: values.node ?? null,
  });
});

function parse() {
  try {
    return parseArgs({ options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new StepError(`${error.message}\nSee npm run bench -- --help`);
  }
}

function whole(option, text) {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0 && value <= 10_000) return value;
  throw new StepError(`${option} takes whole numbers from 1, not '${text}'`);
}

function positive(option, text) {
  const value = Number(text);
  if (value > 0 && value <= 3600) return value;
  throw new StepError(`${option} takes a number of seconds, not '${text}'`);
}
