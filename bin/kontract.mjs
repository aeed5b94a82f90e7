#!/usr/bin/env node
import { main } from '../lib/dist/cli/main.js';

await main(process.argv);
