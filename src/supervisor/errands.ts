/**
 * Questions to several roles at once: begun, answered one by one, ended when the last has answered, has gone, or takes too long.
 */
export interface Errands<Role> {
  /** `ask` tells one role the question under a number, and whether it could; `done` gets the answers that came. */
  begin(roles: readonly Role[], ask: (role: Role, id: number) => boolean, done: (answers: string[]) => void): void;
  answered(role: Role, id: number, answer: string): void;
  /** It answers nothing any more. */
  gone(role: Role): void;
}

interface Errand<Role> {
  missing: Set<Role>;
  answers: string[];
  done(answers: string[]): void;
  timer: ReturnType<typeof setTimeout>;
}

export function createErrands<Role>(withinMs: number): Errands<Role> {
  const open = new Map<number, Errand<Role>>();
  let last = 0;

  function end(id: number): void {
    const errand = open.get(id);
    if (errand === undefined) return;
    open.delete(id);
    clearTimeout(errand.timer);
    errand.done(errand.answers);
  }

  function settle(id: number, role: Role): void {
    const errand = open.get(id);
    if (errand === undefined) return;
    errand.missing.delete(role);
    if (errand.missing.size === 0) end(id);
  }

  return {
    begin(roles, ask, done) {
      const id = ++last;
      const timer = setTimeout(() => end(id), withinMs);
      open.set(id, { missing: new Set(roles), answers: [], done, timer });
      for (const role of roles) if (!ask(role, id)) settle(id, role);
      if (roles.length === 0) end(id);
    },
    answered(role, id, answer) {
      open.get(id)?.answers.push(answer);
      settle(id, role);
    },
    gone(role) {
      for (const id of [...open.keys()]) settle(id, role);
    },
  };
}
