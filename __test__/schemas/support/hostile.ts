import { backend, type Json } from 'kontract';

export interface Node {
  name: string;
  next?: Node;
  all: Node[];
}
export interface Numbers {
  a: number;
  b: number;
  c: number;
  d: number;
  e: number;
  f: number;
  g: number;
  h: number;
}
export type Tree = string | { left: Tree; right: Tree };
export const text = backend({}, async (): Promise<string> => '');
export const texts = backend({}, async (): Promise<string[]> => []);
export const flags = backend({}, async (): Promise<boolean[]> => []);
export const bytes = backend({}, async (): Promise<Uint8Array> => new Uint8Array());
export const node = backend({}, async (): Promise<Node> => ({ name: '', all: [] }));
export const numbers = backend({}, async (): Promise<Numbers[]> => []);
export const tree = backend({}, async (): Promise<Tree> => '');
export const json = backend({}, async (): Promise<Json> => null);
export const record = backend({}, async (): Promise<Record<string, string>> => ({}));
export const dates = backend({}, async (): Promise<Date[]> => []);
