/** The row both peers have in a table of columns. */
export interface User {
  @primkey id: string;
  name: string;
  email: string;
  age: number;
  tags: string[];
}

@backend
export async function echo(user: User): Promise<User> {
  return user;
}

@backend(perm=perms.R__)
export async function readUser(id: string): Promise<User | null> {
  return await env.storage.users.get(id);
}

/** Fills the table before anything is measured. */
@backend(perm=perms.RW_)
export async function addUsers(users: User[]): Promise<number> {
  for (const user of users) await env.storage.users.push(user);
  return users.length;
}
