/** `kontract gc` */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { address } from '../../dev/database.js';
import { loadConfig } from '../config.js';
import { UserError } from '../errors.js';
import { terminal } from '../output.js';
import { requireProject } from '../project.js';

export interface GcFlags {
  /** In hours. */
  retention?: number;
  /** Where the build is, in the project. */
  out: string;
  json?: boolean;
}

export async function gc(flags: GcFlags): Promise<void> {
  const root = requireProject(process.cwd());
  const manifest = join(root, flags.out, 'manifest.json');
  if (!existsSync(manifest)) {
    throw new UserError(`${flags.out}/ is missing, so nobody knows the tables`, 'Run kontract build first.');
  }
  const databaseUrl = process.env['KONTRACT_DATABASE_URL'] ?? process.env['DATABASE_URL'];
  if (!databaseUrl) throw new UserError('DATABASE_URL is not set', 'It names the PostgreSQL to clean up.');
  const retentionHours = flags.retention ?? loadConfig(root).retentionHours ?? 24;
  const { native } = await import('../../native/index.js');
  const report = await native
    .collect({ databaseUrl, manifest: readFileSync(manifest, 'utf8'), retentionHours })
    .catch((cause: Error) => {
      const { host, port } = address(databaseUrl);
      throw new UserError(`The database at ${host}:${port} cannot be cleaned up: ${cause.message}`, undefined, {
        cause,
      });
    });
  if (flags.json) {
    process.stdout.write(`${JSON.stringify({ ok: true, retentionHours, ...report })}\n`);
    return;
  }
  const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
  terminal.step(
    `deleted ${count(report.versions, 'version')} of rows and ${count(report.commits, 'commit')} older than ${count(retentionHours, 'hour')}, in ${count(report.domains, 'domain')}`,
  );
}
