/** One socket of the event loop (loop.ts) as its owner sees it: its state, and what the owner does when something happens. */

/** What a socket's owner does. `bytes` is the loop's buffer: good until the handler returns. */
export interface Handlers<T> {
  connected(leg: Leg<T>): void;
  data(leg: Leg<T>, bytes: Buffer, length: number): void;
  /** In place of data, for a leg that is `raw`: the owner reads by itself until there is no more. */
  readable(leg: Leg<T>): void;
  /** Room again after a write that took less than it was given. */
  drain(leg: Leg<T>): void;
  /** The peer has sent its end; writing goes on. */
  end(leg: Leg<T>): void;
  /** Reset, or the connection attempt failed: the socket is closed already. */
  broken(leg: Leg<T>, errno: number): void;
}

/** One socket in the loop. It is reused: fd is -1 while it has none. */
export interface Leg<T> {
  /** Another one's when a kept connection serves somebody else. */
  owner: T;
  fd: number;
  /** A number of its own for each socket, so that an event of an earlier one with the same descriptor is known. */
  turn: number;
  handlers: Handlers<T>;
  connecting: boolean;
  /** A write took less than it was given. */
  blocked: boolean;
  writeEvents: boolean;
  paused: boolean;
  raw: boolean;
  ended: boolean;
  /** Events that came while it was paused, or before all was read. */
  waiting: number;
}

export const newLeg = <T>(owner: T, handlers: Handlers<T>): Leg<T> => ({
  owner,
  fd: -1,
  turn: 0,
  handlers,
  connecting: false,
  blocked: false,
  writeEvents: false,
  paused: false,
  raw: false,
  ended: false,
  waiting: 0,
});
