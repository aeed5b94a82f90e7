// flatc: what the gate installed, or what a test run by hand finds.
import { readFileSync } from 'node:fs';
import { bundleOfSchema, findFlatc, runFlatc } from '../../../scripts/lib/flatc.mjs';

/** Why a test that needs flatc cannot run, or false. */
export const skip = findFlatc()
  ? false
  : (process.env.KONTRACT_NO_FLATC ?? 'no flatc: `npm test -- schemas` installs it');

export const run = runFlatc;

/** The module flatc makes of a schema in `folder`, with the builder and the reader of npm's `flatbuffers`. */
export async function generated(folder, schema) {
  return await import(await bundleOfSchema(folder, schema, ['--gen-object-api']));
}

export const text = (path) => readFileSync(path, 'utf8');
