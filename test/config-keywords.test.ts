/**
 * Every keyword with a row against Debian's haproxy 2.6: accepted, warned about or refused in the same sections.
 * test/golden/config/keywords.txt holds haproxy's verdicts; where haproxy is installed they are taken anew.
 */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BIND_OPTIONS } from "../src/config/haproxy/sections/bind.ts";
import { globalTable } from "../src/config/haproxy/sections/global.ts";
import { proxyTable } from "../src/config/haproxy/sections/proxy.ts";
import { SERVER_PARAMETERS } from "../src/config/haproxy/sections/server.ts";
import { loadText } from "./config_fixture.ts";

const GOLDEN = join(import.meta.dir, "golden/config/keywords.txt");

/** The ways a line may stand; each line of keywords.txt has one verdict per way: a(ccepted) w(arned) r(efused). */
const SECTIONS = ["defaults", "named", "frontend", "backend", "listen"] as const;
type Section = (typeof SECTIONS)[number] | "global";

const PREAMBLE = [
  "defaults base",
  "  timeout client 1s",
  "  timeout server 1s",
  "  timeout connect 1s",
  "backend target from base",
  "  server s 127.0.0.1:1",
];

/** One file in which each line of the list stands once per section, and where that is. */
function compose(lines: readonly string[], sections: readonly Section[], skip: ReadonlySet<string> = new Set()) {
  const text = [...PREAMBLE];
  const places = new Map<number, string>();
  const last: string[] = [];
  const lastPlaces: [number, string][] = [];
  lines.forEach((line, i) => {
    for (const section of sections) {
      const key = `${section} ${line}`;
      if (skip.has(key)) continue;
      if (section === "defaults" || section === "named") {
        // At the end, where no proxy takes its settings from them.
        last.push(section === "named" ? `defaults d${i}` : "defaults", `  ${line}`);
        lastPlaces.push([last.length, key]);
        continue;
      }
      if (section === "global") text.push("global");
      else {
        text.push(`${section} ${section}${i} from base`);
        if (section !== "backend") text.push(`  bind 127.0.0.1:9`);
      }
      text.push(`  ${line}`);
      places.set(text.length, key);
    }
  });
  for (const [number, key] of lastPlaces) places.set(text.length + number, key);
  return { text: [...text, ...last, ""].join("\n"), places };
}

type Verdicts = Map<string, "a" | "w" | "r">;

/** As below: what was refused is left out of a second run, in which the whole is judged. */
function ours(lines: readonly string[], sections: readonly Section[]): Verdicts {
  const verdicts: Verdicts = new Map();
  const refused = new Set<string>();
  for (let run = 0; run < 2; run++) {
    const { text, places } = compose(lines, sections, refused);
    for (const key of places.values()) verdicts.set(key, "a");
    for (const one of loadText(text).diagnostics.list) {
      const key = one.place === null ? undefined : places.get(one.place.line);
      if (key === undefined || one.severity === "notice") continue;
      if (one.severity === "alert") refused.add(key);
      else verdicts.set(key, "w");
    }
  }
  for (const key of refused) verdicts.set(key, "r");
  return verdicts;
}

/** What was refused is left out of a further run: some errors end the reading, and late warnings need a file without any. */
function haproxys(lines: readonly string[], sections: readonly Section[]): Verdicts {
  const verdicts: Verdicts = new Map();
  const refused = new Set<string>();
  for (let run = 0; run < 300; run++) {
    const { text, places } = compose(lines, sections, refused);
    for (const key of places.values()) verdicts.set(key, "a");
    let found = false;
    for (const line of runHaproxy(text).split("\n")) {
      const number = /\[[^\]\s]*:([0-9]+)\]/.exec(line)?.[1];
      const key = number === undefined ? undefined : places.get(Number(number));
      if (key === undefined) continue;
      if (line.startsWith("[ALERT]") && !line.includes("Continuing")) {
        refused.add(key);
        found = true;
      } else if (line.startsWith("[WARNING]")) verdicts.set(key, "w");
    }
    if (!found) break;
  }
  for (const key of refused) verdicts.set(key, "r");
  return verdicts;
}

function runHaproxy(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "keywords-"));
  try {
    const file = join(folder, "haproxy.cfg");
    writeFileSync(file, text);
    return Bun.spawnSync(["haproxy", "-c", "-f", file], { stderr: "pipe" }).stderr.toString();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function table(lines: readonly string[], sections: readonly Section[], verdicts: Verdicts): string[] {
  return lines.map((line) => {
    const marks = sections.map((section) => verdicts.get(`${section} ${line}`) ?? "-").join("");
    return `${marks.padEnd(SECTIONS.length)} ${line}`;
  });
}

const BIND_ADDRESSES = ["bind 127.0.0.1:9990", "bind /tmp/keywords.sock"];

/** At least one line per row; a name that takes an argument also with one it must refuse. */
const PROXY_LINES = [
  "mode tcp",
  "mode bogus",
  "mode health",
  "mode",
  "disabled",
  "disabled x",
  "enabled",
  "description some words",
  "description",
  "id 77",
  "id 0",
  "maxconn 10",
  "maxconn",
  "maxconn 1 2",
  "backlog 10",
  "backlog",
  "rate-limit sessions 10",
  "rate-limit sessions x",
  "rate-limit bogus 10",
  "default_backend target",
  "default_backend",
  "default_backend target if x",
  "use_backend target",
  "use_backend target if TRUE",
  "use_backend target if { src 10.0.0.0/8 } or !FALSE",
  "use_backend target TRUE",
  "use_backend target if nosuch",
  "use_backend target if { src 10.0.0.1",
  "use_backend",
  "acl a src 10.0.0.0/8",
  "acl a",
  "acl or src 10.0.0.0/8",
  "acl a=b src 10.0.0.0/8",
  "fullconn 10",
  "fullconn",
  "retries 3",
  "retries",
  "retry-on conn-failure",
  "retry-on none",
  "retry-on none conn-failure",
  "retry-on bogus",
  "retry-on",
  "balance roundrobin",
  "balance static-rr",
  "balance leastconn",
  "balance first",
  "balance source",
  "balance random",
  "balance random(3)",
  "balance random(0)",
  "balance random(x)",
  "balance hash src",
  "balance hash",
  "balance bogus",
  "balance",
  "hash-type map-based",
  "hash-type consistent",
  "hash-type consistent djb2 avalanche",
  "hash-type map-based wt6",
  "hash-type map-based crc32",
  "hash-type map-based none",
  "hash-type bogus",
  "hash-type consistent bogus",
  "hash-type consistent sdbm bogus",
  "hash-type",
  "hash-balance-factor 150",
  "hash-balance-factor 0",
  "hash-balance-factor 50",
  "source 127.0.0.1",
  "source 127.0.0.1:1000 interface lo",
  "source 127.0.0.1:1000-2000",
  "source",
  ...["client", "server", "connect", "check", "queue", "tunnel", "client-fin", "server-fin"].map((name) =>
    `timeout ${name} 5s`
  ),
  "timeout client",
  "timeout client x",
  "timeout client 1s 2s",
  "timeout client 25d",
  "timeout bogus 1s",
  "clitimeout 1s",
  "srvtimeout 1s",
  "contimeout 1s",
  "timeout clitimeout 1s",
  "option abortonclose",
  "no option abortonclose",
  "option allbackups",
  "option tcpka",
  "no option tcpka",
  "option clitcpka",
  "option srvtcpka",
  "option dontlognull",
  "option dontlog-normal",
  "option log-separate-errors",
  "option logasap",
  "option nolinger",
  "no option nolinger",
  "option persist",
  "option socket-stats",
  "option contstats",
  "option contstats x",
  "option redispatch",
  "option redispatch 3",
  "no option redispatch",
  "option tcplog",
  "option tcplog clf",
  "no option tcplog",
  "option httplog",
  "option httplog bogus",
  "option bogus",
  "option",
  "option forceclose",
  "default option nolinger",
  "clitcpka-cnt 3",
  "clitcpka-idle 3s",
  "clitcpka-intvl 3s",
  "clitcpka-cnt x",
  "srvtcpka-cnt 3",
  "srvtcpka-idle 3s",
  "srvtcpka-intvl 3s",
  "log global",
  "log global x",
  "no log",
  "no log x",
  "log 127.0.0.1 local0",
  "log 127.0.0.1:514 local0 notice err",
  "log 127.0.0.1 len 2000 format rfc5424 sample 1,3-5:10 daemon",
  "log /dev/log daemon",
  "log stdout format raw daemon",
  "log stderr format bogus daemon",
  "log fd@2 format raw daemon",
  "log 127.0.0.1",
  "log 127.0.0.1 bogus",
  "log 127.0.0.1 daemon bogus",
  "log 127.0.0.1 daemon debug err x",
  "log 127.0.0.1 len 10 daemon",
  "log 127.0.0.1 sample 3:2 daemon",
  "log 127.0.0.1 sample 1,1:2 daemon",
  "log",
  "log-tag me",
  "log-tag",
  "log-format x",
  "log-format",
  "log-format a b",
  "log-format-sd x",
  "error-log-format x",
  "unique-id-format x",
  "unique-id-format",
  "server s 127.0.0.1:80",
  "server s",
  "server s/ 127.0.0.1:80",
  "server s 127.0.0.1:99999",
  "server s 127.0.0.1:70-80",
  "server s fd@3",
  "server s /tmp/x.sock",
  "server s abns@x",
  "server s [::1]:80",
  "server s 127.0.0.1:+10",
  "server s localhost:80",
  "server s 127.0.0.1:80 bogus",
  "server-template s 3 127.0.0.1:80",
  "server-template s 1-3 127.0.0.1:80",
  "server-template s 0 127.0.0.1:80",
  "server-template s 3",
  "default-server",
  "default-server weight 10",
  "default-server 127.0.0.1",
  "bogus",
  "no bogus",
  "default",
];

const SERVER_LINES = [
  ...["backup", "no-backup", "no-check", "disabled", "enabled", "tfo", "no-tfo"],
  ...["weight 10", "weight 257", "maxconn 10", "minconn 5", "maxqueue 5", "inter 2s", "fastinter 2s", "downinter 2s"],
  ...["rise 2", "rise 0", "fall 2", "fall 0", "inter 0", "inter x", "tcp-ut 5s", "tcp-ut x", "id 5", "id 0", "id x"],
  ...["source 127.0.0.1:1000-2000 interface lo", "source", "init-addr last,libc,none,10.0.0.1", "init-addr bogus"],
  ...["on-marked-down shutdown-sessions", "on-marked-down bogus", "check", "check inter 1s rise 2"],
];

const BIND_LINES = [
  ...["defer-accept", "tfo", "transparent", "v4v6", "v6only", "maxconn 10", "maxconn -1", "backlog 10", "nice 10"],
  ...["nice 2000", "mss 1400", "mss -200", "mss 0", "tcp-ut 5s", "tcp-ut x", "interface lo", "interface", "name x"],
  ...["name", "id 5", "id 0", "id x", "level admin", "level bogus", "expose-fd listeners", "expose-fd bogus"],
  ...["mode 660", "mode 999", "mode", "user root", "user nosuchuser", "group root", "uid 0", "gid 0", "thread 1"],
  ...["thread odd", "thread 1/1", "thread 2/1", "thread bogus", "thread 0", "process 1", "bogus"],
];

const BIND_WORDS = [
  ...["bind :9990", "bind *:9990", "bind [::1]:9990", "bind ipv6@::1:9990", "bind :9990-9992,127.0.0.1:9994"],
  ...["bind unix@/tmp/keywords.sock", "bind abns@keywords", "bind tcp@127.0.0.1:9990", "bind udp@127.0.0.1:9990"],
  ...["bind 127.0.0.1", "bind :99999", "bind :20-10", "bind ipv4@::1:80", "bind fd@x", "bind 127.0.0.1:0", "bind"],
];

const GLOBAL_LINES = [
  ...["daemon", "daemon x", "master-worker", "master-worker bogus", "nbthread 2", "nbthread 0", "nbthread x"],
  ...["nbproc 1", "maxconn 100", "maxconn 1 2", "maxconnrate 10", "maxsessrate 10", "ulimit-n 1000"],
  ...["strict-limits", "no strict-limits", "strict-limits x", "no daemon", "hard-stop-after 10s", "hard-stop-after x"],
  ...["grace 1s", "grace x", "close-spread-time 1s", "close-spread-time infinite", "close-spread-time x"],
  ...["user root", "user nosuchuser", "group root", "group nosuchgroup", "uid 0", "gid 0", "chroot /tmp"],
  ...["pidfile", "pidfile /tmp/keywords.pid", "node a.b", "node a/b", "description some words", "description"],
  ...["log 127.0.0.1 local0", "log global", "no log", "log-tag me", "log-tag a b", "log-send-hostname"],
  ...["stats socket /tmp/keywords.sock mode 660 level admin", "stats socket 127.0.0.1:9997 level user"],
  ...["stats socket", "stats socket 127.0.0.1", "stats socket /tmp/keywords.sock level bogus", "stats bogus", "stats"],
  ...["stats socket /tmp/keywords.sock bogus", "stats timeout 1s", "stats timeout x", "stats maxconn 5"],
  ...["stats maxconn 0", "setenv A b", "setenv A", "presetenv A b", "unsetenv A", "unsetenv", "resetenv PATH"],
  ...["default-path current", "default-path bogus", "default-path origin", "tune.bufsize 16384"],
  ...["tune.bufsize x", "tune.maxrewrite 1024", "tune.maxaccept 10", "tune.maxaccept -1", "tune.rcvbuf.client 10000"],
  ...["tune.rcvbuf.server 10000", "tune.sndbuf.client 10000", "tune.sndbuf.server 10000", "bogus", "tune.bogus 1"],
  // The last: haproxy says nothing more after it.
  ...["zero-warning", "quiet"],
];

const ALL_PROXY_LINES = [
  ...PROXY_LINES,
  ...SERVER_LINES.map((parameters) => `server s 127.0.0.1:80 ${parameters}`),
  ...BIND_LINES.map((options) =>
    `${BIND_ADDRESSES[/^(mode|user|group|uid|gid|expose)/.test(options) ? 1 : 0]} ${options}`
  ),
  ...BIND_WORDS,
];

/** Where we differ, as we decide it, and why. */
const DIFFERENCES: Readonly<Record<string, readonly [ours: string, reason: string]>> = {
  "hash-type map-based none": ["aawaa", "the function came with 3.0"],
  "server s 127.0.0.1:80 check": ["rrrwa", "checks come later, which is said where it stands first"],
  "bind 127.0.0.1:9990 mss -200": ["rrrrr", "a value relative to the client's is not supported yet"],
  "default option nolinger": ["aaaaa", "2.6 reads the option's name twice; documented, and later fixed"],
};

const sections = { proxy: SECTIONS as readonly Section[], global: ["global"] as readonly Section[] };

async function golden(): Promise<string[]> {
  return (await Bun.file(GOLDEN).text()).trimEnd().split("\n").filter((line) => !line.startsWith("#"));
}

test.if(Bun.which("haproxy") !== null)("the verdicts are those of haproxy 2.6", async () => {
  const version = Bun.spawnSync(["haproxy", "-v"]).stdout.toString();
  if (!version.includes(" 2.6.")) return;
  const found = [
    ...table(ALL_PROXY_LINES, sections.proxy, haproxys(ALL_PROXY_LINES, sections.proxy)),
    ...table(GLOBAL_LINES, sections.global, haproxys(GLOBAL_LINES, sections.global)),
  ];
  if (process.env["UPDATE_GOLDEN"] === "1") {
    const head =
      "# Verdicts of haproxy 2.6.12 on one line in: anonymous defaults, named defaults, frontend, backend, listen; or global.\n";
    await Bun.write(GOLDEN, `${head}${found.join("\n")}\n`);
  }
  expect(await golden()).toEqual(found);
});

test("ours are the same, but for the differences listed", async () => {
  const found = [
    ...table(ALL_PROXY_LINES, sections.proxy, ours(ALL_PROXY_LINES, sections.proxy)),
    ...table(GLOBAL_LINES, sections.global, ours(GLOBAL_LINES, sections.global)),
  ];
  const wanted = (await golden()).map((line) => {
    const text = line.slice(SECTIONS.length + 1);
    const own = DIFFERENCES[text]?.[0];
    return own === undefined ? line : `${own.padEnd(SECTIONS.length)} ${text}`;
  });
  expect(found).toEqual(wanted);
});

test("every row has a line here", () => {
  const words = (lines: readonly string[]) => lines.map((line) => line.replace(/^(no|default) /, ""));
  const covered = (names: Iterable<string>, lines: readonly string[]) =>
    [...names].filter((name) => !words(lines).some((line) => line === name || line.startsWith(`${name} `)));
  expect(covered(proxyTable.rows.keys(), ALL_PROXY_LINES)).toEqual([]);
  expect(covered(globalTable.rows.keys(), GLOBAL_LINES)).toEqual([]);
  expect(covered(Object.keys(SERVER_PARAMETERS), SERVER_LINES)).toEqual([]);
  expect(covered(Object.keys(BIND_OPTIONS), BIND_LINES)).toEqual([]);
});
