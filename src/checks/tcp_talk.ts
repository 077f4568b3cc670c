/** Checks of TCP: a connection alone, or the steps of `tcp-check` (configuration.txt, "option tcp-check"). */
import type { TcpCheckMatch, TcpCheckStep } from "../config/haproxy/model.ts";
import { regexOf } from "./http_talk.ts";
import { outcome } from "./outcome.ts";
import { type Move, type Script, send, type Talk, WAIT } from "./talk.ts";

const CONNECTED = outcome("connected");

export function connectScript(): Script {
  const talk: Talk = { connected: () => CONNECTED, received: () => WAIT, where: () => "" };
  return () => talk;
}

type Rest = Exclude<TcpCheckStep, { kind: "connect" }>;

/** What a step is in words. */
interface Step {
  bytes: Uint8Array | null;
  negated: boolean;
  found: (text: string) => boolean;
  /** The least there must be to look at. */
  least: number;
  /** As failures of the connection name it, and those of the match. */
  name: string;
  content: string;
}

export function tcpScript(given: readonly TcpCheckStep[]): Script {
  const explicit = given[0]?.kind === "connect" ? given[0] : null;
  const steps = given.filter((step): step is Rest => step.kind !== "connect").map(stepOf);
  // Without a `tcp-check connect` there is a connection of no number.
  const first = explicit === null ? 1 : 2;
  const connection = explicit === null
    ? " at initial connection step of tcp-check"
    : ` at step 1 of tcp-check (connect${explicit.port === null ? "" : ` port ${explicit.port}`})`;

  return () => {
    let at = 0;

    /** From the step at hand on, with what has come. */
    function go(text: string, ended: boolean): Move {
      for (; at < steps.length; at++) {
        const step = steps[at]!;
        if (step.bytes !== null) {
          at++;
          return send(step.bytes);
        }
        if (text === "") {
          return ended ? outcome("invalid", `TCPCHK got an empty response at step ${at + first}`) : WAIT;
        }
        if (text.length < step.least && !ended) return WAIT;
        const found = step.found(text);
        // What is not there yet may still come.
        if (!found && !ended) return WAIT;
        if (found !== step.negated) continue;
        const what = found ? "TCPCHK matched unwanted content" : "TCPCHK did not match content";
        return outcome("invalid", `${what} ${step.content} at step ${at + first}`);
      }
      if (steps.length === 0) return outcome("connected", explicit === null ? "" : "(tcp-check)");
      return outcome("passed", "(tcp-check)");
    }

    return {
      connected: () => go("", false),
      received: go,
      where(connecting) {
        if (connecting) return connection;
        const number = Math.min(at, steps.length - 1);
        return ` at step ${number + first} of tcp-check (${steps[number]?.name ?? "connect"})`;
      },
    };
  };
}

function stepOf(step: Rest): Step {
  if (step.kind === "send") {
    const bytes = Buffer.from(step.data, "latin1");
    return { bytes, negated: false, found: () => true, least: 0, name: "send", content: "" };
  }
  return { bytes: null, negated: step.negated, ...matchOf(step.match) };
}

function matchOf(match: TcpCheckMatch): Pick<Step, "found" | "least" | "name" | "content"> {
  switch (match.kind) {
    case "string":
      return {
        found: (text) => text.includes(match.text),
        least: match.text.length,
        name: `expect string '${match.text}'`,
        content: `'${match.text}'`,
      };
    case "binary":
      return {
        found: (text) => text.includes(match.text),
        least: match.text.length,
        name: `expect binary '${match.text}'`,
        content: "(binary)",
      };
    case "rstring": {
      const regex = regexOf(match.pattern);
      return { found: (text) => regex.test(text), least: 0, name: "expect regex", content: "(regex)" };
    }
  }
}
