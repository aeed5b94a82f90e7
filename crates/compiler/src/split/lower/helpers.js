// What lowered code calls: a build holds this file only if its sources use decorators, `accessor` or `using`.

/** TypeScript's own decorators (`experimentalDecorators`): of a class, or of `key` on its prototype. */
export function _ts_decorate(decorators, target, key, descriptor) {
  const ofClass = arguments.length < 3;
  let result = ofClass ? target : descriptor === null ? Object.getOwnPropertyDescriptor(target, key) : descriptor;
  // reflect-metadata brings its own way of applying them.
  if (typeof Reflect.decorate === 'function') result = Reflect.decorate(decorators, target, key, descriptor);
  else
    for (const decorator of [...decorators].reverse())
      result = (ofClass ? decorator(result) : decorator(target, key, result)) || result;
  if (!ofClass && result) Object.defineProperty(target, key, result);
  return result;
}

export function _ts_metadata(key, value) {
  return typeof Reflect.metadata === 'function' ? Reflect.metadata(key, value) : undefined;
}

export function _ts_param(index, decorator) {
  return (target, key) => decorator(target, key, index);
}

const disposeSymbol = (name) => Symbol[name] ?? Symbol.for(`Symbol.${name}`);

/** `using`: notes what has to be disposed of (ECMA-262, "AddDisposableResource"). */
export function _ts_add_disposable_resource(env, value, async) {
  if (value === null || value === undefined) {
    if (async) env.stack.push({ async });
    return value;
  }
  if (Object(value) !== value) throw new TypeError('Only objects can be disposed of.');
  let dispose = async ? value[disposeSymbol('asyncDispose')] : undefined;
  if (dispose === undefined || dispose === null) {
    const synchronous = value[disposeSymbol('dispose')];
    // What a synchronous method returns is not waited for.
    dispose =
      async && typeof synchronous === 'function'
        ? function () {
            synchronous.call(this);
          }
        : synchronous;
  }
  if (typeof dispose !== 'function') throw new TypeError('The object has no method to dispose of it.');
  env.stack.push({ value, dispose, async });
  return value;
}

function suppressed(error, earlier) {
  const message = 'An error was suppressed during disposal.';
  if (typeof SuppressedError === 'function') return new SuppressedError(error, earlier, message);
  return Object.assign(new Error(message), { name: 'SuppressedError', error, suppressed: earlier });
}

/** The end of a block with `using`: last in, first out; the last error carries the ones before it. */
export function _ts_dispose_resources(env) {
  const fail = (error) => {
    env.error = env.hasError ? suppressed(error, env.error) : error;
    env.hasError = true;
  };
  const next = () => {
    for (;;) {
      const resource = env.stack.pop();
      if (!resource) break;
      try {
        const result = resource.dispose?.call(resource.value);
        if (resource.async)
          return Promise.resolve(result).then(next, (error) => {
            fail(error);
            return next();
          });
      } catch (error) {
        fail(error);
      }
    }
    if (env.hasError) throw env.error;
    return undefined;
  };
  return next();
}

export function _identity(value) {
  return value;
}

export function _to_property_key(value) {
  if (typeof value === 'symbol') return value;
  // What an object becomes as a key, `Symbol.toPrimitive` included, the language knows best.
  return Reflect.ownKeys({ [value]: 0 })[0];
}

const FIELD = 0;
const ACCESSOR = 1;
const METHOD = 2;
const GETTER = 3;
const SETTER = 4;
const CLASS = 5;
const STATIC = 8;
const WITH_THIS = 16;
const KINDS = ['field', 'accessor', 'method', 'getter', 'setter', 'class'];

const callable = (value, what) => {
  if (typeof value !== 'function') throw new TypeError(`${what} must be a function`);
  return value;
};
const callableOrNothing = (value, what) => (value === undefined ? undefined : callable(value, `${what}, if anything,`));

function named(fn, name, prefix) {
  const text = typeof name === 'symbol' ? (name.description ? `[${name.description}]` : '') : name;
  Object.defineProperty(fn, 'name', { configurable: true, value: prefix ? `${prefix} ${text}` : text });
  return fn;
}

/**
 * The decorators of ECMAScript (github.com/tc39/proposal-decorators, 2023-11). Each member is
 * `[decorators, kind and flags, name, value or getter, setter]`; the last two only of private ones.
 * `e` are the functions the lowered class runs, in the order in which it takes them apart.
 */
export function _apply_decs_2311(targetClass, classDecorators, members, classDecoratorsWithThis, brand, parent) {
  const metadataKey = disposeSymbol('metadata');
  const metadata = Object.create(parent?.[metadataKey] ?? null);
  const taken = { true: Object.create(null), false: Object.create(null) };

  const run = (initializers, takesValue) =>
    function (self, value) {
      for (const initializer of initializers)
        value = takesValue ? initializer.call(self, value) : (initializer.call(self), value);
      return takesValue ? value : self;
    };
  /** A static member's functions are called without an object: it is the class. */
  const onClass = (fn) => (value) => fn(targetClass, value);

  function decorate(list, withThis, details, value, accept) {
    for (let i = list.length - 1; i >= 0; i -= withThis ? 2 : 1) {
      const decorator = callable(list[i], 'A decorator');
      let finished = false;
      const context = {
        ...details.context,
        metadata,
        addInitializer(initializer) {
          if (finished) throw new TypeError('addInitializer was called after the decorator had finished');
          details.initializers.push(callable(initializer, 'An initializer'));
        },
      };
      const result = decorator.call(withThis ? list[i - 1] : undefined, value(), context);
      finished = true;
      accept(result);
    }
  }

  function access(kind, name, isPrivate, descriptor, hasBrand) {
    const checked = (target) => {
      if (!hasBrand(target)) throw new TypeError('A private member was asked of an object that has none of the name');
    };
    const result = { has: isPrivate ? (target) => hasBrand(target) : (target) => name in target };
    if (kind !== SETTER)
      result.get = !isPrivate
        ? (target) => target[name]
        : (target) => (checked(target), kind === METHOD ? descriptor.value : descriptor.get.call(target));
    if (kind !== METHOD && kind !== GETTER)
      result.set = !isPrivate
        ? (target, value) => void (target[name] = value)
        : (target, value) => (checked(target), descriptor.set.call(target, value));
    return result;
  }

  function descriptorOf(owner, kind, key, member, isPrivate, name) {
    if (!isPrivate) return kind === FIELD ? {} : Object.getOwnPropertyDescriptor(owner, name);
    if (kind !== FIELD && kind !== ACCESSOR)
      return { [key]: named(member[3], name, kind === METHOD ? undefined : key) };
    const get = function () {
      return member[3](this);
    };
    const set = function (value) {
      member[4](this, value);
    };
    return { get: named(get, name, 'get'), set: kind === ACCESSOR ? named(set, name, 'set') : set };
  }

  function applyMember(member, results, initializersOf) {
    const kind = member[1] & 7;
    const isStatic = (member[1] & STATIC) !== 0;
    const isPrivate = typeof member[3] === 'function';
    const owner = isStatic ? targetClass : targetClass.prototype;
    const name = isPrivate ? `#${member[2]}` : _to_property_key(member[2]);
    const key = kind === GETTER ? 'get' : kind === SETTER || kind === ACCESSOR ? 'set' : 'value';
    const descriptor = descriptorOf(owner, kind, key, member, isPrivate, name);
    if (kind !== FIELD && !isPrivate) {
      const earlier = taken[isStatic][name];
      // A getter and a setter may share a name (3 ^ 4 is 7).
      if (earlier && (earlier ^ kind) !== 7) throw new Error(`Two decorated members are called ${String(name)}`);
      taken[isStatic][name] = kind < GETTER ? 1 : kind;
    }
    const hasBrand =
      isStatic && isPrivate
        ? (target) => {
            if (Object(target) !== target) throw new TypeError('Only objects have private members');
            return target === targetClass;
          }
        : brand;
    const own = kind === FIELD || kind === ACCESSOR ? [] : initializersOf(isStatic);
    const initial = [];
    const context = {
      kind: KINDS[kind],
      name,
      static: isStatic,
      private: isPrivate,
      access: access(kind, name, isPrivate, descriptor, hasBrand),
    };
    const value = () =>
      kind === ACCESSOR ? { get: descriptor.get, set: descriptor.set } : kind === FIELD ? undefined : descriptor[key];
    const accept = (result) => {
      if (kind !== ACCESSOR) {
        if (callableOrNothing(result, 'What a member decorator returns') === undefined) return;
        if (kind === FIELD) initial.unshift(result);
        else descriptor[key] = result;
      } else if (Object(result) === result && typeof result === 'object') {
        descriptor.get = callableOrNothing(result.get, 'accessor.get') ?? descriptor.get;
        descriptor.set = callableOrNothing(result.set, 'accessor.set') ?? descriptor.set;
        if (callableOrNothing(result.init, 'accessor.init')) initial.unshift(result.init);
      } else if (result !== undefined) {
        throw new TypeError('An accessor decorator returns an object with get, set or init, or nothing');
      }
    };
    decorate([member[0]].flat(), (member[1] & WITH_THIS) !== 0, { context, initializers: own }, value, accept);
    const bound = (fn) => (isStatic ? onClass(fn) : fn);
    if (kind === FIELD || kind === ACCESSOR) {
      results.push(bound(run(initial, true)));
      if (kind === ACCESSOR && isPrivate)
        results.push(
          bound((self) => descriptor.get.call(self)),
          bound((self, given) => descriptor.set.call(self, given)),
        );
      results.push(isStatic ? () => run(own, false)(targetClass) : run(own, false));
    } else if (isPrivate) {
      const fn = descriptor[key];
      results.push(kind === METHOD ? fn : (self, given) => fn.call(self, given));
    }
    if (kind !== FIELD && !isPrivate) Object.defineProperty(owner, name, descriptor);
  }

  const results = [];
  const extra = { true: undefined, false: undefined };
  const initializersOf = (isStatic) => (extra[isStatic] ??= []);
  // Methods and accessors first, static ones before those of instances; then fields likewise.
  for (const wantsField of [false, true])
    for (const wantsStatic of [true, false])
      for (const member of members) {
        const isField = (member[1] & 7) === FIELD;
        const isStatic = (member[1] & STATIC) !== 0;
        if (isField === wantsField && isStatic === wantsStatic) applyMember(member, results, initializersOf);
      }
  for (const initializers of [extra.false, extra.true]) if (initializers) results.push(run(initializers, false));

  const describe = (target) =>
    Object.defineProperty(target, metadataKey, { configurable: true, enumerable: true, value: metadata });
  if (classDecorators.length === 0) describe(targetClass);
  return {
    e: results,
    /** Asked for once the class is whole: the class there is now, and what to run on it. */
    get c() {
      if (classDecorators.length === 0) return [];
      const initializers = [];
      const original = targetClass;
      const details = { context: { kind: KINDS[CLASS], name: original.name }, initializers };
      decorate(
        [classDecorators].flat(),
        classDecoratorsWithThis,
        details,
        () => targetClass,
        (result) => {
          targetClass = callableOrNothing(result, 'What a class decorator returns') ?? targetClass;
        },
      );
      describe(targetClass);
      return [targetClass, () => run(initializers, false)(targetClass)];
    },
  };
}
