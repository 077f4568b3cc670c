/**
 * One check on its connection, without waiting: connects, sends and reads as its talk says, and tells what it came to. Each
 * server has one of these, used again for every check.
 */
import { startConnect } from "../linux/connect.ts";
import { type Handlers, type Leg, newLeg } from "../linux/leg.ts";
import type { Loop } from "../linux/loop.ts";
import { errorText } from "./error_texts.ts";
import type { Checked } from "./plan.ts";
import { type Outcome, outcome } from "./outcome.ts";
import type { Move, Talk } from "./talk.ts";

export interface Attempt {
  leg: Leg<Attempt>;
  checked: Checked;
  /** null: none is under way. */
  talk: Talk | null;
  connecting: boolean;
  text: string;
  /** What is left to send. */
  unsent: Uint8Array;
}

export interface Attempts {
  make(checked: Checked): Attempt;
  start(attempt: Attempt): void;
  /** Its time is over: tells so. */
  expire(attempt: Attempt): void;
  /** Ends it without a word. */
  abandon(attempt: Attempt): void;
}

export interface AttemptEvents {
  /** The connection is there, and an answer is waited for. */
  connected(attempt: Attempt): void;
  done(attempt: Attempt, result: Outcome): void;
}

const NOTHING = new Uint8Array(0);

/** @param mostBytes more of an answer is not looked at (tune.bufsize) */
export function createAttempts(loop: Loop, mostBytes: number, events: AttemptEvents): Attempts {
  function end(attempt: Attempt, result: Outcome): void {
    abandon(attempt);
    events.done(attempt, result);
  }

  function abandon(attempt: Attempt): void {
    attempt.talk = null;
    attempt.text = "";
    attempt.unsent = NOTHING;
    if (attempt.checked.resets) loop.reset(attempt.leg);
    else loop.close(attempt.leg);
  }

  function failed(attempt: Attempt, errno: number): void {
    const { talk, connecting } = attempt;
    if (talk === null) return;
    const result = connecting ? "connectFailed" : "socketError";
    end(attempt, outcome(result, errorText(errno) + talk.where(connecting)));
  }

  function flush(attempt: Attempt): void {
    const { unsent } = attempt;
    if (unsent.length === 0) return;
    const taken = loop.write(attempt.leg, unsent, 0, unsent.length);
    if (taken > 0) attempt.unsent = unsent.subarray(taken);
  }

  function act(attempt: Attempt, move: Move): void {
    for (let next = move; next !== "wait";) {
      if ("result" in next) return end(attempt, next);
      attempt.unsent = attempt.unsent.length === 0 ? next.send : Buffer.concat([attempt.unsent, next.send]);
      attempt.text = "";
      flush(attempt);
      // What follows may need no answer at all.
      next = attempt.talk!.received("", attempt.leg.ended);
    }
  }

  const handlers: Handlers<Attempt> = {
    connected({ owner: attempt }) {
      attempt.connecting = false;
      events.connected(attempt);
      act(attempt, attempt.talk!.connected());
    },
    data({ owner: attempt }, bytes, length) {
      const room = mostBytes - attempt.text.length;
      attempt.text += bytes.toString("latin1", 0, Math.min(length, room));
      act(attempt, attempt.talk!.received(attempt.text, attempt.text.length >= mostBytes));
    },
    readable() {},
    drain: ({ owner }) => flush(owner),
    end({ owner: attempt }) {
      act(attempt, attempt.talk!.received(attempt.text, true));
      // It sends no more, and this was not enough.
      if (attempt.talk !== null) end(attempt, outcome("invalid"));
    },
    broken: ({ owner }, errno) => failed(owner, errno),
  };

  return {
    make(checked) {
      const leg = newLeg<Attempt>(null as never, handlers);
      const attempt: Attempt = { leg, checked, talk: null, connecting: false, text: "", unsent: NOTHING };
      leg.owner = attempt;
      return attempt;
    },
    start(attempt) {
      attempt.talk = attempt.checked.script();
      attempt.connecting = true;
      const fd = startConnect(attempt.checked.plan);
      if (fd < 0) failed(attempt, -fd);
      else loop.attach(attempt.leg, fd, true);
    },
    expire(attempt) {
      const { talk, connecting } = attempt;
      if (talk !== null) end(attempt, outcome(connecting ? "connectTimeout" : "timeout", talk.where(connecting)));
    },
    abandon,
  };
}
