/**
 * One connection of the stats socket: lines in, answers out, and nothing of the socket but what Wire names.
 *
 * An answer is taken from its command piece by piece, the next one when the last has left, so that a slow reader costs
 * one piece. Between pieces the board moves on: a long dump is no snapshot, as with haproxy.
 */
import type { Answer, Session } from "./command.ts";
import { execute } from "./commands.ts";
import type { RuntimeContext } from "./context.ts";
import { type Line, splitLine } from "./split.ts";
import { TRANSFER_ACK_BYTES } from "../linux/passing.ts";

/** What a connection asks of its socket. */
export interface Wire {
  fd: number;
  /** Bytes taken; fewer than given: `writable` will be called; negative: gone. */
  write(bytes: Uint8Array): number;
  /** Stop and go on with reading. */
  pause(): void;
  resume(): void;
  /** Says goodbye: nothing more is written. */
  finish(): void;
  /** The time without a byte after which the connection is to be ended. */
  restartTimer(timeoutMs: number): void;
}

export interface Connection {
  received(text: string): void;
  receivedEnd(): void;
  writable(): void;
}

/** tune.cli.max-payload-size: what haproxy takes by default. */
const MAX_PAYLOAD = 131_072;

export function openConnection(wire: Wire, session: Session, context: RuntimeContext): Connection {
  const maxLine = context.model.global.tune.bufsize;
  let input = "";
  let inputEnded = false;
  let paused = false;
  /** A line whose payload is being read. */
  let open: { line: Line; text: string } | null = null;
  let queue: string[][] = [];
  let payload: string | null = null;
  let lineTaken = false;
  let answer: Iterator<string> | null = null;
  let awaiting = false;
  let unsent: Uint8Array | null = null;
  let finished = false;
  let acknowledged = 0;

  function finish(): void {
    if (finished) return;
    finished = true;
    input = "";
    answer = null;
    unsent = null;
    wire.finish();
  }

  /** Writes what is left; false while the socket takes no more. */
  function flush(): boolean {
    if (unsent === null) return true;
    const taken = wire.write(unsent);
    if (taken < 0) {
      finish();
      return false;
    }
    unsent = taken < unsent.length ? unsent.subarray(taken) : null;
    return unsent === null;
  }

  const say = (text: string): void => void (unsent = Buffer.from(text, "latin1"));

  function promptText(): string {
    if (session.mode !== "prompt") return "\n";
    if (!session.timed) return "\n> ";
    const up = Math.floor((context.now() - context.startedAtMs) / 1000);
    const [h, m, s] = [Math.floor(up / 3600) % 24, Math.floor(up / 60) % 60, up % 60].map((n) =>
      String(n).padStart(2, "0")
    );
    return `\n[${Math.floor(up / 86_400)}:${h}:${m}:${s}]> `;
  }

  function runNext(): void {
    const words = queue.shift()!;
    let result: Answer;
    try {
      result = execute(words, { session, context, payload: queue.length === 0 ? payload : null });
    } catch (error) {
      result = failureText(error);
    }
    wire.restartTimer(session.timeoutMs);
    if (session.quit) return finish();
    if (session.transfer !== null) {
      queue = [];
      return continueTransfer();
    }
    if (result instanceof Promise) return void awaitAnswer(result);
    answer = (typeof result === "string" ? [result] : result)[Symbol.iterator]();
  }

  /** The proxy processes are asked: the next command waits, and the time limit with it. */
  async function awaitAnswer(result: Promise<string>): Promise<void> {
    awaiting = true;
    const text = await result.catch(failureText);
    awaiting = false;
    if (finished) return;
    answer = [text][Symbol.iterator]();
    wire.restartTimer(session.timeoutMs);
    pump();
  }

  function continueAnswer(): void {
    let next: IteratorResult<string>;
    try {
      next = answer!.next();
    } catch (error) {
      answer = [failureText(error)][Symbol.iterator]();
      return;
    }
    if (next.done) {
      answer = null;
      say(promptText());
    } else if (next.value !== "") say(next.value);
  }

  function continueTransfer(): void {
    try {
      if (session.transfer!.step(wire.fd)) return;
    } catch {
      // The asking process is gone or takes nothing: it goes without the listeners.
    }
    finish();
  }

  /** Takes one line from the input; false when there is none yet. */
  function takeLine(): boolean {
    const end = input.indexOf("\n");
    const limit = open === null ? maxLine : MAX_PAYLOAD - open.text.length;
    if ((end < 0 ? input.length : end) >= limit) {
      finish(); // longer than anything that is meant
      return false;
    }
    if (end < 0) return false;
    const text = input.slice(0, input[end - 1] === "\r" ? end - 1 : end);
    input = input.slice(end + 1);
    if (open === null) {
      const line = splitLine(text);
      if (line.payloadEnd === null) return takeCommands(line, null);
      open = { line, text: "" };
    } else if (text === open.line.payloadEnd) {
      const { line, text } = open;
      open = null;
      return takeCommands(line, text);
    } else open.text += text + "\n";
    if (session.mode === "prompt") say("+ ");
    return true;
  }

  function takeCommands(line: Line, text: string | null): true {
    queue = line.commands;
    payload = text;
    lineTaken = true;
    return true;
  }

  function pump(): void {
    while (!finished && flush()) {
      if (awaiting) return;
      if (answer !== null) continueAnswer();
      else if (session.transfer !== null) return;
      else if (queue.length > 0) runNext();
      else if (lineTaken && session.mode === "once") finish();
      else if (!takeLine()) {
        if (inputEnded) finish();
        break;
      }
    }
    if (paused && !finished && input.length < maxLine) {
      paused = false;
      wire.resume();
    }
  }

  return {
    received(text) {
      if (finished) return;
      wire.restartTimer(session.timeoutMs);
      if (session.transfer !== null) {
        acknowledged += text.length;
        if (acknowledged < TRANSFER_ACK_BYTES) return;
        acknowledged -= TRANSFER_ACK_BYTES;
        return continueTransfer();
      }
      input += text;
      if (!paused && input.length > MAX_PAYLOAD) {
        paused = true;
        wire.pause();
      }
      pump();
    },
    receivedEnd() {
      inputEnded = true;
      if (session.transfer !== null) finish();
      else pump();
    },
    writable() {
      if (finished) return;
      wire.restartTimer(session.timeoutMs);
      pump();
    },
  };
}

const failureText = (error: unknown): string => `Cannot answer: ${error instanceof Error ? error.message : error}\n`;
