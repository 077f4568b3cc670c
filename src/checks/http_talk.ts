/** The HTTP check of a proxy: its request, and what an answer comes to (configuration.txt, "option httpchk"). */
import { toRegExp } from "../config/regex.ts";
import type { HttpCheck, HttpCheckExpect } from "../config/haproxy/model.ts";
import { type Answer, readAnswer } from "./http_answer.ts";
import { type Outcome, outcome } from "./outcome.ts";
import { type Script, send, type Talk, WAIT } from "./talk.ts";

type Head = Extract<Answer, { kind: "head" }>;
/** null: it holds, and the next one is asked. */
type Test = (answer: Head) => Outcome | "wait" | null;

export function httpScript(http: HttpCheck): Script {
  const request = requestOf(http);
  const tests = http.expects.map(testOf);
  if (tests.length === 0) tests.push(byStatus((status) => status >= 200 && status <= 399));

  function judge(answer: Head): Outcome | "wait" {
    // configuration.txt: it comes before all that is expected.
    if (http.disableOn404 && answer.status === 404) return outcome("conditional", "", 404);
    for (const test of tests) {
      const result = test(answer);
      if (result !== null) return result;
    }
    return outcome("passed", "", answer.status);
  }

  const talk: Talk = {
    connected: () => send(request),
    received(text, ended) {
      const answer = readAnswer(text, ended);
      if (answer.kind === "incomplete") return WAIT;
      const result = answer.kind === "invalid" ? outcome("invalid") : judge(answer);
      return result === "wait" ? WAIT : result;
    },
    where: () => "",
  };
  // It remembers nothing: all checks of the proxy share it.
  return () => talk;
}

/** As haproxy writes it: names in lower case, the length behind the fields, and no word about closing before HTTP/1.1. */
function requestOf({ method, uri: written, version, headers, body }: HttpCheck): Uint8Array {
  // Where both name a host, it is that of the field (configuration.txt, "http-check send").
  const host = headers.find(({ name }) => name === "host");
  const uri = host === undefined ? written : written.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*/i, `$1${host.value}`);
  // One of its own only keeps ours away, as with haproxy.
  const fields = headers.filter(({ name }) => name !== "connection").map(({ name, value }) => `${name}: ${value}\r\n`);
  if (body !== "" || ["POST", "PUT"].includes(method)) fields.push(`content-length: ${body.length}\r\n`);
  if (version === "HTTP/1.1" && headers.every(({ name }) => name !== "connection")) {
    fields.push("connection: close\r\n");
  }
  return Buffer.from(`${method} ${uri} ${version}\r\n${fields.join("")}\r\n${body}`, "latin1");
}

const byStatus = (wanted: (status: number) => boolean): Test => ({ status, reason }) =>
  wanted(status) ? null : outcome("wrongStatus", reason, status);

function testOf({ negated, match }: HttpCheckExpect): Test {
  switch (match.kind) {
    case "status":
      return byStatus((status) => match.ranges.some(([from, to]) => from <= status && status <= to) !== negated);
    case "rstatus": {
      const regex = regexOf(match.pattern);
      return byStatus((status) => regex.test(String(status)) !== negated);
    }
    case "string":
      return byBody((body) => body.includes(match.text), negated);
    case "rstring": {
      const regex = regexOf(match.pattern);
      return byBody((body) => regex.test(body), negated);
    }
  }
}

/** What is not there yet may still come, what is there is there. */
function byBody(found: (body: string) => boolean, negated: boolean): Test {
  return ({ body, bodyEnded }) => {
    if (body === "") {
      return bodyEnded ? outcome("invalid", "HTTP content check could not find a response body") : "wait";
    }
    if (found(body)) return negated ? outcome("invalid", "HTTP check matched unwanted content") : null;
    if (!bodyEnded) return "wait";
    return negated ? null : outcome("invalid", "HTTP content check did not match");
  };
}

/** The configuration was refused if it cannot be read. */
export function regexOf(pattern: string): RegExp {
  const regex = toRegExp(pattern, false);
  if (typeof regex === "string") throw new Error(`Cannot use regex "${pattern}": ${regex}`);
  return regex;
}
