/**
 * Commands that change servers, frontends and limits, as scripts send them and as they should not be sent, in the order in which
 * commands.test.ts gives them to haproxy and to us.
 */

export const SITE = `
frontend fe1
  bind 127.0.0.1:PORT1
  maxconn 77
  default_backend be1
frontend off
  bind 127.0.0.1:1
  disabled
backend be1
  balance leastconn
  fullconn 50
  server s1 127.0.0.1:18701 weight 10 maxconn 5
  server s2 127.0.0.1:18702 backup disabled
  server s3 127.0.0.1:18703 minconn 2 maxconn 9 maxqueue 7
  server s4 127.0.0.1
backend be2
  balance source
  server a1 127.0.0.1:1 weight 2
  server a2 127.0.0.1:1 weight 0
backend con
  balance source
  hash-type consistent
  server a1 127.0.0.1:1 weight 2
  server a2 127.0.0.1:1 weight 4
listen li
  bind 127.0.0.1:PORT2
  balance static-rr
  server l1 127.0.0.1:18701 weight 2
  server l2 unix@/none.sock
`;

/** What names a server: each of them with each of these words. */
const NO_SERVERS = ["", "be1", "be1/", "/s1", "be1/nope", "nope/s1", "fe1/s1", "#99/s1", "be1/#9"];
const SERVER_COMMANDS = [
  ...["disable server", "enable server", "set server", "set weight", "get weight", "set maxconn server"],
  "shutdown sessions server",
];
const NO_FRONTENDS = ["", "nope", "be1", "#4"];
const FRONTEND_COMMANDS = ["disable frontend", "enable frontend", "shutdown frontend", "set maxconn frontend"];

const states = (server: string, ...words: string[]): string[] =>
  words.flatMap((word) => [`set server ${server} ${word}`, `show servers state ${server.split("/")[0]}`]);

export const COMMANDS: readonly string[] = [
  // "get weight /s1" alone is told that there is no such backend.
  ...SERVER_COMMANDS.flatMap((command) => NO_SERVERS.map((name) => `${command} ${name}`))
    .filter((command) => command !== "get weight /s1"),
  ...FRONTEND_COMMANDS.flatMap((command) => NO_FRONTENDS.map((name) => `${command} ${name}`)),
  // Maintenance, by the old commands.
  "disable server be1/s1",
  "disable server be1/s1",
  "disable server be1/s1 more words",
  "show servers state be1",
  "enable server be1/s1",
  "enable server be1/s1",
  "enable server be1/s2",
  "disable server #4/#1",
  "enable server be1/#1",
  // Every way from one state to another.
  "set server be1/s1",
  "set server be1/s1 foo",
  ...states("be1/s1", "state", "state foo", "state drain", "state drain", "state maint", "state maint", "state drain"),
  ...states("be1/s1", "state ready", "state ready", "state maint", "state ready"),
  ...states(
    "be1/s1",
    "health",
    "health foo",
    "health down",
    "health down",
    "health stopping",
    "health up",
    "health up",
  ),
  ...states("be1/s1", "health down", "state maint", "health up", "health down", "state ready", "health stopping"),
  ...states("be1/s1", "state drain", "health down", "health up", "health stopping", "state maint", "state ready"),
  ...states("be1/s1", "state drain", "health down", "state ready", "health up", "health stopping", "health down"),
  ...states("be1/s1", "health up"),
  // The last server, backups, and a backend that is a listen section.
  ...states("con/a1", "state maint"),
  ...states("con/a2", "state maint", "state ready"),
  ...states("con/a1", "state ready"),
  ...states("be1/s1", "state maint"),
  ...states("be1/s3", "health down"),
  ...states("be1/s4", "state drain"),
  ...states("be1/s2", "state maint", "state ready", "state maint"),
  ...states("be1/s4", "state ready"),
  ...states("be1/s1", "state ready"),
  ...states("be1/s3", "health up"),
  ...states("li/l1", "state maint"),
  ...states("li/l2", "state drain", "state ready"),
  ...states("li/l1", "state ready"),
  // Weights.
  ...["", "x", "5", "50%", "0", "257", "256", "-1", "200%", "100000%", "-5%", "5x", "5%x", "%", "+7", " 3"].flatMap((
    w,
  ) => [
    `set weight be1/s1 ${w}`,
    `set server be1/s1 weight ${w}`,
    "get weight be1/s1",
  ]),
  "get weight be1/s1 x",
  ...["3", "100%", "0", "2", "0%"].flatMap((w) => [`set weight be2/a1 ${w}`, `set weight li/l1 ${w}`]),
  ...["100%", "50%", "1", "0"].map((w) => `set weight be2/a2 ${w}`),
  "get weight be2/a1",
  "set weight be2/a1 100%",
  "set weight con/a1 7",
  "get weight con/a1",
  "show servers state",
  // Limits.
  "set maxconn server be1/s1",
  ...["x", "9", "9x", "0", "7"].map((n) => `set maxconn server be1/s1 ${n}`),
  "set maxconn frontend fe1",
  ...["33", "-3", "0", "x", "5000", "12 more"].map((n) => `set maxconn frontend fe1 ${n}`),
  "set maxconn frontend #2 14",
  "set maxconn frontend off 12",
  "set maxconn global",
  ...["x", "-1", "0", "500", "5000", "1001", "1000"].map((n) => `set maxconn global ${n}`),
  ...["", "foo", "foo global 3", "connections", "connections foo", "connections global", "connections global -4"].map((
    w,
  ) => `set rate-limit ${w}`),
  "set rate-limit connections global 10",
  "set rate-limit sessions global 11",
  // Frontends.
  "disable frontend fe1",
  "disable frontend fe1",
  "enable frontend fe1",
  "enable frontend fe1",
  "disable frontend #2",
  "enable frontend #2",
  "enable frontend off",
  "disable frontend off",
  "shutdown frontend off",
  "disable frontend li",
  "shutdown frontend li",
  "shutdown frontend li",
  "enable frontend li",
  "disable frontend li",
  // Sessions and counters.
  "shutdown sessions server be1/s1",
  "shutdown session",
  "shutdown session foo",
  "shutdown session 0x123",
  "show sess 0x123",
  "clear counters",
  "clear counters all",
  "clear counters foo",
  "show errors",
  "show errors be1",
  "show errors nope",
  "show errors -1",
  "show errors request",
  "show errors -1 request",
  "show servers conn be1",
  "show backend",
];

/** What a lower level may and may not. */
export const LEVEL_COMMANDS: readonly string[] = [
  "set server be1/s1 state ready",
  "set server nope",
  "set weight be1/s1 10",
  "get weight be1/s1",
  "disable server be1/s1",
  "enable server be1/s1",
  "set maxconn server be1/s1 3",
  "set maxconn frontend fe1 3",
  "set maxconn global 3",
  "set rate-limit connections global 3",
  "disable frontend fe1",
  "enable frontend fe1",
  "shutdown frontend fe1",
  "shutdown sessions server be1/s1",
  "shutdown session 0x1",
  "clear counters",
  "clear counters all",
  "show errors",
  "show sess 0x1",
  "show servers conn be2",
];
