/** For tests: rules as lines of a configuration, compiled as a proxy process compiles them, and run over one message. */
import type { Proxy } from "../src/config/haproxy/model.ts";
import { newRecord } from "../src/logs/record.ts";
import { configChecks } from "../src/proxy/checks.ts";
import { composeHead } from "../src/proxy/http1/compose.ts";
import type { Head } from "../src/proxy/http1/head.ts";
import { compileHttpRules, compileRedirects, type HttpRules, type RuleSite } from "../src/proxy/rules/compile.ts";
import { createErrorPages, type ErrorReply } from "../src/proxy/rules/error_pages.ts";
import { compileAcls } from "../src/proxy/samples/conditions.ts";
import type { SampleContext } from "../src/proxy/samples/context.ts";
import { accepted, loadText, TIMEOUTS } from "./config_fixture.ts";
import { contextOf, type Session, settingOf } from "./samples_context.ts";

/** A frontend of mode http that says this. */
export function frontendOf(lines: readonly string[]): Proxy {
  const text = `frontend f\n  mode http\n  bind :1\n${TIMEOUTS}${lines.map((line) => `  ${line}\n`).join("")}`;
  return accepted(loadText(text, { checks: configChecks })).proxies[0]!;
}

export function siteOf(proxy: Proxy, change: Partial<RuleSite> = {}): RuleSite {
  const record = newRecord();
  Object.assign(record, { frontendName: "f", backendName: "b", clientHost: "192.0.2.1", clientPort: 40_000 });
  const setting = settingOf("log");
  const pages = createErrorPages(proxy.errorPages);
  return {
    proxy: proxy.kind,
    mode: proxy.mode,
    setting,
    acls: compileAcls(proxy.acls, setting).acls,
    fillRecord: () => record,
    format: { hostname: "lb1", pid: 77, lineCount: () => 5 },
    errorPage: (_context, status) => pages(status),
    bufsize: 16_384,
    ...change,
  };
}

export interface Ran {
  /** The head as it goes on; "" when the message was answered. */
  head: string;
  /** What was answered instead. */
  answer: { text: string; status: number; termination: string; closes: boolean } | null;
  context: SampleContext;
}

/** The request, and with `response` that answer, through all rules of the lines that are for it. */
export function run(lines: readonly string[], session: Session, close = false): Ran {
  const proxy = frontendOf(lines);
  const site = siteOf(proxy);
  const model = { proxies: [proxy] };
  const context = contextOf({ ...session, process: { ...session.process, model: model as never } });
  const answering = session.response !== undefined;
  const lists: (HttpRules | null)[] = answering
    ? [compileHttpRules(proxy.httpResponseRules, "response", site)]
    : [compileHttpRules(proxy.httpRequestRules, "request", site), compileRedirects(proxy.redirects, site)];
  const head = (answering ? context.response : context.request)!;
  for (const list of lists) {
    const reply = list?.run(context, head) ?? null;
    if (reply !== null) return { head: "", answer: answerOf(reply, context, close), context };
  }
  return { head: textOf(head, !answering), answer: null, context };
}

function textOf(head: Head, request: boolean): string {
  const out = Buffer.alloc(65_536);
  const end = composeHead(head, request, out, 0);
  if (end < 0) throw new Error("It does not fit");
  return out.toString("latin1", 0, end);
}

function answerOf(reply: ErrorReply, context: SampleContext, close: boolean): NonNullable<Ran["answer"]> {
  const out = Buffer.alloc(reply.size + 1);
  const end = reply.write(context, context.request, out, 1, close);
  if (end > out.length) throw new Error(`It wrote ${end} bytes, and said it needs ${reply.size}`);
  const { status, termination, closes } = reply;
  return { text: out.toString("latin1", 1, end), status, termination, closes };
}

/** A message from its lines. */
export const lines = (...all: string[]): string => all.map((line) => `${line}\r\n`).join("") + "\r\n";
