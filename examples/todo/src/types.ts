/** One thing to do. Belongs to the user who wrote it: tables are private to their owner by default. */
export interface Todo {
  @primkey id: string;
  text: string;
  done: boolean;
  tags: string[];
  /** Set when the todo is created, never again. */
  @perm(perms.R__) createdAt: Date;
  due?: Date;
  checklist?: Step[];
}

/** A step of a todo's checklist: lives inside it, not in a table of its own. */
export interface Step {
  title: string;
  minutes: number;
}

/** What everyone sees of what everyone does: one row a day. */
@table("activity", tenancy="shared")
export interface DayCount {
  @primkey day: string;
  added: bigint;
}

export interface TodoFilter {
  done?: boolean;
}
