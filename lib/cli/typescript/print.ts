/**
 * A return type as text that stands alone: what the compiler's resolver reads, whatever file it is read
 * for. The project's own types stay names, everything else is written out.
 */
import type { ReturnType } from './types.js';

/** The questions every TypeScript answers, under one name each. */
export interface Types<Type extends { flags: number }, Symbol extends { name: string }> {
  flags: Record<Flag, number>;
  checker: {
    /** What each call signature returns. */
    signatures(type: Type): readonly Type[];
    properties(type: Type): readonly Symbol[];
    typeOf(symbol: Symbol): Type | undefined;
    isOptional(symbol: Symbol): boolean;
    index(type: Type): readonly { key: Type; value: Type }[];
    isArray(type: Type): boolean;
    isTuple(type: Type): boolean;
    arguments(type: Type): readonly Type[];
    parts(type: Type): readonly Type[];
    value(type: Type): string | number | { negative: boolean; base10Value: string };
    symbol(type: Type): Symbol | undefined;
    /** An alias with type arguments: its name alone does not say what it is. */
    isGeneric(type: Type): boolean;
    enumOf(type: Type): Symbol | undefined;
    declaredIn(symbol: Symbol): string | undefined;
    /** The namespace or module a symbol is a member of. */
    parent(symbol: Symbol): { name: string } | undefined;
    text(type: Type): string;
  };
  /** The source file whose types the generated types keep in this namespace, if it declares `name`. */
  sourceOf(namespace: string, name: string): string | undefined;
}

type Flag =
  | 'Any'
  | 'Unknown'
  | 'Undefined'
  | 'Null'
  | 'Void'
  | 'StringLike'
  | 'NumberLike'
  | 'BigIntLike'
  | 'BooleanLike'
  | 'StringLiteral'
  | 'NumberLiteral'
  | 'EnumLike'
  | 'Object'
  | 'Union'
  | 'Intersection'
  | 'Never';

class Unprintable extends Error {}

export function printReturnType<T extends { flags: number }, S extends { name: string }>(
  types: Types<T, S>,
  fn: T,
): ReturnType {
  const [returned] = types.checker.signatures(fn);
  if (!returned) return { because: 'it is not a function' };
  const printer = new Printer(types);
  try {
    return { text: printer.reply(returned), names: printer.names };
  } catch (error) {
    if (error instanceof Unprintable) return { because: error.message };
    throw error;
  }
}

/** A type that contains itself without a name has no text; no useful one nests this deep. */
const MAX_DEPTH = 12;

class Printer<T extends { flags: number }, S extends { name: string }> {
  readonly names: Record<string, string> = {};

  private readonly types: Types<T, S>;

  constructor(types: Types<T, S>) {
    this.types = types;
  }

  /** What a caller gets: `Promise` and `HttpResp` are taken off. */
  reply(type: T): string {
    const { flags, checker } = this.types;
    if (type.flags & flags.Union && !(type.flags & (flags.EnumLike | flags.BooleanLike))) {
      return this.union(checker.parts(type).map((part) => this.reply(part)));
    }
    const wrapper = checker.symbol(type)?.name;
    const [inner] = checker.arguments(type);
    if (inner && (wrapper === 'Promise' || wrapper === 'HttpResp')) return this.reply(inner);
    return this.print(type, 0);
  }

  private print(type: T, depth: number): string {
    const { flags, checker } = this.types;
    const is = (...wanted: Flag[]): boolean => wanted.some((flag) => (type.flags & flags[flag]) !== 0);
    if (depth > MAX_DEPTH) throw new Unprintable(`\`${checker.text(type)}\` nests too deep`);
    if (is('Any', 'Unknown')) throw new Unprintable(`TypeScript knows it as \`${checker.text(type)}\` only`);
    if (is('Never')) return 'void';
    if (is('EnumLike')) return this.enumeration(type);
    if (is('StringLiteral')) return JSON.stringify(checker.value(type));
    if (is('NumberLiteral')) return String(checker.value(type));
    if (is('StringLike')) return 'string';
    if (is('NumberLike')) return 'number';
    if (is('BigIntLike')) return 'bigint';
    if (is('BooleanLike')) return 'boolean';
    if (is('Undefined')) return 'undefined';
    if (is('Void')) return 'void';
    if (is('Null')) return 'null';
    if (is('Union')) return this.union(checker.parts(type).map((part) => this.print(part, depth + 1)));
    if (is('Object', 'Intersection')) return this.named(type) ?? this.object(type, depth);
    throw new Unprintable(`\`${checker.text(type)}\` cannot cross the wire`);
  }

  private union(parts: string[]): string {
    // `void` beside a value is what a missing `return` gives: nothing.
    const unique = [...new Set(parts)];
    return unique.map((part) => (part === 'void' && unique.length > 1 ? 'undefined' : part)).join(' | ');
  }

  private enumeration(type: T): string {
    const symbol = this.types.checker.enumOf(type) ?? this.types.checker.symbol(type);
    const name = symbol && this.name(symbol);
    if (name === undefined) throw new Unprintable(`\`${this.types.checker.text(type)}\` is an enum of another package`);
    return name;
  }

  /** The name of a type the project declares; one with type arguments is written out instead. */
  private named(type: T): string | undefined {
    const { checker } = this.types;
    if (checker.isGeneric(type) || checker.arguments(type).length > 0) return undefined;
    const symbol = checker.symbol(type);
    if (symbol?.name === 'Date' || symbol?.name === 'Uint8Array') return symbol.name;
    return symbol && this.name(symbol);
  }

  private name(symbol: S): string | undefined {
    const { checker } = this.types;
    const declared = checker.declaredIn(symbol);
    // What comes out of a table has the generated copy of its type: it is the user's that is meant.
    const generated = declared?.includes('/.kontract/') ? (checker.parent(symbol)?.name ?? '') : undefined;
    const file = generated === undefined ? declared : this.types.sourceOf(generated, symbol.name);
    const isOurs = file !== undefined && /\.[cm]?tsx?$/.test(file) && !file.includes('/node_modules/');
    // `__type` and `__object` are TypeScript's names for what has none.
    if (!isOurs || symbol.name.startsWith('__') || generated === '') return undefined;
    if (file.includes('/typescript') && file.includes('/lib.')) return undefined;
    if ((this.names[symbol.name] ?? file) !== file) return undefined;
    this.names[symbol.name] = file;
    return symbol.name;
  }

  private object(type: T, depth: number): string {
    const { checker } = this.types;
    if (checker.symbol(type)?.name === 'Uint8Array') return 'Uint8Array';
    const args = checker.arguments(type);
    if (checker.isArray(type) && args[0]) return `(${this.print(args[0], depth + 1)})[]`;
    if (checker.isTuple(type)) return `[${args.map((arg) => this.print(arg, depth + 1)).join(', ')}]`;
    if (checker.signatures(type).length > 0) throw new Unprintable(`\`${checker.text(type)}\` is a function`);
    const properties = checker.properties(type);
    const [index] = checker.index(type);
    if (index && properties.length === 0) return `Record<string, ${this.print(index.value, depth + 1)}>`;
    const members = properties.map((property) => this.member(property, depth));
    return members.length > 0 ? `{ ${members.join('; ')} }` : '{}';
  }

  private member(property: S, depth: number): string {
    const { checker } = this.types;
    const type = checker.typeOf(property);
    if (!type) throw new Unprintable(`\`${property.name}\` has no type`);
    if (property.name.startsWith('__@')) throw new Unprintable('it has a symbol as a key');
    const key = /^[A-Za-z_$][\w$]*$/.test(property.name) ? property.name : JSON.stringify(property.name);
    return `${key}${checker.isOptional(property) ? '?' : ''}: ${this.print(type, depth + 1)}`;
  }
}
