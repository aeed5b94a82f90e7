/** The project's page: `index.html` and what it loads, bundled by esbuild. */
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { UserError } from '../cli/errors.js';
import { clientModule } from '../cli/project.js';

export interface PageOptions {
  root: string;
  /** Folder of the compiled project, with `client/` in it. */
  build: string;
  outDir: string;
  mode: 'development' | 'production';
}

/** Matches the local scripts and stylesheets of a page; the second group is the address. */
const REFERENCE =
  /(<(?:script|link)\b[^>]*?\s(?:src|href)=["'])(?!https?:|\/\/|data:)([^"'?#]+\.(?:[cm]?[jt]sx?|css))(["'][^>]*>)/gi;

const RELOAD = `const events = new EventSource('/@kontract/reload');
let opened = false;
const reload = () => location.reload();
events.addEventListener('reload', reload);
events.addEventListener('message', reload);
events.addEventListener('open', () => (opened ? reload() : (opened = true)));
`;

/** True when there is a page to build. */
export function hasPage(root: string): boolean {
  return existsSync(join(root, 'index.html'));
}

/** Writes the page to `outDir` and returns the written files' sizes in bytes, by name. */
export async function buildPage(options: PageOptions): Promise<Map<string, number>> {
  const { root, outDir, mode } = options;
  const html = readFileSync(join(root, 'index.html'), 'utf8');
  const sources = [...html.matchAll(REFERENCE)].map((match) => match[2]!);
  const { outputs, files } = await bundle(options, sources);
  mkdirSync(outDir, { recursive: true });
  if (existsSync(join(root, 'public'))) cpSync(join(root, 'public'), outDir, { recursive: true });
  let page = html.replace(REFERENCE, (_, before: string, source: string, after: string) => {
    const output = outputs.get(source);
    return `${before}${output ? `/${relative(outDir, output)}` : source}${after}`;
  });
  if (mode === 'development') page = withReload(page, outDir);
  writeFileSync(join(outDir, 'index.html'), page);
  sweep(outDir, files);
  return new Map(files.map((file) => [relative(outDir, file), readFileSync(file).length]));
}

async function bundle(
  options: PageOptions,
  sources: string[],
): Promise<{ outputs: Map<string, string>; files: string[] }> {
  const { root, outDir, mode } = options;
  const production = mode === 'production';
  const entries = new Map(sources.map((source) => [source, entry(options, source)]));
  const result = await esbuild.build({
    entryPoints: [...entries.values()],
    absWorkingDir: root,
    outdir: join(outDir, 'assets'),
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    bundle: true,
    format: 'esm',
    splitting: true,
    platform: 'browser',
    target: 'es2022',
    minify: production,
    sourcemap: production ? false : 'linked',
    metafile: true,
    logLevel: 'silent',
    loader: { '.wasm': 'file', '.svg': 'file', '.png': 'file', '.woff2': 'file' },
    define: { 'process.env.NODE_ENV': JSON.stringify(mode) },
    plugins: [kontractModules(options)],
  });
  const outputs = new Map<string, string>();
  const files = Object.keys(result.metafile.outputs).map((file) => resolve(root, file));
  for (const [file, { entryPoint }] of Object.entries(result.metafile.outputs)) {
    for (const [source, path] of entries) {
      if (entryPoint && resolve(root, entryPoint) === path) outputs.set(source, resolve(root, file));
    }
  }
  return { outputs, files };
}

function entry({ root, build }: PageOptions, source: string): string {
  const file = join(root, source);
  const compiled = clientModule(root, build, file);
  if (compiled) return compiled;
  if (existsSync(file)) return file;
  throw new UserError(`index.html loads ${source}, which is not there`);
}

/**
 * In a client, `kontract` is the compiled project and a project file is its client half; the rest of
 * the package is the one this code belongs to, wherever the project finds its own.
 */
function kontractModules({ root, build }: PageOptions): esbuild.Plugin {
  const own = new Map([
    ['kontract', join(build, 'client', 'index.js')],
    ['kontract/client', fileURLToPath(new URL('../client/index.js', import.meta.url))],
    ['kontract/client/webcrypto', fileURLToPath(new URL('../client/webcrypto/index.js', import.meta.url))],
    ['kontract/codec', fileURLToPath(new URL('../codec/index.js', import.meta.url))],
  ]);
  return {
    name: 'kontract',
    setup(builder) {
      builder.onResolve({ filter: /^kontract(\/|$)/ }, ({ path }) => {
        const known = own.get(path);
        if (known) return { path: known };
        return { errors: [{ text: `${path} is for servers and cannot be part of a page` }] };
      });
      builder.onResolve({ filter: /^\.{1,2}\// }, ({ path, resolveDir }) => {
        const file = resolve(resolveDir, path);
        const candidates = [file, `${file}.ts`, `${file}.tsx`, join(file, 'index.ts'), file.replace(/\.js$/, '.ts')];
        for (const candidate of candidates) {
          const compiled = /\.[cm]?tsx?$/.test(candidate) ? clientModule(root, build, candidate) : undefined;
          if (compiled && existsSync(candidate)) return { path: compiled };
        }
        return undefined;
      });
    },
  };
}

/** A file of its own, not an inline script: pages may forbid those. */
function withReload(page: string, outDir: string): string {
  writeFileSync(join(outDir, 'kontract-reload.js'), RELOAD);
  const tag = '<script type="module" src="/kontract-reload.js"></script>';
  return page.includes('</head>') ? page.replace('</head>', `${tag}</head>`) : `${tag}${page}`;
}

/** Names carry a hash, so earlier builds leave files behind. */
function sweep(outDir: string, files: string[]): void {
  const folder = join(outDir, 'assets');
  if (!existsSync(folder)) return;
  const current = new Set(files.map((file) => basename(file)));
  for (const name of readdirSync(folder)) if (!current.has(name)) rmSync(join(folder, name), { force: true });
}

/** esbuild's errors with their code frames. */
export async function pageErrors(error: unknown): Promise<string | undefined> {
  const { errors } = error as { errors?: esbuild.Message[] };
  if (!Array.isArray(errors)) return undefined;
  return (await esbuild.formatMessages(errors, { kind: 'error' })).join('');
}
