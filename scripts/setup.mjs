// `npm run setup [-- --release]`: everything between a fresh clone and a working `kontract`.
import { setup } from './lib/setup.mjs';
import { main } from './lib/steps.mjs';

await main(() => setup({ release: process.argv.includes('--release') }));
