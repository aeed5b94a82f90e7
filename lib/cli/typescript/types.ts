/** What Kontract asks of a TypeScript, whichever it is. */

export interface Found {
  /** Absolute; undefined for what concerns no file. */
  file: string | undefined;
  /** UTF-16 units. */
  start: number;
  end: number;
  /** `2345` of TS2345. */
  code: number;
  severity: 'error' | 'warning';
  message: string;
}

/** A return type as text the compiler reads, or why there is none. */
export type ReturnType =
  | {
      text: string;
      /** The project's types it names, and their files: absolute. */
      names: Record<string, string>;
    }
  | { because: string };

export interface Checker {
  /** Of the whole project, in no particular order. */
  diagnostics(): Found[];
  /** What the function whose name stands at `offset` resolves to. */
  returnType(file: string, offset: number): ReturnType;
  close(): void;
}
