/** Keywords of HTTP proxies without a family of their own: connections to servers, what is sent again, monitors, ids. */
import { alert, didYouMean } from "../../diagnostics.ts";
import type { ProxyDraft } from "../draft.ts";
import { type Call, oneOf, type ProxyRow } from "../keywords.ts";
import type { Proxy, RetryOn } from "../model.ts";
import type { Word } from "../words.ts";
import { readCondition } from "./acl.ts";
import { warnMisplaced } from "./order.ts";

const FRONTEND = { side: "frontend", elsewhere: "ignored", defaults: "yes" } as const;
const BACKEND = { side: "backend", elsewhere: "ignored", defaults: "yes" } as const;

export const httpRows: ProxyRow[] = [
  {
    name: "http-reuse",
    args: [1, 1],
    usage: "'never', 'safe', 'aggressive' or 'always'",
    ...BACKEND,
    parse: (args, { target, load, name }) => {
      const reuse = args[0] === undefined ? null : oneOf(args[0], name, REUSE, load);
      if (reuse !== null) target.proxy.httpReuse = reuse;
    },
  },
  {
    name: "retry-on",
    args: [1, Infinity],
    usage: "at least one keyword to specify when to retry",
    ...BACKEND,
    elsewhere: "refused",
    parse: retryOn,
  },
  {
    name: "monitor-uri",
    args: [1, 1],
    usage: "an URI",
    ...FRONTEND,
    parse: (args, { target }) => {
      target.proxy.monitorUri = args[0]?.text ?? null;
      target.places.monitorUri = args[0] ?? null;
    },
  },
  {
    name: "monitor fail",
    args: [0, Infinity],
    ...FRONTEND,
    defaults: "no",
    parse: monitorFail,
  },
  {
    name: "unique-id-header",
    // What stands behind the name is let pass, as haproxy does.
    args: [1, Infinity],
    usage: "an argument",
    side: "any",
    elsewhere: "ignored",
    defaults: "yes",
    parse: (args, { target }) => {
      target.proxy.uniqueIdHeader = args[0]?.text ?? null;
    },
  },
];

const REUSE: Readonly<Record<Proxy["httpReuse"], Proxy["httpReuse"]>> = {
  never: "never",
  safe: "safe",
  aggressive: "aggressive",
  always: "always",
};

const NEVER: Readonly<RetryOn> = {
  connFailure: false,
  emptyResponse: false,
  junkResponse: false,
  responseTimeout: false,
  statuses: [],
};

/** configuration.txt, "retry-on": what each word adds. Without TLS nothing is ever sent as early data. */
const RETRY_EVENTS: Readonly<Record<string, Partial<RetryOn>>> = {
  none: {},
  "conn-failure": { connFailure: true },
  "empty-response": { emptyResponse: true },
  "junk-response": { junkResponse: true },
  "response-timeout": { responseTimeout: true },
  "0rtt-rejected": {},
  "all-retryable-errors": {
    connFailure: true,
    emptyResponse: true,
    junkResponse: true,
    responseTimeout: true,
    statuses: [500, 502, 503, 504],
  },
};
const RETRY_STATUSES: readonly number[] = [401, 403, 404, 408, 425, 500, 501, 502, 503, 504];

/** A line replaces the one before. */
function retryOn(args: Word[], { target, load, name }: Call<ProxyDraft>): void {
  const made: RetryOn = { ...NEVER };
  const statuses = new Set<number>();
  for (const word of args) {
    const status = RETRY_STATUSES.find((one) => String(one) === word.text);
    const event = Object.hasOwn(RETRY_EVENTS, word.text) ? RETRY_EVENTS[word.text] : undefined;
    if (event === undefined && status === undefined) {
      const known = [...Object.keys(RETRY_EVENTS), ...RETRY_STATUSES.map(String)];
      const near = didYouMean(word.text, known) ?? `It knows ${known.join(", ")}`;
      return alert(load.diagnostics, word, `'${name}': unknown keyword '${word.text}'`, near);
    }
    if (word.text === "none" && args.length > 1) {
      return alert(load.diagnostics, word, "'retry-on' 'none' keyword only usable alone");
    }
    Object.assign(made, event);
    for (const one of status === undefined ? event?.statuses ?? [] : [status]) statuses.add(one);
  }
  made.statuses = [...statuses].sort((a, b) => a - b);
  target.proxy.retryOn = made;
}

/** The answer to `monitor-uri` is then an error, for as long as one of the conditions holds. */
function monitorFail(args: Word[], { target, load, line, keyword }: Call<ProxyDraft>): void {
  const first = args[0];
  if (first === undefined || (first.text !== "if" && first.text !== "unless")) {
    return alert(
      load.diagnostics,
      first ?? keyword,
      "'monitor fail' requires either 'if' or 'unless' followed by a condition",
    );
  }
  const condition = readCondition(args, line, target, load, "a 'monitor fail' condition");
  if (condition === null) return;
  warnMisplaced("monitor fail", keyword, target, load);
  target.proxy.monitorFail.push(condition);
}
