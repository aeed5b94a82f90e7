/** The shapes `--json` prints: for CI and editors, so they only ever grow. */
import type { Diagnostic } from '../native/types.js';
import { CONFIG_FILE } from './config.js';
import { UserError } from './errors.js';

export type PlainDiagnostic = Omit<Diagnostic, 'frame'>;

export function plainDiagnostic({ code, severity, file, line, column, message, help }: Diagnostic): PlainDiagnostic {
  return { code, severity, file, line, column, message, help: help ?? null };
}

/** What is wrong outside of the sources (no src folder, a broken config) is a finding too; a bug of ours is not. */
export function inputProblem(error: unknown): PlainDiagnostic {
  if (!(error instanceof UserError)) {
    const isFileProblem = error instanceof Error && /: .*\(os error \d+\)$/.test(error.message);
    if (!isFileProblem) throw error;
  }
  const { message } = error;
  const help = error instanceof UserError ? (error.help ?? null) : null;
  const file = message.startsWith(CONFIG_FILE) ? CONFIG_FILE : 'package.json';
  return { code: 'KT0001', severity: 'error', file, line: 1, column: 1, message, help };
}
