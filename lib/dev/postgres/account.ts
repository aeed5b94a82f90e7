/** Who runs the database server, and whether that user can get at its files. */
import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, parse } from 'node:path';

export interface Account {
  name: string;
  uid: number;
  gid: number;
}

/**
 * PostgreSQL refuses to run as root. Undefined: we are not root, it runs as ourselves.
 */
export function unprivilegedAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const known = accounts();
  return known.get('postgres') ?? known.get('nobody') ?? { name: 'nobody', uid: 65534, gid: 65534 };
}

/** True when `account` (undefined: ourselves) may pass through every folder above `path`. */
export function canReach(path: string, account: Account | undefined): boolean {
  if (!account) return true;
  let folder = dirname(path);
  while (!existsSync(folder)) folder = dirname(folder);
  for (folder = realpathSync(folder); ; folder = dirname(folder)) {
    const stats = statSync(folder);
    const bit = stats.uid === account.uid ? 0o100 : stats.gid === account.gid ? 0o010 : 0o001;
    if ((stats.mode & bit) === 0) return false;
    if (folder === parse(folder).root) return true;
  }
}

/** Makes a folder that others may pass through, whatever the umask. Folders that exist stay as they are. */
export function makeFolder(path: string): void {
  const first = mkdirSync(path, { recursive: true });
  if (first === undefined) return;
  for (let folder = path; folder.length >= first.length; folder = dirname(folder)) chmodSync(folder, 0o755);
}

function accounts(): Map<string, Account> {
  const known = new Map<string, Account>();
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name, , uid, gid] = line.split(':');
    if (name && uid && gid) known.set(name, { name, uid: Number(uid), gid: Number(gid) });
  }
  return known;
}
