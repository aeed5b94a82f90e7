// Finds pgbouncer for the tests of databases, or installs Debian's where that is possible.
import { ask, run, step } from './steps.mjs';

/** Environment for those tests: where pgbouncer is. Without one some of them say so and are skipped. */
export async function ensurePgbouncer() {
  if (process.env.KONTRACT_PGBOUNCER) return {};
  let path = find();
  const mayInstall =
    process.getuid?.() === 0 && ask('apt-get', ['--version']) && (process.env.CI || process.env.KONTRACT_SETUP_APT);
  if (!path && mayInstall) {
    await step('Installing pgbouncer for the tests of databases', async () => {
      await run('apt-get', ['update', '-q']);
      // Debian would start it as a service: on a run level of none it doesn't.
      const env = { ...process.env, RUNLEVEL: '1', DEBIAN_FRONTEND: 'noninteractive' };
      await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'pgbouncer'], { env });
    });
    path = find();
  }
  return path ? { KONTRACT_PGBOUNCER: path } : {};
}

function find() {
  for (const name of ['pgbouncer', '/usr/sbin/pgbouncer']) {
    const path = ask('sh', ['-c', `command -v ${name}`]);
    if (path) return path;
  }
  return null;
}
