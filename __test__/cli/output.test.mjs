import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatDiagnostic, mask, table } from '../../lib/dist/cli/output.js';

const diagnostic = {
  code: 'KT2001',
  severity: 'error',
  file: 'src/a.ts',
  line: 2,
  column: 28,
  message: 'the parameter has no type',
  help: 'say what it is',
  frame:
    'error[KT2001]: the parameter has no type\n --> src/a.ts:2:28\n  |\n2 | echo(value)\n  |      ^^^^^\n  = help: say what it is\n',
};
const tags = (name) => (text) => `<${name}>${text}</${name}>`;
const paint = { red: tags('red'), yellow: tags('yellow'), bold: tags('bold'), dim: tags('dim'), cyan: tags('cyan') };

describe('a diagnostic', () => {
  it('is the compiler’s frame, painted', () => {
    assert.equal(formatDiagnostic(diagnostic), diagnostic.frame.trimEnd());
    const painted = formatDiagnostic(diagnostic, paint);
    assert.match(painted, /^<red>error\[KT2001\]<\/red>: <bold>the parameter has no type<\/bold>\n/);
    assert.match(painted, /= <cyan>help:<\/cyan> say/);
    assert.match(
      formatDiagnostic(
        { ...diagnostic, severity: 'warning', frame: diagnostic.frame.replace('error', 'warning') },
        paint,
      ),
      /^<yellow>warning/,
    );
  });

  it('has a place and a help line even without a frame', () => {
    const text = formatDiagnostic({ ...diagnostic, frame: '' });
    assert.equal(text, 'error[KT2001]: the parameter has no type\n --> src/a.ts:2:28\n  = help: say what it is');
  });
});

describe('tables', () => {
  it('line up', () => {
    assert.match(
      table([
        ['route', 'perm'],
        ['a', 'R__'],
        ['longer', '___'],
      ]),
      /a       R__\nlonger  ___$/,
    );
  });

  it('show masks as their letters', () => {
    assert.deepEqual([0, 1, 2, 4, 6, 7].map(mask), ['___', '__X', '_W_', 'R__', 'RW_', 'RWX']);
  });
});
