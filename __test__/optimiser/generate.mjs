// Handlers made at random, full of what an optimiser looks for: the same seed, the same handlers.
import { random } from '../middleware/generate.mjs';

const PERMS = ['___', 'R__', '_W_', '__X', 'RW_', 'R_X', '_WX', 'RWX'];

/** A project of `count` handlers with constants and helpers, their own and imported. */
export function handlers(seed, count) {
  const r = random(seed);
  const lines = [
    "import { LIMIT, LABEL, DEBUG, OFFSET, count, scale, log } from './shared';",
    'const ZERO = 0;',
    "const NAME = 'näme';",
    'const NEGATIVE = -3;',
    'const OFF = false;',
    'let changing = 1;',
    'const add = (x: any, y: any) => x + y;',
    'const pick = (x: any, y: any, z: any) => (x ? y : z);',
    'function canWrite() { return (ctx.perm & perms._W_) !== 0; }',
    'function twice(x: any) { return [x, x]; }',
    'const box = (x: any) => ({ x, NAME });',
    'const bump = () => (changing += 1);',
    'function late(x: any) { return x > LIMIT ? changing : x * NEGATIVE; }',
    'const counter = { n: 0, get next() { return ++this.n; }, get boom() { throw new Error(`boom ${this.n}`); } };',
  ];
  for (let index = 0; index < count; index++) {
    const maker = new Handler(r);
    lines.push(
      `@backend(perm=perms.${r.pick(PERMS)}) export async function h${index}(a: number): Promise<string> ${maker.body()}`,
    );
  }
  // Called by another route, these run with a `ctx` that is not their own.
  lines.push(
    '@backend(perm=perms.R__) export async function inner(): Promise<number> { return ctx.perm; }',
    '@backend(perm=perms.RWX) export async function outer(): Promise<number> { ctx.t(ctx.perm); return await inner(); }',
    '@backend(perm=perms.R__) export async function changes(): Promise<number> { (ctx as any).perm = 9; return ctx.perm; }',
  );
  return {
    'src/api.ts': lines.join('\n'),
    'src/shared.ts': `export const LIMIT = 10;
export const LABEL = 'label';
export const DEBUG = false;
export const OFFSET = -0.5;
export let count = 0;
export const scale = (x: any) => x * LIMIT;
export function log(value: any) { count += 1; ctx.t('log', count, value); return value; }
`,
  };
}

class Handler {
  constructor(r) {
    this.r = r;
    this.names = 0;
    this.steps = 0;
    this.budget = 8 + r.below(12);
  }

  body() {
    return this.block(['a'], 0, true);
  }

  block(outer, depth, isBody = false) {
    const { r } = this;
    const names = [...outer];
    const lines = [];
    for (let line = 0, size = isBody ? 3 + r.below(5) : 1 + r.below(3); line < size; line++)
      lines.push(this.statement(names, depth));
    if (isBody) lines.push(`return ${this.value(names, 0)} as any;`);
    return `{\n${lines.join('\n')}\n}`;
  }

  trace(...values) {
    return `ctx.t(${[this.steps++, ...values].join(', ')});`;
  }

  statement(names, depth) {
    const { r } = this;
    if (this.budget-- <= 0 || depth > 3) return this.trace(this.value(names, 1));
    const value = () => this.value(names, 0);
    const block = () => this.block(names, depth + 1);
    const declare = (kind, text) => {
      const name = `v${this.names++}`;
      const line = `${kind} ${name} = ${text};`;
      names.push(name);
      return `${line} ${this.trace(name)}`;
    };
    const writable = names.filter((name) => name.endsWith('_'));
    switch (r.below(16)) {
      case 0:
      case 1:
        return declare('const', r.pick([value(), this.literal(), 'ctx.perm & 0b010', 'ctx.perm & perms.R__']));
      case 2: {
        const line = `let w${this.names} = ${value()};`;
        names.push(`w${this.names++}`);
        return line;
      }
      case 3:
        return writable.length > 0
          ? `${r.pick(writable)} = ${value()};`
          : `var u${this.names} = ${value()}; ${this.trace(`u${this.names++}`)}`;
      case 4:
      case 5:
        return `if (${this.condition(names)}) ${block()}${r.chance(60) ? ` else ${block()}` : ''}`;
      case 6:
        return `for (let i = 0; i < ${r.below(4)}; i++) { ${this.trace('i')} if (${this.condition(names)}) ${r.pick(['break', 'continue'])}; ${this.statement([...names], depth + 1)} }`;
      case 7:
        return `try ${block()} catch (error) { ${this.trace('(error as any).message')} }${r.chance(40) ? ` finally ${block()}` : ''}`;
      case 8:
        return `if (${this.condition(names)}) throw new Error(String(${value()}));`;
      case 9:
        return `switch (${value()}) { case ${this.literal()}: ${this.trace(1)} ${r.chance(50) ? 'break;' : ''} case ${this.literal()}: ${this.trace(2)} break; default: ${this.trace(3)} }`;
      case 10: {
        // Its text is not its behaviour: nothing may turn it into a string.
        const name = `f${this.names++}`;
        return `const ${name} = (x: any) => ${this.value([...names, 'x'], 1)}; ${this.trace(`${name}(${this.literal()})`, `${name}.name`)}`;
      }
      case 11:
        return r.pick([
          'counter.next;',
          'void counter.next;',
          'bump();',
          `log(${value()});`,
          'changing;',
          'if (OFF) counter.boom;',
          `${value()};`,
        ]);
      case 12:
        return `while (${this.condition(names)}) { ${this.trace(value())} break; }`;
      case 13:
        return `if (${this.condition(names)}) return ${value()} as any;`;
      case 14:
        return `await null; ${this.trace(value())}`;
      default:
        return `{ ${this.trace(value())} function f${this.names}(x: any) { return ${this.value([...names, 'x'], 1)}; } ${this.trace(`f${this.names++}(${value()})`)} }`;
    }
  }

  literal() {
    return this.r.pick([
      '0',
      '1',
      '2',
      '-1',
      '0.5',
      "''",
      "'a'",
      "'1'",
      'true',
      'false',
      'null',
      'undefined',
      '10',
      '4',
      'NaN',
      '-0',
      '1e21',
    ]);
  }

  condition(names) {
    const { r } = this;
    return r.pick([
      'ctx.perm & 0b010',
      '(ctx.perm & perms.R__) !== 0',
      'ctx.perm === perms.RWX',
      'canWrite()',
      'DEBUG',
      'OFF',
      '!ZERO',
      'LIMIT > 5',
      `${this.value(names, 1)} > ${this.value(names, 1)}`,
      `${this.value(names, 1)} === ${this.value(names, 1)}`,
      `${this.value(names, 1)} == ${this.value(names, 1)}`,
      `!${this.value(names, 1)}`,
      'ctx.flag(0)',
      'ctx.flag(0) && ctx.flag(1)',
      'OFF && counter.next > 0',
      'LABEL || counter.next',
      `typeof ${this.value(names, 1)} === 'string'`,
    ]);
  }

  value(names, depth) {
    const { r } = this;
    if (depth > 2 || r.chance(30))
      return r.pick([
        this.literal(),
        r.pick(names),
        r.pick(['ZERO', 'NAME', 'NEGATIVE', 'LIMIT', 'LABEL', 'OFFSET', 'ctx.perm', 'changing', 'count', 'perms.RW_']),
      ]);
    const inner = () => this.value(names, depth + 1);
    return r.pick([
      `(${inner()} + ${inner()})`,
      `(${inner()} - ${inner()})`,
      `(${inner()} * ${inner()})`,
      `(${inner()} / ${inner()})`,
      `(${inner()} % ${inner()})`,
      `(${inner()} & ${inner()})`,
      `(${inner()} | ${inner()})`,
      `(${inner()} << ${inner()})`,
      `(${inner()} >>> ${inner()})`,
      `(${inner()} && ${inner()})`,
      `(${inner()} || ${inner()})`,
      `(${inner()} ?? ${inner()})`,
      // Parentheses inside of conditionals make the parser go back and forth: one is enough.
      `(ctx.flag(1) ? ${this.literal()} : ${this.literal()})`,
      `(OFF ? ${this.literal()} : ${r.pick(names)})`,
      `(- ${inner()})`,
      `(~${inner()})`,
      `(typeof ${inner()})`,
      `String(${inner()})`,
      `\`\${${inner()}}/\${${inner()}}\``,
      `[${inner()}, ${inner()}]`,
      `{ LIMIT, ZERO, v: ${inner()} }.v`.replace(/^/, '(') + ')',
      `add(${inner()}, ${inner()})`,
      `pick(${inner()}, ${inner()}, ${inner()})`,
      `twice(${inner()})[1]`,
      `box(${inner()}).x`,
      `box(NAME).NAME`,
      `late(${inner()})`,
      `scale(${inner()})`,
      'bump()',
      'counter.next',
      `(counter.next, ${inner()})`,
      `log(${inner()})`,
      `(() => ${inner()})()`,
      `'abc'[${inner()} as any]`,
      `'abcdef'.length`,
      `[1, 2, 3].length`,
      `(void ${inner()})`,
      `(${inner()}, ${inner()})`,
      `Math.max(${inner()} as any, ${inner()} as any)`,
    ]);
  }
}
