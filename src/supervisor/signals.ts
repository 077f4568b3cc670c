/** The signals that steer the supervisor: caught from the first moment on, obeyed when it serves. */

const NAMES = ["SIGTERM", "SIGINT", "SIGUSR1", "SIGUSR2", "SIGHUP", "SIGTTOU", "SIGTTIN"] as const;
export type SignalName = typeof NAMES[number];

export interface Signals {
  /** Tells each signal from now on, and those that came before. */
  obey(handlers: Readonly<Record<SignalName, () => void>>): void;
}

/** Without this a signal during the start would end us and leave half of what was started. */
export function collectSignals(): Signals {
  const early: SignalName[] = [];
  let handle = (name: SignalName): void => void early.push(name);
  for (const name of NAMES) process.on(name, () => handle(name));
  return {
    obey(handlers) {
      handle = (name) => handlers[name]();
      early.splice(0).forEach((name) => handle(name));
    },
  };
}
