/** TypeScript 7 and later: a process of its own, which asks us for the files we rewrite. */
import { dirname, join } from 'node:path';
import type * as TS from 'typescript/unstable/sync';
import { printReturnType, type Types } from './print.js';
import { DEFAULTS, OVERRIDES, type Sources } from './sources.js';
import type { Checker, Found } from './types.js';

type Api = typeof TS;

/** A configuration that exists for TypeScript only: the user's, with the generated types added. */
const CONFIG = '.kontract.tsconfig.json';

export function openIpc(ts: Api, sources: Sources): Checker {
  const configs = new Map<string, string>();
  const api = new ts.API({
    cwd: sources.root,
    fs: {
      readFile: (file) => configs.get(file) ?? sources.read(file),
      fileExists: (file) => (configs.has(file) ? true : undefined),
    },
  });
  try {
    const originals = sources.configs.length > 0 ? sources.configs : [undefined];
    for (const config of originals) {
      const place = join(config === undefined ? sources.root : dirname(config), CONFIG);
      // Two configurations in one folder (tsconfig.app.json, tsconfig.node.json) are two files here too.
      const name = configs.has(place) ? place.replace(/json$/, `${configs.size}.json`) : place;
      configs.set(name, JSON.stringify(configuration(api, config, sources.extra)));
    }
    const snapshot = api.updateSnapshot({ openProjects: [...configs.keys()] });
    const projects = [...configs.keys()].flatMap((config) => snapshot.getProject(config) ?? []);
    return {
      diagnostics: () => projects.flatMap((project) => diagnose(ts, project.program)),
      returnType(file, offset) {
        for (const { checker, program } of projects) {
          if (!program.getSourceFileNames().includes(file)) continue;
          const type = checker.getTypeAtPosition(file, offset);
          if (type) return printReturnType(typesOf(ts, checker, sources), type);
        }
        return { because: 'its file is in no tsconfig' };
      },
      close: () => api.close(),
    };
  } catch (error) {
    api.close();
    throw error;
  }
}

function configuration(api: TS.API, config: string | undefined, extra: string[]): object {
  if (config === undefined) return { compilerOptions: { ...DEFAULTS, ...OVERRIDES }, files: extra };
  const { fileNames } = api.parseConfigFile(config);
  return {
    extends: config,
    compilerOptions: OVERRIDES,
    files: [...fileNames, ...extra],
    include: [],
    references: [],
  };
}

function diagnose(ts: Api, program: TS.Program): Found[] {
  const all = [
    ...program.getConfigFileParsingDiagnostics(),
    ...program.getProgramDiagnostics(),
    ...program.getGlobalDiagnostics(),
    ...program.getSyntacticDiagnostics(),
    ...program.getSemanticDiagnostics(),
  ];
  return all.map((one) => ({
    file: one.fileName,
    start: one.pos,
    end: one.end,
    code: one.code,
    severity: one.category === ts.DiagnosticCategory.Error ? 'error' : 'warning',
    message: messageOf(one, 0),
  }));
}

/** As `tsc` shows a chain: each reason indented below what it explains. */
function messageOf(one: TS.Diagnostic, depth: number): string {
  const own = `${'  '.repeat(depth)}${one.text}`;
  return [own, ...(one.messageChain ?? []).map((inner) => messageOf(inner, depth + 1))].join('\n');
}

function typesOf(ts: Api, checker: TS.Checker, sources: Sources): Types<TS.Type, TS.Symbol> {
  return {
    flags: ts.TypeFlags,
    sourceOf: sources.sourceOf,
    checker: {
      signatures: (type) =>
        checker
          .getSignaturesOfType(type, ts.SignatureKind.Call)
          .flatMap((one) => checker.getReturnTypeOfSignature(one) ?? []),
      properties: (type) => checker.getPropertiesOfType(type),
      typeOf: (symbol) => checker.getTypeOfSymbol(symbol),
      isOptional: (symbol) => (symbol.flags & ts.SymbolFlags.Optional) !== 0,
      index: (type) => checker.getIndexInfosOfType(type).map((info) => ({ key: info.keyType, value: info.valueType })),
      isArray: (type) => checker.isArrayType(type),
      isTuple: (type) => checker.isTupleType(type),
      arguments: (type) =>
        type.isObjectType() && type.objectFlags & ts.ObjectFlags.Reference
          ? checker.getTypeArguments(type as TS.TypeReference)
          : [],
      parts: (type) => (type as TS.UnionType).getTypes() ?? [],
      value: (type) => (type as TS.LiteralType).value as string | number,
      symbol: (type) => type.getAliasSymbol() ?? type.getSymbol(),
      isGeneric: (type) => (type.getAliasTypeArguments()?.length ?? 0) > 0,
      enumOf: (type) => checker.getBaseTypeOfLiteralType(type)?.getSymbol(),
      // A path here may be in lower case, where the file system does not care.
      declaredIn: (symbol) => {
        const path = symbol.declarations[0]?.path;
        return path?.toLowerCase().startsWith(sources.root.toLowerCase())
          ? sources.root + path.slice(sources.root.length)
          : path;
      },
      parent: (symbol) => symbol.getParent(),
      text: (type) => checker.typeToString(type),
    },
  };
}
