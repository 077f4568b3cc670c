/** xinetd's language: what a block comes to, what defaults add, and every refusal with its place. */
import { expect, test } from "bun:test";
import { type Diagnostics, newDiagnostics } from "../diagnostics.ts";
import { loadXinetd } from "./load.ts";
import type { Lookups, Sources, XinetdService } from "./model.ts";

const lookups: Lookups = {
  user: (name) => name === "nobody" ? { uid: 65534, gid: 65534 } : name === "root" ? { uid: 0, gid: 0 } : null,
  group: (name) => name === "mysql" ? 110 : null,
  port: (service) => service === "mysqlchk" ? 9200 : null,
};

function load(files: Record<string, string>, paths = ["x"]): { services: XinetdService[]; diagnostics: Diagnostics } {
  const sources: Sources = {
    file: (path) => Object.hasOwn(files, path) ? files[path]! : null,
    directory(path) {
      const inside = Object.keys(files).filter((file) => file.startsWith(`${path}/`));
      return inside.length === 0 ? null : inside.map((file) => file.slice(path.length + 1));
    },
  };
  const diagnostics = newDiagnostics();
  return { services: loadXinetd(paths, sources, lookups, diagnostics), diagnostics };
}

const told = ({ list }: Diagnostics): string[] =>
  list.map(({ place, message, hint }) =>
    `${place === null ? "" : `${place.file}:${place.line}:${place.column} `}${message}${
      hint === null ? "" : ` ${hint}`
    }`
  );

const MUST = "socket_type = stream\nwait = no\nuser = nobody\nserver = /usr/bin/clustercheck\n";
const block = (lines: string, name = "mysqlchk"): string => `service ${name}\n{\n${MUST}${lines}\n}\n`;

test("a block that says no more than it must", () => {
  const { services, diagnostics } = load({ x: block("") });
  expect(told(diagnostics)).toEqual([]);
  expect(services).toEqual([{
    name: "mysqlchk",
    id: "mysqlchk",
    place: { file: "x", line: 1, column: 9 },
    port: 9200,
    bind: null,
    ipv4Only: false,
    v6only: false,
    keepAlive: false,
    uid: 65534,
    gid: 65534,
    server: "/usr/bin/clustercheck",
    argv: ["clustercheck"],
    env: [],
    passenv: null,
    onlyFrom: null,
    noAccess: [],
    instances: null,
    perSource: null,
    cps: { perSecond: 50, waitSeconds: 10 },
    nice: null,
    umask: null,
    logType: { kind: "stderr" },
    logOnSuccess: [],
    logOnFailure: [],
  }]);
});

const effects: [name: string, lines: string, want: Partial<XinetdService>][] = [
  ["port", "port = 3307\ntype = UNLISTED", { port: 3307 }],
  ["words and blanks", "port=3307\n\tid\t =  other  ", { port: 3307, id: "other" }],
  ["bind", "bind = 10.0.0.1", { bind: { family: 4, host: "10.0.0.1" } }],
  ["interface", "interface = fd00::1", { bind: { family: 6, host: "fd00::1" } }],
  ["flags", "flags = REUSE KEEPALIVE IPv4 NOLIBWRAP", { keepAlive: true, ipv4Only: true }],
  ["group", "group = mysql", { gid: 110 }],
  ["server_args", "server_args = a 'b c'", { argv: ["clustercheck", "a", "'b", "c'"] }],
  ["NAMEINARGS", "flags = NAMEINARGS\nserver_args = name a", { argv: ["name", "a"] }],
  ["env adds up", "env = A=1 B=\nenv += C=x=y\nenv = D=4", {
    env: [["A", "1"], ["B", ""], ["C", "x=y"], ["D", "4"]],
  }],
  ["passenv of nothing", "passenv =", { passenv: [] }],
  ["limits", "instances = 10\nper_source = UNLIMITED\ncps = 5 30", {
    instances: 10,
    perSource: null,
    cps: { perSecond: 5, waitSeconds: 30 },
  }],
  ["nice and umask", "nice = -5\numask = 027", { nice: -5, umask: 0o27 }],
  ["log_type FILE", "log_type = FILE /var/log/x", { logType: { kind: "file", path: "/var/log/x" } }],
  ["log_type SYSLOG", "log_type = SYSLOG local3", { logType: { kind: "syslog", facility: 19, level: 6 } }],
  ["log_type with a level", "log_type = SYSLOG authpriv err", { logType: { kind: "syslog", facility: 10, level: 3 } }],
  ["details", "log_on_success = PID HOST EXIT\nlog_on_success -= EXIT", { logOnSuccess: ["PID", "HOST"] }],
  ["nobody", "only_from =", { onlyFrom: [] }],
  ["= begins anew", "only_from = 10.0.0.1\nonly_from = 10.0.0.2", {
    onlyFrom: [{ bytes: [10, 0, 0, 2], bits: 32 }],
  }],
  ["zeros at the right, factors, CIDR", "only_from = 10.1.0.0 10.2.{1,2} 192.0.2.8/29 0.0.0.0 fd00::", {
    onlyFrom: [
      { bytes: [10, 1, 0, 0], bits: 16 },
      { bytes: [10, 2, 1, 0], bits: 24 },
      { bytes: [10, 2, 2, 0], bits: 24 },
      { bytes: [192, 0, 2, 8], bits: 29 },
      { bytes: [0, 0, 0, 0], bits: 0 },
      { bytes: [0xfd, ...new Array(15).fill(0)], bits: 128 },
    ],
  }],
  ["-= takes away", "no_access = 10.0.0.1 10.0.0.2\nno_access -= 10.0.0.1", {
    noAccess: [{ bytes: [10, 0, 0, 2], bits: 32 }],
  }],
];
test.each(effects)("%s", (_, lines, want) => {
  const { services, diagnostics } = load({ x: block(lines) });
  expect(told(diagnostics)).toEqual([]);
  expect(services[0]).toMatchObject(want);
});

test("defaults: taken where a service says nothing, added to by +=, replaced by =", () => {
  const defaults = "defaults\n{\nonly_from = 10.0.0.1\nonly_from = 10.0.0.2\ninstances = 7\nlog_on_failure = HOST\n" +
    "disabled = third\n}\n";
  const text = defaults + block("id = first\nport = 1") +
    block("id = second\nport = 2\nonly_from += 10.0.0.3\nonly_from -= 10.0.0.1\ninstances = 8") +
    block("id = third\nport = 3") + block("id = fourth\nport = 4\nonly_from = 10.0.0.4") +
    block("id = fifth\nport = 5\ndisable = yes");
  const { services, diagnostics } = load({ x: text });
  expect(told(diagnostics)).toEqual([]);
  const last = (one: XinetdService) => one.onlyFrom?.map(({ bytes }) => bytes[3]);
  expect(services.map((one) => [one.id, last(one), one.instances, one.logOnFailure])).toEqual([
    ["first", [1, 2], 7, ["HOST"]],
    ["second", [2, 3], 8, ["HOST"]],
    ["fourth", [4], 7, ["HOST"]],
  ]);
});

test("include and includedir: in byte order, without names that hold a dot or end in a tilde", () => {
  const files = {
    x: "includedir d\ninclude other\n",
    "d/b": block("id = b\nport = 1"),
    "d/B": block("id = B\nport = 2"),
    "d/b.bak": "nonsense",
    "d/b~": "nonsense",
    other: block("id = o\nport = 3"),
  };
  expect(load(files).services.map(({ id }) => id)).toEqual(["B", "b", "o"]);
  expect(load(files, ["d", "other"]).services.map(({ id }) => id)).toEqual(["B", "b", "o"]);
  expect(told(load({ x: "include x\n" }).diagnostics)).toEqual(["x:1:9 Too many files include each other"]);
});

/** Of one line in a block, which stands at line 7. */
const wrong: [line: string, want: string][] = [
  ["prot = 1", `x:7:1 Unknown attribute "prot" Did you mean "port"?`],
  ["  ony_from = 1.2.3.4", `x:7:3 Unknown attribute "ony_from" Did you mean "only_from"?`],
  ["redirect = 10.0.0.1 80", `x:7:1 "redirect" is not supported yet`],
  ["rpc_version = 2", `x:7:1 "rpc_version" is not supported yet`],
  ["type = RPC", "x:7:8 RPC services are not supported yet"],
  ["type = UNLISTED INTERNAL\nport = 1", "x:7:17 Internal services are not supported yet"],
  ["flags = SENSOR", "x:7:9 SENSOR is not supported yet"],
  [
    "flags = REUSE NODLAY",
    /* nearest */ `x:7:15 Unknown word "NODLAY": expected REUSE, NORETRY, NAMEINARGS, NODELAY, KEEPALIVE, NOLIBWRAP, IPv4, IPv6 Did you mean "NODELAY"?`,
  ],
  ["protocol = udp", "x:7:12 Datagram services are not supported yet"],
  ["groups = yes", "x:7:10 Supplementary groups (groups = yes) are not supported yet"],
  ["port", `x:7:1 Missing "=" in "port": expected ATTRIBUTE = VALUE...`],
  ["port =", "x:7:1 Nothing follows: expected a whole number from 1 to 65535"],
  ["port = 0", `x:7:8 Cannot use "0": expected a whole number from 1 to 65535`],
  ["port = 1 2", `x:7:10 Unexpected "2": expected a whole number from 1 to 65535 alone`],
  ["port += 1", `x:7:1 Cannot use += with "port": expected =`],
  ["env -= A=1", `x:7:1 Cannot use -= with "env": expected =`],
  ["env = A", `x:7:7 Cannot use "A": expected NAME=VALUE`],
  ["user = root", `x:7:1 "user" is there already`],
  ["enabled = a", `x:7:1 Cannot use "enabled" in a service`],
  ["group = wheel", `x:7:9 Unknown group "wheel"`],
  ["instances = 0", `x:7:13 Cannot use "0": expected a number from 1, or UNLIMITED`],
  ["cps = 5", "x:7:1 Expected connections per second, and seconds to wait when there are more"],
  [
    "only_from = db.example",
    "x:7:13 Names of hosts and networks are not supported yet: expected an address, 10.0.0.0, 10.0.0.{1,2} or 10.0.0.0/8",
  ],
  [
    "only_from = 10.0.0.0/40",
    `x:7:13 Cannot read "10.0.0.0/40": expected an address, 10.0.0.0, 10.0.0.{1,2} or 10.0.0.0/8`,
  ],
  ["bind = eth0", `x:7:8 Cannot use "eth0": expected a numeric address; names are not supported yet`],
  ["log_type = SYSLOG deamon", `x:7:19 Unknown facility "deamon" Did you mean "daemon"?`],
  ["log_type = FILE /x 100", "x:7:20 Limits of a log file are not supported yet"],
  ["log_on_success = TRAFFIC", "x:7:18 TRAFFIC is counted of redirected services alone, which are not supported yet"],
  ["log_on_failure += USERID", "x:7:19 USERID is not logged: clients are not asked who they are (RFC 1413)"],
  ["umask = 9", `x:7:9 Cannot use "9": expected an octal number like 022`],
  ["{", `x:7:1 Missing "=" in "{": expected ATTRIBUTE = VALUE...`],
  ["type = UNLISTED", `x:1:9 Missing "port" in service "mysqlchk"`],
  ["flags = NAMEINARGS", `x:1:9 Missing "server_args" in service "mysqlchk": NAMEINARGS takes its first word`],
];
test.each(wrong)("refuses %s", (line, want) => expect(told(load({ x: block(line) }).diagnostics)).toEqual([want]));

const texts: [name: string, text: string, want: string[]][] = [
  ["all at once", "service mysqlchk\n{\nwait = yes\nsocket_type = dgram\nuser = nobdy\nserver = bin/x\n}\n", [
    `x:3:8 Services that accept connections by themselves (wait = yes) are not supported yet: expected "no"`,
    "x:4:15 Datagram services are not supported yet",
    `x:5:8 Unknown user "nobdy"`,
    `x:1:9 Cannot use server "bin/x": expected an absolute path`,
  ]],
  ["nothing in a block", "service a\n{\n}\n", [
    ...["socket_type", "wait", "user", "server"].map((name) => `x:1:9 Missing "${name}" in service "a"`),
    `x:1:9 Missing "port" in service "a": /etc/services does not know it`,
  ]],
  ["an unknown section", "serivce a\n", [
    `x:1:1 Unknown word "serivce": expected service, defaults, include or includedir Did you mean "service"?`,
  ]],
  ["an include of nothing", `include\n${block("")}`, [`x:1:1 Nothing follows "include": expected the path of a file`]],
  ["no name", "service\n{\n}\n", [`x:1:1 Nothing follows "service": expected the name of the service`]],
  ["no end", block("").slice(0, -2), [`x:1:1 Missing "}" before the end of the file`]],
  ["no end before the next", block("").slice(0, -2) + block("id = b\nport = 1"), [
    `x:8:1 Missing "}" before "service"`,
  ]],
  ["no beginning", `service mysqlchk\n${MUST}}\n`, [`x:2:1 Missing "{" before "socket_type"`]],
  ["two of one id", block("") + block("port = 1"), [`x:9:9 Cannot use id "mysqlchk" again: service at x:1 has it`]],
  ["two of one port", block("") + block("id = b"), [
    `x:9:9 Cannot use address "* port 9200" again: service at x:1 has it`,
  ]],
  ["two defaults", `defaults\n{\n}\ndefaults\n{\n}\n${block("")}`, ["x:4:1 There is a defaults section already"]],
  ["a service's attribute in defaults", `defaults\n{\nport = 1\n}\n${block("")}`, [
    `x:3:1 Cannot use "port" in defaults`,
  ]],
  ["a file that is not there", "include /none\n", [`x:1:9 Cannot read "/none"`]],
  ["nothing but comments", "# service a\n\n", [`No service in "x"`]],
  ["all disabled", block("disable = yes"), ["All services are disabled"]],
];
test.each(texts)("%s", (_, text, want) => expect(told(load({ x: text }).diagnostics)).toEqual(want));

test("a line may end as in DOS; a file may have no last newline", () => {
  const { services, diagnostics } = load({ x: block("").replaceAll("\n", "\r\n").trimEnd() });
  expect(told(diagnostics)).toEqual([]);
  expect(services).toHaveLength(1);
});

test("any text is either services or problems with a place in it", () => {
  const seed = Date.now() & 0x7fffffff;
  let state = seed;
  const random = (below: number): number => (state = (state * 1103515245 + 12345) & 0x7fffffff) % below;
  const pieces = [
    ...["service", "defaults", "include", "{", "}", "=", "+=", "-=", "\n", "\n", "\n", " ", "#", "\0", "\xff", "x"],
    ...[
      "port",
      "only_from",
      "env",
      "A=1",
      "10.0.0.{1,2}",
      "::1/64",
      "no",
      "stream",
      "UNLIMITED",
      "9",
      "log_type",
      "FILE",
    ],
    ...[MUST, block(""), "cps", "umask", "constructor", "__proto__"],
  ];
  for (let round = 0; round < 3000; round++) {
    const text = Array.from({ length: random(24) }, () => `${pieces[random(pieces.length)]}${random(3) ? " " : ""}`)
      .join("");
    const { services, diagnostics } = load({ x: text });
    const lines = text.split("\n");
    expect(services.length + diagnostics.list.length, `seed ${seed}`).toBeGreaterThan(0);
    for (const { place } of diagnostics.list) {
      if (place === null) continue;
      expect(lines[place.line - 1]?.length ?? -1, `seed ${seed}`).toBeGreaterThanOrEqual(place.column - 1);
    }
  }
});
