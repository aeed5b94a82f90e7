/** `kontract doctor`: whether the database is what the build needs, and what stands guard in it. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { address } from '../../dev/database.js';
import { gatewayPassword } from '../../dev/keys.js';
import type { DoctorFinding, DoctorReport } from '../../native/types.js';
import { UserError } from '../errors.js';
import { table } from '../output.js';
import { BUILD_DIR, LOCK_FILE, requireProject } from '../project.js';

export interface DoctorFlags {
  json?: boolean;
  /** Where the build is, in the project. */
  out: string;
}

/** What `--json` prints. It only ever grows. */
interface Report extends Partial<DoctorReport> {
  /** Nothing found is a problem. */
  ok: boolean;
  /** `host:port` of the database. */
  server: string;
  /** Folder of the build that was compared, or null. */
  build: string | null;
  findings: DoctorFinding[];
}

export async function doctor(flags: DoctorFlags): Promise<void> {
  const root = requireProject(process.cwd());
  const report = await examine(root, flags);
  process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : text(report));
  if (!report.ok) process.exitCode = 1;
}

async function examine(root: string, { out }: DoctorFlags): Promise<Report> {
  const own = process.env['KONTRACT_DATABASE_URL'];
  const url = process.env['DATABASE_URL'] || own;
  if (!url) throw new UserError('DATABASE_URL is not set', 'It names the PostgreSQL to look at.');
  const { host, port } = address(url);
  const build = [out, BUILD_DIR].find((folder) => existsSync(join(root, folder, 'manifest.json'))) ?? null;
  const manifest = build === null ? undefined : readFileSync(join(root, build, 'manifest.json'), 'utf8');
  const findings = manifest === undefined ? [noBuild(out)] : lockDrift(root, manifest);
  const key = process.env['KONTRACT_KEY'];
  const { doctor: look } = (await import('../../native/index.js')).native;
  let found: Partial<DoctorReport> & { findings: DoctorFinding[] };
  try {
    found = await look({
      url,
      ...(own ? { gatewayUrl: own } : {}),
      ...(key ? { gatewayPassword: gatewayPassword(key) } : {}),
      ...(manifest === undefined ? {} : { manifest }),
    });
  } catch (error) {
    found = { findings: [failed(error as Error)] };
  }
  findings.unshift(...found.findings);
  const ok = findings.every(({ level }) => level !== 'problem');
  return { ok, server: `${host}:${port}`, build, ...found, findings };
}

/** The lock file may have moved on since the build. */
function lockDrift(root: string, manifest: string): DoctorFinding[] {
  const file = join(root, LOCK_FILE);
  if (!existsSync(file)) return [];
  const { tables: locked = {} } = JSON.parse(readFileSync(file, 'utf8')) as {
    tables?: Record<string, { ptr: string }>;
  };
  const { tables } = JSON.parse(manifest) as { tables: { id: string; ptr: string }[] };
  const differ = tables.filter(({ id, ptr }) => locked[id] !== undefined && locked[id].ptr !== ptr);
  return differ.map(({ id, ptr }) => ({
    level: 'problem',
    code: 'build.lock',
    message: `${LOCK_FILE} stores table ${id} as ${locked[id]?.ptr}, the build as ${ptr}`,
    help: 'Build again; if the lock file was changed by hand, take it back from version control.',
  }));
}

function noBuild(out: string): DoctorFinding {
  const message = `there is no ${out}/manifest.json: tables are not compared with a build`;
  return { level: 'note', code: 'build.missing', message, help: 'Run kontract build first.' };
}

function failed({ message }: Error): DoctorFinding {
  return { level: 'problem', code: 'connection.failed', message, help: 'Look at DATABASE_URL, and at the server.' };
}

function text({ ok, server, version, supported, login, build, roles, findings }: Report): string {
  const lines = [`database  ${server}`];
  if (version) lines.push(`server    PostgreSQL ${version}${supported ? '' : ', not supported'}, as ${login}`);
  lines.push(`build     ${build ?? 'none'}`, '');
  const held = (roles ?? []).map(({ name, held: holds }) => [name, holds.join(', ') || 'nothing by itself']);
  if (held.length > 0) lines.push(table([['role', 'holds in schema kontract'], ...held]), '');
  for (const { level, code, message, help } of findings) lines.push(`${level}: ${message} [${code}]`, `  ${help}`, '');
  lines.push(ok ? 'No problems.' : 'There are problems.');
  return `${lines.join('\n')}\n`;
}
