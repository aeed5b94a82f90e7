/** `kontract explain KT3002`: the section of docs/errors.md. */
import { readFileSync } from 'node:fs';
import { closest } from '../../runtime/suggest.js';
import { UserError } from '../errors.js';

export function explain(code: string): void {
  const pages = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8');
  const sections = new Map(
    pages
      .split(/^(?=#{1,2} )/m)
      .map((section) => [section.match(/^## (KT\d{4}) /)?.[1] ?? '', section.trim()] as const),
  );
  const section = sections.get(code.toUpperCase());
  if (section !== undefined && section !== '') return void process.stdout.write(`${section}\n`);
  const similar = closest(
    code.toUpperCase(),
    [...sections.keys()].filter((known) => known !== ''),
  );
  throw new UserError(
    `There is no error ${code}`,
    similar
      ? `Did you mean ${similar}?`
      : 'Codes are KT and four digits; errors that begin with TS are TypeScript’s own.',
  );
}
