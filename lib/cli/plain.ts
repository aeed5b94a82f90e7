/** `http` and `httpRoutes` of the config: which functions may be called as JSON over HTTPS. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PlainCodec } from '../runtime/index.js';
import { CONFIG_FILE, type Config } from './config.js';
import { UserError } from './errors.js';

/** The ids, `*` for all, or nothing: the server then has no such way in. */
export function plainRoutes({ http, httpRoutes }: Config, manifest: string): { plainRoutes?: string[] } {
  const { routes } = JSON.parse(manifest) as { routes: { id: string }[] };
  const known = routes.map(({ id }) => id);
  const unknown = (httpRoutes ?? []).find((id) => !known.includes(id));
  if (unknown !== undefined) {
    throw new UserError(`${CONFIG_FILE}: httpRoutes names '${unknown}', and there is no backend function of that id`);
  }
  if (http) return { plainRoutes: ['*'] };
  return httpRoutes && httpRoutes.length > 0 ? { plainRoutes: httpRoutes } : {};
}

/** The halves of the codecs that only clients need otherwise: loaded when there are such calls. */
export async function plainCodecs(
  build: string,
  { http, httpRoutes }: Config,
): Promise<{ plain?: Record<string, PlainCodec> }> {
  if (!http && !httpRoutes?.length) return {};
  const file = pathToFileURL(join(build, 'client', 'routes.js')).href;
  const { routes } = (await import(file)) as { routes: Record<string, PlainCodec> };
  return { plain: routes };
}
