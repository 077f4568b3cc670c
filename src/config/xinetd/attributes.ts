/**
 * Every attribute of xinetd.conf(5) as a row: how its values are read, which operators it takes, where it may stand.
 *
 * What has no effect here because nothing is to be done is a row that says so; what would change something is refused.
 */
import { alert, type Diagnostics, didYouMean, quote, warning } from "../diagnostics.ts";
import type { Network } from "../networks.ts";
import type { Attribute } from "./lexer.ts";
import type { FailureDetail, LogTarget, SuccessDetail } from "./model.ts";
import {
  address,
  anyWord,
  assignments,
  choice,
  choices,
  limit,
  logTarget,
  networks,
  octal,
  type Reader,
  twoNumbers,
  wholeNumber,
  words,
} from "./values.ts";

export type Flag = "REUSE" | "NORETRY" | "NAMEINARGS" | "NODELAY" | "KEEPALIVE" | "NOLIBWRAP" | "IPv4" | "IPv6";

/** What a section says; absent: nothing. */
export interface Values {
  id?: string;
  type?: "UNLISTED"[];
  flags?: Flag[];
  disable?: boolean;
  socket_type?: "stream";
  protocol?: "tcp";
  wait?: false;
  user?: string;
  group?: string;
  groups?: false;
  server?: string;
  server_args?: string[];
  env?: [name: string, value: string][];
  passenv?: string[];
  port?: number;
  bind?: { family: 4 | 6; host: string };
  v6only?: boolean;
  only_from?: Network[];
  no_access?: Network[];
  instances?: number | "unlimited";
  per_source?: number | "unlimited";
  cps?: { perSecond: number; waitSeconds: number };
  nice?: number;
  umask?: number;
  log_type?: LogTarget;
  log_on_success?: (SuccessDetail | "USERID")[];
  log_on_failure?: (FailureDetail | "USERID")[];
  enabled?: string[];
  disabled?: string[];
}

type Where = "service" | "defaults" | "both";

interface Row<K extends keyof Values> {
  where: Where;
  /** Takes all operators and may be repeated. */
  set: boolean;
  read: Reader<NonNullable<Values[K]>>;
}

const one = <K extends keyof Values>(where: Where, read: Row<K>["read"]): Row<K> => ({ where, set: false, read });
const many = <K extends keyof Values>(where: Where, read: Row<K>["read"]): Row<K> => ({ where, set: true, read });

/** A table of words that mean themselves, and of those refused. */
function names<T extends string>(known: readonly T[], refused: Readonly<Record<string, string>> = {}) {
  return { ...refused, ...Object.fromEntries(known.map((name) => [name, { value: name }])) } as Readonly<
    Record<string, { value: T } | string>
  >;
}

const YES_NO = { yes: { value: true }, no: { value: false } };
const soon = (what: string): string => `${what} not supported yet`;
const TYPES = names(["UNLISTED"], {
  RPC: soon("RPC services are"),
  INTERNAL: soon("Internal services are"),
  TCPMUX: soon("TCPMUX services are"),
  TCPMUXPLUS: soon("TCPMUX services are"),
});
const FLAGS = names<Flag>(
  ["REUSE", "NORETRY", "NAMEINARGS", "NODELAY", "KEEPALIVE", "NOLIBWRAP", "IPv4", "IPv6"],
  {
    INTERCEPT: soon("INTERCEPT is"),
    IDONLY: soon("IDONLY is"),
    SENSOR: soon("SENSOR is"),
    LABELED: soon("LABELED is"),
  },
);
const SUCCESS = names<SuccessDetail | "USERID">(["PID", "HOST", "USERID", "EXIT", "DURATION"], {
  TRAFFIC: "TRAFFIC is counted of redirected services alone, which are not supported yet",
});
const FAILURE = names<FailureDetail | "USERID">(["HOST", "USERID", "ATTEMPT"]);

export const ATTRIBUTES: Readonly<{ [K in keyof Required<Values>]: Row<K> }> = {
  id: one("service", anyWord("a name")),
  type: one("service", choices(TYPES)),
  flags: one("service", choices(FLAGS)),
  disable: one("service", choice(YES_NO)),
  socket_type: one(
    "service",
    choice({
      stream: { value: "stream" as const },
      dgram: soon("Datagram services are"),
      raw: soon("Raw sockets are"),
      seqpacket: soon("Sequential packets are"),
    }),
  ),
  protocol: one("service", choice({ tcp: { value: "tcp" as const }, udp: soon("Datagram services are") })),
  wait: one(
    "service",
    choice({
      no: { value: false as const },
      yes: 'Services that accept connections by themselves (wait = yes) are not supported yet: expected "no"',
    }),
  ),
  user: one("service", anyWord("the name of a user")),
  group: one("service", anyWord("the name of a group")),
  groups: one("both", choice({ no: { value: false as const }, yes: soon("Supplementary groups (groups = yes) are") })),
  server: one("service", anyWord("the path of a program")),
  server_args: one("service", words),
  env: many("service", assignments),
  passenv: many("both", words),
  port: one("service", wholeNumber(1, 65_535)),
  bind: one("both", address),
  v6only: one("both", choice(YES_NO)),
  only_from: many("both", networks),
  no_access: many("both", networks),
  instances: one("both", limit),
  per_source: one("both", limit),
  cps: one("both", twoNumbers),
  nice: one("service", wholeNumber(-20, 19)),
  umask: one("both", octal),
  log_type: one("both", logTarget),
  log_on_success: many("both", choices(SUCCESS)),
  log_on_failure: many("both", choices(FAILURE)),
  enabled: many("defaults", words),
  disabled: many("defaults", words),
};

const ALIASES: Readonly<Record<string, keyof Values>> = { interface: "bind" };

/** Of xinetd.conf(5), and not here. */
const NOT_YET: readonly string[] = [
  "access_times",
  "banner",
  "banner_fail",
  "banner_success",
  "deny_time",
  "libwrap",
  "max_load",
  "mdns",
  "redirect",
  "rlimit_as",
  "rlimit_cpu",
  "rlimit_data",
  "rlimit_files",
  "rlimit_rss",
  "rlimit_stack",
  "rpc_number",
  "rpc_version",
];

/** @param defaults what `+=` and `-=` in a service begin from; null: this is the defaults section itself */
export function applyAttribute(
  { name, operator, values: given }: Attribute,
  to: Values,
  defaults: Values | null,
  diagnostics: Diagnostics,
): void {
  const key = ALIASES[name.text] ?? name.text;
  if (NOT_YET.includes(key)) return alert(diagnostics, name, `${quote(name.text)} is not supported yet`);
  if (!Object.hasOwn(ATTRIBUTES, key)) {
    const hint = didYouMean(name.text, [...Object.keys(ATTRIBUTES), ...Object.keys(ALIASES), ...NOT_YET]);
    return alert(diagnostics, name, `Unknown attribute ${quote(name.text)}`, hint);
  }
  apply(key as keyof Values);

  function apply<K extends keyof Values>(known: K): void {
    const row = ATTRIBUTES[known] as unknown as Row<K>;
    if (row.where === (defaults === null ? "service" : "defaults")) {
      return alert(
        diagnostics,
        name,
        `Cannot use ${quote(name.text)} in ${defaults === null ? "defaults" : "a service"}`,
      );
    }
    if (operator !== "=" && (!row.set || (known === "env" && operator === "-="))) {
      return alert(diagnostics, name, `Cannot use ${operator} with ${quote(name.text)}: expected =`);
    }
    if (!row.set && to[known] !== undefined) return alert(diagnostics, name, `${quote(name.text)} is there already`);
    const got = row.read(given, name, diagnostics);
    if (got === null) return;
    to[known] = row.set ? combine(known, got as unknown[]) as Values[K] : got;
    if (known === "log_on_success" || known === "log_on_failure") warnOfUserid();
  }

  function combine(known: keyof Values, got: unknown[]): unknown[] {
    const own = to[known] as unknown[] | undefined;
    const before = own ?? defaults?.[known] as unknown[] | undefined ?? [];
    if (operator === "-=") {
      const gone = new Set(got.map((value) => JSON.stringify(value)));
      return before.filter((value) => !gone.has(JSON.stringify(value)));
    }
    // In defaults "=" adds, as "+=" does (xinetd.conf(5)); in a service it begins anew.
    return operator === "=" && defaults !== null && known !== "env" ? got : [...before, ...got];
  }

  function warnOfUserid(): void {
    const word = given.find(({ text }) => text === "USERID");
    if (word === undefined || operator === "-=") return;
    warning(diagnostics, word, "USERID is not logged: clients are not asked who they are (RFC 1413)");
  }
}
