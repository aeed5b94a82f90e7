import { backend, type int32 } from 'kontract';

export interface User {
  id: string;
  name: string;
  email: string;
  age: int32;
  tags: string[];
}

export const list = backend({}, async (): Promise<User[]> => []);
export interface Id {
  id: string;
}

export const byId = backend({}, async (id: Id): Promise<Id> => id);
