/** What the terminal shows. Progress goes to stderr, so that stdout is for answers. */
import { createColors } from 'picocolors';
import type { Diagnostic } from '../native/types.js';
import { UserError } from './errors.js';

// Progress is on stderr, but picocolors looks at stdout.
const colours = createColors(
  !('NO_COLOR' in process.env) &&
    ('FORCE_COLOR' in process.env || (process.stderr.isTTY && process.env['TERM'] !== 'dumb')),
);

export interface Reporter {
  step(message: string, ms?: number): void;
  note(message: string): void;
  warn(message: string): void;
  error(error: unknown): void;
  diagnostics(list: readonly Diagnostic[]): void;
}

const line = (text: string): void => void process.stderr.write(`${text}\n`);

export const terminal: Reporter = {
  step: (message, ms) =>
    line(`${colours.green('✓')} ${message}${ms === undefined ? '' : colours.dim(` ${Math.round(ms)} ms`)}`),
  note: (message) => line(`${colours.cyan('·')} ${message}`),
  warn: (message) => line(`${colours.yellow('!')} ${message}`),
  error: (error) => line(describe(error)),
  diagnostics: (list) => {
    for (const diagnostic of list) line(`${formatDiagnostic(diagnostic, colours)}\n`);
  },
};

/** Says nothing: for programs that start a server themselves. */
export const silent: Reporter = { step() {}, note() {}, warn() {}, error() {}, diagnostics() {} };

function describe(error: unknown): string {
  if (error instanceof UserError) {
    return `${colours.red('✗')} ${error.message}${error.help ? `\n  ${colours.dim(error.help)}` : ''}`;
  }
  return `${colours.red('✗')} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}

type Colours = Pick<typeof colours, 'red' | 'yellow' | 'bold' | 'dim' | 'cyan'>;

const plain: Colours = { red: String, yellow: String, bold: String, dim: String, cyan: String };

/** The compiler's frame: `error[KT2001]: message`, the place, the source line, the help; painted. */
export function formatDiagnostic(diagnostic: Diagnostic, paint: Colours = plain): string {
  const { severity, code, message, file, line: row, column, help } = diagnostic;
  const bare = [
    `${severity}[${code}]: ${message}`,
    ` --> ${file}:${row}:${column}`,
    ...(help ? [`  = help: ${help}`] : []),
  ];
  const [title = '', ...rest] = diagnostic.frame ? diagnostic.frame.trimEnd().split('\n') : bare;
  const tint = { error: paint.red, warning: paint.yellow, info: paint.cyan }[severity];
  const painted = title.replace(
    /^(\w+\[\w+\]): (.*)$/,
    (_, tag: string, text: string) => `${tint(tag)}: ${paint.bold(text)}`,
  );
  return [painted, ...rest.map((text) => paintLine(text, paint, tint))].join('\n');
}

function paintLine(text: string, paint: Colours, tint: (text: string) => string): string {
  if (/^\s*-->/.test(text)) return paint.dim(text);
  if (/^\s*\|\s*\^/.test(text)) return tint(text);
  return text.replace(/^(\s*= )(help:)/, (_, before: string, tag: string) => `${before}${paint.cyan(tag)}`);
}

/** Columns padded to their widest cell; the first row is the heading. */
export function table(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const text = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [colours.dim(text[0] ?? ''), ...text.slice(1)].join('\n');
}

/** `RW_` for 6. */
export function mask(perm: number): string {
  return `${perm & 4 ? 'R' : '_'}${perm & 2 ? 'W' : '_'}${perm & 1 ? 'X' : '_'}`;
}
