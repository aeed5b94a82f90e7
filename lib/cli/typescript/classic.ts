/** TypeScript 5.x and 6, which have a compiler API in this process. */
import { dirname } from 'node:path';
import type TS from 'typescript-5.9';
import { printReturnType, type Types } from './print.js';
import { DEFAULTS, OVERRIDES, type Sources } from './sources.js';
import type { Checker, Found } from './types.js';

export function openClassic(ts: typeof TS, sources: Sources): Checker {
  const programs = (sources.configs.length > 0 ? sources.configs : [undefined]).map((config) =>
    createProgram(ts, sources, config),
  );
  return {
    diagnostics: () => programs.flatMap(({ program, problems }) => [...problems, ...diagnose(ts, program)]),
    returnType(file, offset) {
      for (const { program } of programs) {
        const source = program.getSourceFile(file);
        if (!source) continue;
        const node = nodeAt(ts, source, offset);
        const checker = program.getTypeChecker();
        return printReturnType(typesOf(ts, checker, sources), checker.getTypeAtLocation(node));
      }
      return { because: 'its file is in no tsconfig' };
    },
    close() {},
  };
}

interface Opened {
  program: TS.Program;
  problems: Found[];
}

function createProgram(ts: typeof TS, sources: Sources, config: string | undefined): Opened {
  const parsed = config === undefined ? withoutConfig(ts, sources.root) : readConfig(ts, config);
  const options: TS.CompilerOptions = { ...parsed.options, ...OVERRIDES };
  delete options.tsBuildInfoFile;
  const host = ts.createCompilerHost(options);
  const readFile = host.readFile.bind(host);
  host.readFile = (file) => sources.read(file) ?? readFile(file);
  const program = ts.createProgram({ rootNames: [...parsed.fileNames, ...sources.extra], options, host });
  return { program, problems: parsed.errors.map((problem) => found(ts, problem)) };
}

function withoutConfig(ts: typeof TS, root: string): TS.ParsedCommandLine {
  const json = { compilerOptions: DEFAULTS, files: [] };
  // An empty list of files is right here: all of them are given by name.
  const parsed = ts.parseJsonConfigFileContent(json, ts.sys, root);
  return { ...parsed, errors: [] };
}

function readConfig(ts: typeof TS, config: string): TS.ParsedCommandLine {
  const { config: json, error } = ts.readConfigFile(config, (file) => ts.sys.readFile(file)) as {
    config?: object;
    error?: TS.Diagnostic;
  };
  const parsed = ts.parseJsonConfigFileContent(json ?? {}, ts.sys, dirname(config), undefined, config);
  return error ? { ...parsed, errors: [error, ...parsed.errors] } : parsed;
}

function diagnose(ts: typeof TS, program: TS.Program): Found[] {
  const all = [
    ...program.getOptionsDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...program.getSyntacticDiagnostics(),
    ...program.getSemanticDiagnostics(),
  ];
  return all.map((one) => found(ts, one));
}

function found(ts: typeof TS, one: TS.Diagnostic): Found {
  const start = one.start ?? 0;
  return {
    file: one.file?.fileName,
    start,
    end: start + (one.length ?? 0),
    code: one.code,
    severity: one.category === ts.DiagnosticCategory.Error ? 'error' : 'warning',
    message: ts.flattenDiagnosticMessageText(one.messageText, '\n'),
  };
}

/** The innermost node that begins at `offset`. */
function nodeAt(ts: typeof TS, source: TS.SourceFile, offset: number): TS.Node {
  let node: TS.Node = source;
  for (;;) {
    const inner: TS.Node | undefined = ts.forEachChild(node, (child) =>
      child.getStart(source) <= offset && offset < child.end ? child : undefined,
    );
    if (!inner) return node;
    node = inner;
  }
}

function typesOf(ts: typeof TS, checker: TS.TypeChecker, sources: Sources): Types<TS.Type, TS.Symbol> {
  return {
    flags: ts.TypeFlags,
    sourceOf: sources.sourceOf,
    checker: {
      signatures: (type) => checker.getSignaturesOfType(type, ts.SignatureKind.Call).map((one) => one.getReturnType()),
      properties: (type) => checker.getPropertiesOfType(type),
      typeOf: (symbol) => checker.getTypeOfSymbol(symbol),
      isOptional: (symbol) => (symbol.flags & ts.SymbolFlags.Optional) !== 0,
      index: (type) => checker.getIndexInfosOfType(type).map((info) => ({ key: info.keyType, value: info.type })),
      isArray: (type) => checker.isArrayType(type),
      isTuple: (type) => checker.isTupleType(type),
      arguments: (type) =>
        type.flags & ts.TypeFlags.Object && (type as TS.ObjectType).objectFlags & ts.ObjectFlags.Reference
          ? checker.getTypeArguments(type as TS.TypeReference)
          : [],
      parts: (type) => (type as TS.UnionOrIntersectionType).types,
      value: (type) => (type as TS.LiteralType).value as string | number,
      symbol: (type) => type.aliasSymbol ?? type.getSymbol(),
      isGeneric: (type) => (type.aliasTypeArguments?.length ?? 0) > 0,
      enumOf: (type) => checker.getBaseTypeOfLiteralType(type).getSymbol(),
      declaredIn: (symbol) => symbol.declarations?.[0]?.getSourceFile().fileName,
      // Known to every TypeScript, named by none of their types.
      parent: (symbol) => (symbol as TS.Symbol & { parent?: TS.Symbol }).parent,
      text: (type) => checker.typeToString(type),
    },
  };
}
