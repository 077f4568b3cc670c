/**
 * A haproxy that answers every request with the values of given expressions and ACLs, and the same values from us: for
 * requests, and for the answers of a server that says what it is told.
 */
import type { Acl } from "../src/config/haproxy/model.ts";
import { compileAcl, splitAclWords } from "../src/proxy/samples/acl.ts";
import type { SampleContext } from "../src/proxy/samples/context.ts";
import { compileExpression } from "../src/proxy/samples/expression.ts";
import type { Scope } from "../src/proxy/samples/types.ts";
import { freePort } from "./harness/ports.ts";
import { HAPROXY, start } from "./harness/processes.ts";
import { settingOf } from "./samples_context.ts";
import { FILES, quoted, refusal, REFUSED, refused, splitWords, withFiles, writeFiles } from "./samples_lab.ts";

/** Values by case: of an expression its bytes in hex, "none" without a value; of an ACL "match" or "no match". */
export type Values = Map<string, string>;

export interface Cases {
  expressions: readonly string[];
  acls: readonly string[];
}

export const aclName = (line: string): string => `acl: ${line}`;

/** A compiled case: what it says of a session. */
type Ask = (context: SampleContext) => string;

export function compileCases({ expressions, acls }: Cases, scope: Scope): Map<string, Ask | string> {
  const setting = settingOf(scope, 2, FILES);
  const asks = new Map<string, Ask | string>();
  for (const text of expressions) {
    const compiled = compileExpression(text, "any", setting);
    const inHex = compileExpression(`${text},hex`, "str", setting);
    if (!compiled.ok) asks.set(text, refusal(compiled.message));
    else if (!inHex.ok) asks.set(text, refusal(inHex.message));
    else asks.set(text, (context) => inHex.evaluate(context) as string | undefined ?? "none");
  }
  for (const line of acls) {
    const [criterion = "", ...words] = splitWords(line);
    const one: Acl = { name: "a", criterion, ...splitAclWords(words), place: { file: "", line: 0, column: 0 } };
    const compiled = compileAcl(one, setting);
    if (!compiled.ok) asks.set(aclName(line), refusal(compiled.message));
    else asks.set(aclName(line), (context) => compiled.test(context) ? "match" : "no match");
  }
  return asks;
}

export const evaluate = (asks: ReadonlyMap<string, Ask | string>, context: SampleContext): Values =>
  new Map([...asks].map(([name, ask]) => [name, typeof ask === "string" ? ask : ask(context)]));

const wordOf = (text: string): string => text.includes(" ") ? quoted(text) : text;

export interface Lab extends AsyncDisposable {
  /** What haproxy does not take. */
  refused: ReadonlySet<string>;
  /** Sends requests over one connection each; null: it answered something else, or nothing. */
  ask(message: string): Promise<Values | null>;
}

const HEAD = `global
  tune.bufsize 200000
  tune.maxrewrite 100000
  tune.vars.txn-max-size 1000000
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
`;

/** @param server port of a server whose answers are looked at, instead of the requests; null: none */
export async function openLab(directory: string, cases: Cases, server: number | null): Promise<Lab> {
  const rules = server === null ? "http-request" : "http-response";
  writeFiles(directory);
  const section = `${HEAD}listen f
  capture request header cap len 20
  capture response header cap len 20
`;
  const badExpressions = await refused(
    directory,
    `${section}  bind 127.0.0.1:1\n`,
    cases.expressions,
    (text) => `  ${rules} set-header x ${quoted(`%[${text},hex]`)}`,
  );
  const badAcls = await refused(
    directory,
    `${section}  bind 127.0.0.1:1\n`,
    cases.acls,
    (line, i) => `  acl a${i} ${withFiles(line, directory)}`,
  );
  const expressions = cases.expressions.filter((text) => !badExpressions.has(text));
  const acls = cases.acls.filter((line) => !badAcls.has(line));
  const port = freePort();
  const conditions = [
    ...expressions.map((_, i) => `  acl e${i} var(txn.v${i}) -m found`),
    ...acls.map((line, i) => `  acl a${i} ${withFiles(line, directory)}`),
    // An answer of its own no longer sees the server's.
    ...expressions.map((text, i) => `  ${rules} set-var(txn.v${i}) ${wordOf(`${text},hex`)}`),
    ...expressions.map((_, i) => `  ${rules} set-var(txn.e${i}) int(1) if e${i}`),
    ...acls.map((_, i) => `  ${rules} set-var(txn.a${i}) int(1) if a${i}`),
  ];
  const format = [
    ...expressions.map((_, i) => `%[var(txn.e${i})]:%[var(txn.v${i})]`),
    ...acls.map((_, i) => `%[var(txn.a${i})]`),
  ].map((field) => `<${field}>`).join("");
  const config = `${section}  bind 127.0.0.1:${port}
${conditions.join("\n")}
  ${rules} return status 200 content-type text/plain lf-string ${quoted(format)}
${server === null ? "" : `  server s 127.0.0.1:${server}\n`}`;
  const running = await start(config, { program: HAPROXY!, ready: [port], directory });
  const names = [...expressions, ...acls.map(aclName)];
  return {
    refused: new Set([...badExpressions, ...[...badAcls].map(aclName)]),
    async ask(message) {
      const body = await exchange(port, message);
      if (body === null) return null;
      const fields = [...body.matchAll(/<([^>]*)>/g)].map((match) => match[1]!);
      const values: Values = new Map();
      names.forEach((name, i) => values.set(name, meaning(fields[i] ?? "missing", i < expressions.length)));
      for (const text of badExpressions) values.set(text, REFUSED);
      for (const line of badAcls) values.set(aclName(line), REFUSED);
      return values;
    },
    [Symbol.asyncDispose]: async () => {
      await running.stop();
    },
  };
}

function meaning(field: string, isExpression: boolean): string {
  if (!isExpression) return field === "1" ? "match" : "no match";
  const [found, hex = ""] = field.split(":");
  return found === "1" || hex !== "" ? hex : "none";
}

/** The body of the 200 that answers a message on a connection of its own; null: something else came. */
function exchange(port: number, message: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    let got = "";
    const done = (socket: { end(): void }) => {
      const [head = "", body = ""] = got.split("\r\n\r\n", 2);
      const length = Number(/content-length: (\d+)/.exec(head)?.[1] ?? NaN);
      if (body.length < length) return;
      resolve(head.startsWith("HTTP/1.1 200") && body.length === length ? body : null);
      socket.end();
    };
    Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        open: (socket) => void socket.write(Buffer.from(message, "latin1")),
        data(socket, data) {
          got += data.toString("latin1");
          if (got.includes("\r\n\r\n")) done(socket);
        },
        close: () => resolve(null),
        error: (_socket, error) => reject(error),
        connectError: (_socket, error) => reject(error),
      },
    });
  });
}

export interface Answering {
  port: number;
  /** The request, changed so that it will get this answer. */
  for(request: string, response: string): string;
  stop(): void;
}

/** A server whose answer is the one that the request's field "n" names. */
export function answering(): Answering {
  const responses: string[] = [];
  const listener = Bun.listen<{ got: string }>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open: (socket) => void (socket.data = { got: "" }),
      data(socket, data) {
        socket.data.got += data.toString("latin1");
        if (!socket.data.got.includes("\r\n\r\n")) return;
        const n = Number(/^n: (\d+)\r$/m.exec(socket.data.got)?.[1] ?? NaN);
        socket.write(Buffer.from(responses[n] ?? "", "latin1"));
        socket.end();
      },
    },
  });
  return {
    port: listener.port,
    for(request, response) {
      responses.push(response);
      return request.replace(/\r\n\r\n$/, `\r\nn: ${responses.length - 1}\r\n\r\n`);
    },
    stop: () => listener.stop(true),
  };
}
