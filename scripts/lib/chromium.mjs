// Finds a Chromium for the browser lane, or installs Debian's where that is possible.
import { existsSync } from 'node:fs';
import { ask, run, step } from './steps.mjs';

const CANDIDATES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/** Environment for the browser tests: where Chromium is. Without one those tests say so and are skipped. */
export async function ensureChromium() {
  if (process.env.KONTRACT_CHROMIUM) return {};
  let path = find();
  const mayInstall =
    process.getuid?.() === 0 && ask('apt-get', ['--version']) && (process.env.CI || process.env.KONTRACT_SETUP_APT);
  if (!path && mayInstall) {
    await step('Installing Chromium for the browser tests', async () => {
      await run('apt-get', ['update', '-q']);
      await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'chromium']);
    });
    path = find();
  }
  return path ? { KONTRACT_CHROMIUM: path } : {};
}

function find() {
  for (const name of CANDIDATES) {
    const path = ask('sh', ['-c', `command -v ${name}`]);
    if (path) return path;
  }
  return existsSync(MAC) ? MAC : null;
}
