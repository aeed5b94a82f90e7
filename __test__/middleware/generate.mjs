// Middleware stacks made at random: the same seed, the same stacks.

/** Names that get in each other's way, and in the way of the names generated code has. */
const NAMES = ['a', 'b', 'inner', 'reply', 'ctx', 'args', 'env', 'handler', 'ctx1', 'inner1', 'list'];
const LABELS = ['loop', 'middleware_0', 'inner'];
const CONTEXTS = ['ctx', 'c', 'context', 'handler', 'reply'];
const NEXTS = ['next', 'n', 'inner', 'handler', 'args'];

/** A seeded generator of numbers (Marsaglia's xorshift). */
export function random(seed) {
  let state = (seed * 2654435761) >>> 0 || 1;
  const below = (end) => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % end;
  };
  return { below, pick: (list) => list[below(list.length)], chance: (percent) => below(100) < percent };
}

/** A project of `count` stacks: stack `k` is the route `r<k>` and the middleware of its group. */
export function stacks(seed, count) {
  const middleware = [];
  const above = [];
  const routes = [];
  for (let stack = 0; stack < count; stack++) {
    const r = random(seed * 1000 + stack);
    const durations = unique(r);
    routes.push(handler(r, stack, durations));
    const length = 1 + r.below(4);
    let outer;
    for (let place = 0; place < length; place++) {
      const id = `${stack}.${place}`;
      const one = new Middleware(r, id, durations, outer?.detached);
      const text = one.text();
      outer = one;
      const filter = `egroup="g${stack}"`;
      if (r.chance(15)) {
        const name = `named_${stack}_${place}`;
        const asDeclaration = text.match(/^(async )?function (.*)$/s);
        above.push(
          asDeclaration ? `${asDeclaration[1] ?? ''}function ${name}${asDeclaration[2]}` : `const ${name} = ${text};`,
        );
        middleware.push(`mwfilter({ egroup: 'g${stack}' }, ${name})`);
      } else if (r.chance(50)) {
        middleware.push(`@mwfilter(${filter}) ${text}`);
      } else {
        middleware.push(`mwfilter({ egroup: 'g${stack}' }, ${text})`);
      }
    }
  }
  return {
    'src/api.ts': routes.join('\n'),
    'src/middleware.ts': [
      "import { defineMiddleware, mwfilter } from 'kontract';",
      'const list = 3;',
      ...above,
      'export default defineMiddleware([',
      ...middleware.map((text) => `${text},`),
      ']);',
    ].join('\n'),
  };
}

/** Durations of which no two, and hardly any two sums, are equal: nothing wakes at the same time. */
function unique(r) {
  return () => Math.round((1 + r.below(1_000_000) / 1_000) * 1_000) / 1_000;
}

function handler(r, stack, duration) {
  const end = r.pick([
    `return 'h${stack}';`,
    `return 'h${stack}';`,
    '',
    'return null;',
    `throw new Error('h${stack}');`,
    `if (ctx.flag(0)) throw new Error('h${stack}'); return { from: 'h${stack}' };`,
    `return new Promise((done) => done('h${stack}'));`,
  ]);
  // It sleeps first: what runs beside it is told apart by the clock, not by counting microtasks.
  return `@backend(egroup="g${stack}") export async function r${stack}(x: number): Promise<string> {
  await ctx.sleep(${duration()}); ctx.t('handler', x); ${end} }`;
}

/** One middleware. */
class Middleware {
  /** `late`: it sleeps first, because the one around it does not wait. How many microtasks something takes is no promise of ours. */
  constructor(r, id, duration, late) {
    this.r = r;
    this.id = id;
    this.duration = duration;
    this.late = late;
    /** Whether it goes on while `next()` runs. */
    this.detached = false;
    this.async = late || r.chance(85);
    this.form = r.pick(['arrow', 'arrow', 'arrow', 'function', ...(late ? [] : ['value'])]);
    this.ctx = r.pick(CONTEXTS);
    this.next = r.pick(NEXTS.filter((name) => name !== this.ctx));
    this.steps = 0;
    this.budget = 3 + r.below(8);
    this.called = false;
    this.labels = [];
    this.declared = new Set();
    this.vars = new Set();
  }

  text() {
    const { r, ctx, next } = this;
    const start = this.async ? 'async ' : '';
    if (this.form === 'value') {
      const value = this.async ? `await ${next}()` : `${next}()`;
      return `${start}(${ctx}, ${next}) => ${r.pick([value, `${next}()`])}`;
    }
    const first = r.chance(12) ? `{ t, flag, sleep, path: way } ` : ctx;
    if (first !== ctx) this.ctx = '({ t, flag, sleep })';
    const third = r.chance(20) && first === ctx && next !== 'env' && ctx !== 'env' ? ', env' : '';
    const body = this.block(new Set([this.ctx, next, ...(third ? ['env'] : []), 't', 'flag', 'sleep', 'way']), 0, true);
    const params = `(${first}, ${next}${third})`;
    return this.form === 'function' ? `${start}function ${params} ${body}` : `${start}${params} => ${body}`;
  }

  trace(...values) {
    return `${this.ctx}.t('${this.id}.${this.steps++}'${values.map((value) => `, ${value}`).join('')});`;
  }

  condition() {
    return `${this.ctx}.flag(${this.r.below(3)})`;
  }

  block(outer, depth, isBody = false) {
    const { r } = this;
    // Names of this block: a name of an outer one may be declared again, unless it is in use here.
    const scope = { visible: new Set(outer) };
    const lines = [];
    const hoisted = isBody && r.chance(15) ? this.free(scope) : undefined;
    if (hoisted) {
      scope.visible.add(hoisted);
      this.declared.add(hoisted);
      lines.push(this.trace(`${hoisted}()`, `${hoisted}.name`));
    }
    const size = 1 + r.below(3);
    for (let line = 0; line < size; line++) lines.push(this.statement(scope, depth));
    if (isBody && !this.called && r.chance(85)) lines.splice(r.below(lines.length + 1), 0, this.callNext());
    if (isBody && r.chance(40)) lines.push(this.trace());
    if (isBody && r.chance(30)) lines.push(this.leave());
    if (isBody && this.late) lines.unshift(`await ${this.ctx}.sleep(${this.duration()});`);
    if (hoisted) lines.push(`function ${hoisted}() { return '${this.id}'; }`);
    return `{\n${lines.join('\n')}\n}`;
  }

  free(scope, but = this.declared) {
    const names = NAMES.filter((name) => !scope.visible.has(name) && !but.has(name));
    return names.length > 0 ? this.r.pick(names) : undefined;
  }

  statement(scope, depth) {
    const { r } = this;
    if (this.budget-- <= 0 || depth > 3) return this.trace();
    const nested = () => this.block(scope.visible, depth + 1);
    const kind = r.below(24);
    if (kind < 4) return this.trace();
    if (kind < 8) return this.callNext();
    if (kind < 11) return this.declare(scope, depth);
    if (kind < 13) return `if (${this.condition()}) ${nested()}${r.chance(50) ? ` else ${nested()}` : ''}`;
    if (kind < 16) return this.protect(nested);
    if (kind < 18) return this.loop(nested);
    if (kind === 18) return this.choose(scope, depth);
    if (kind === 19 && this.async) return `await ${this.ctx}.sleep(${this.duration()});`;
    if (kind === 20) return `if (${this.condition()}) throw new Error('${this.id}.${this.steps++}');`;
    if (kind === 21) return `if (${this.condition()}) ${this.leave()}`;
    if (kind === 22 && this.ctx === 'c') return 'c = Object.create(c);';
    if (kind === 23) return nested();
    return this.trace();
  }

  declare(scope, depth) {
    const { r } = this;
    const kind = r.pick(['let', 'const', 'var']);
    // A `var` must not meet a `let` of the same name on its way out of its block.
    const name = this.free(scope, kind === 'var' ? this.declared : this.vars);
    if (!name) return this.trace();
    scope.visible.add(name);
    this.declared.add(name);
    if (kind === 'var') this.vars.add(name);
    const value = r.below(100);
    const before = kind === 'var' && r.chance(50) ? `${this.trace(`typeof ${name}`)}\n` : '';
    if (this.async && !this.called && depth === 0 && r.chance(20)) {
      this.called = true;
      const after = `after_${this.steps++}`;
      return `${before}${kind} ${name} = await ${this.next}(), ${after} = ${value};\n${this.trace(name, after)}`;
    }
    const text = r.pick([
      `${kind} ${name} = ${value};\n${this.trace(name)}`,
      `${kind} ${name} = { ${name}: ${value} };\n${this.trace(name, `{ ${name} }`)}`,
      `${kind} ${name} = (x) => [x, '${name}', ${value}];\n${this.trace(`${name}(1)`, `${name}.name`)}`,
      `${kind} ${name} = class { static at = ${value}; };\n${this.trace(`${name}.at`, `${name}.name`)}`,
      `${kind} [${name} = ${value}] = [];\n${this.trace(name)}`,
    ]);
    return before + text;
  }

  protect(nested) {
    const { r } = this;
    const kind = r.below(4);
    const caught = `catch (error) { ${this.trace('error.message')} ${r.chance(30) ? 'throw error;' : ''} ${r.chance(40) ? this.leave() : ''} }`;
    const last = () => `finally ${r.chance(25) ? `{ ${this.trace()} ${this.unwind()} }` : nested()}`;
    if (kind === 0) return `try ${nested()} ${last()}`;
    if (kind === 1) return `try ${nested()} ${caught} ${last()}`;
    return `try ${nested()} ${caught}`;
  }

  unwind() {
    const { r } = this;
    return r.pick([this.leave(), `if (${this.condition()}) throw new Error('finally ${this.id}');`, this.jump()]);
  }

  jump() {
    return this.labels.length > 0 ? `${this.r.pick(['break', 'continue'])} ${this.labels.at(-1)};` : '';
  }

  loop(nested) {
    const { r } = this;
    const label = r.pick(LABELS.filter((one) => !this.labels.includes(one)).concat('last'));
    if (this.labels.includes(label)) return this.trace();
    this.labels.push(label);
    const name = `i_${this.steps++}`;
    const head = r.pick([
      `for (let ${name} = 0; ${name} < 2; ${name}++)`,
      `for (const ${name} of [1, 2])`,
      ...(this.async ? [`for await (const ${name} of [1, 2])`] : []),
    ]);
    const body = r.chance(30) ? `{ ${this.trace(name)} if (${this.condition()}) ${this.jump() || ';'} }` : nested();
    this.labels.pop();
    return `${label}: ${head} ${body}`;
  }

  choose(scope, depth) {
    const { r } = this;
    const cases = [`case true: ${this.statement(scope, depth + 1)} ${r.chance(60) ? 'break;' : ''}`];
    cases.push(`default: ${this.trace()}`);
    // Its cases share a block: what one declares is not visible behind the switch.
    return `switch (${this.condition()}) { ${cases.join('\n').replaceAll(/\b(let|const) /g, 'var ')} }`;
  }

  leave() {
    const { r, id } = this;
    const reject = `Promise.reject(new Error('returned ${id}'))`;
    return r.pick([
      'return;',
      'return undefined;',
      'return null;',
      `return '${id}';`,
      `return '${id}';`,
      `return [${r.below(9)}];`,
      `return Promise.resolve('${id}');`,
      `return Promise.resolve();`,
      `return ${reject};`,
      `throw new Error('${id}');`,
      ...(this.async ? [`return await ${this.ctx}.sleep(${this.duration()}, '${id}');`] : []),
    ]);
  }

  callNext() {
    const { r, next, ctx } = this;
    // A second call is wanted sometimes, not mostly.
    if (this.called && r.chance(80)) return this.trace();
    this.called = true;
    const name = `r_${this.steps++}`;
    const detached = [`${next}();`, `${next}();`, `[1, 2].slice(0, ${1 + r.below(2)}).forEach(() => ${next}());`];
    const anywhere = [
      `return ${next}();`,
      `return ${next}().then((value) => [value]);`,
      `return ${next}().catch((error) => error.message);`,
      `try { return ${next}(); } catch (error) { ${this.trace('error.message')} }`,
      `if (${this.condition()}) return ${next}();`,
    ];
    const pick = (list) => {
      this.detached ||= list === detached;
      return r.pick(list);
    };
    if (!this.async) return pick(r.chance(30) ? detached : anywhere);
    const splices = [
      `await ${next}();`,
      `await ${next}();`,
      `const ${name} = await ${next}(); ${this.trace(name)}`,
      `let ${name}; ${name} = await ${next}(); ${this.trace(name)}`,
      `return await ${next}();`,
      `if (${this.condition()}) await ${next}();`,
      `try { await ${next}(); } catch (error) { ${this.trace('error.message')} ${r.chance(50) ? this.leave() : ''} }`,
      `try { ${r.pick(['return ', `const ${name} = `, ''])}await ${next}(); ${this.trace()} } finally { ${this.trace()} }`,
    ];
    const stays = [
      `return (await ${next}()) ?? '${this.id}';`,
      `return [${r.below(9)}, await ${next}()];`,
      `for (let ${name} = 0; ${name} < 2; ${name}++) { try { await ${next}(); break; } catch (error) { ${this.trace('error.message')} } }`,
      `await (async () => { await ${next}(); ${this.trace()} })();`,
      `const ${name} = async (other) => await other(); await ${name}(${next});`,
      `if (${this.condition()}) await ${next}(); else await ${next}();`,
      `try { ${this.trace()} } finally { await ${next}(); }`,
      `switch (${this.condition()}) { case true: await ${next}(); break; default: ${this.trace()} }`,
    ];
    detached.push(
      `void ${next}().then((value) => ${ctx}.t('then', value), () => {}); await ${ctx}.sleep(${this.duration()});`,
      `const ${name} = ${next}(); ${this.trace()} await ${ctx}.sleep(${this.duration()}); ${this.trace(`await ${name}`)}`,
      `const ${name} = await Promise.race([${next}(), ${ctx}.sleep(${this.duration()}, 'slow')]); ${this.trace(name)}`,
      `await Promise.allSettled([${next}(), ${next}()]).then((all) => ${ctx}.t('all', all.map((one) => one.status)));`,
    );
    return pick(r.chance(55) ? splices : r.chance(40) ? stays : r.chance(60) ? detached : anywhere);
  }
}
