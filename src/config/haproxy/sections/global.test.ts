/** The global section: values in the model, the environment, what the command line overrides. */
import { expect, test } from "bun:test";
import { accepted, loadText, model, testContext, TIMEOUTS } from "../../../../test/config_fixture.ts";
import { loadConfig, NO_OVERRIDES } from "../load.ts";

test("global: every value lands in its field", () => {
  const text = [
    ...["daemon", "master-worker", "nbthread 3", "maxconn 1000", "maxconnrate 10", "maxsessrate 20", "ulimit-n 5000"],
    ...["no strict-limits", "hard-stop-after 30s", "grace 2s", "close-spread-time 1m", "user root", "group root"],
    ...[
      "chroot /var/empty",
      "pidfile /run/x.pid",
      "node n1",
      "description the first box",
      "log-tag lb",
      "quiet",
      "spread-checks 5",
      "max-spread-checks 1500",
    ],
    ...["log-send-hostname box", "stats timeout 5s", "stats maxconn 7", "zero-warning", "tune.bufsize 32k"],
    ...["tune.maxaccept -1", "tune.maxrewrite 2048", "tune.rcvbuf.client 1", "tune.rcvbuf.server 2"],
    ...["tune.sndbuf.client 3", "tune.sndbuf.server 4", "log /dev/log daemon notice"],
    ...["tune.http.maxhdr 50", "tune.http.logurilen 4096", "tune.http.cookielen 80"],
    ...["stats socket /run/s.sock mode 660 level admin user root expose-fd listeners name cli"],
  ];
  const { statsSockets, logTargets, ...global } = model(`global\n${text.map((line) => `  ${line}\n`).join("")}`).global;
  expect(global).toEqual({
    daemon: true,
    masterWorker: true,
    nbthread: 3,
    maxconn: 1000,
    maxconnrate: 10,
    maxsessrate: 20,
    ulimitN: 5000,
    strictLimits: false,
    hardStopAfterMs: 30_000,
    graceMs: 2000,
    closeSpreadMs: 60_000,
    uid: 0,
    gid: 0,
    chroot: "/var/empty",
    pidfile: "/run/x.pid",
    node: "n1",
    description: "the first box",
    logTag: "lb",
    logSendHostname: "box",
    statsTimeoutMs: 5000,
    statsMaxconn: 7,
    zeroWarning: true,
    quiet: true,
    spreadChecks: 5,
    maxSpreadChecksMs: 1500,
    tune: {
      bufsize: 32_768,
      maxaccept: -1,
      maxrewrite: 2048,
      rcvbufClient: 1,
      rcvbufServer: 2,
      sndbufClient: 3,
      sndbufServer: 4,
      httpMaxhdr: 50,
      httpLogurilen: 4096,
      httpCookielen: 80,
    },
  });
  expect(statsSockets).toMatchObject([{
    address: { kind: "unix", path: "/run/s.sock" },
    name: "cli",
    level: "admin",
    exposeFdListeners: true,
    unix: { mode: 0o660, uid: 0 },
  }]);
  // log-send-hostname changes the default format.
  expect(logTargets).toMatchObject([
    { to: { kind: "unix", path: "/dev/log" }, facility: 3, maxLevel: 5, minLevel: 0, format: "rfc3164" },
  ]);
});

test("the command line wins over the files", () => {
  const overrides = { ...NO_OVERRIDES, maxconn: 50, pidfile: "/p", foreground: true };
  const { global } = accepted(
    loadText("global\n  daemon\n  master-worker\n  maxconn 9\n  pidfile /q\n", { overrides }),
  );
  expect(global).toMatchObject({ maxconn: 50, pidfile: "/p", daemon: false, masterWorker: false });
  const { proxies } = accepted(loadText(`frontend f\n  bind :1\n${TIMEOUTS}`.replace(/.*(server|connect).*\n/g, ""), {
    overrides: { ...NO_OVERRIDES, frontendMaxconn: 77 },
  }));
  expect(proxies[0]?.maxconn).toBe(77);
});

test("setenv changes the lines after it, and ends with its kin", () => {
  const context = testContext();
  context.environment.set("KEPT", "1");
  const text =
    'global\n  setenv A 10\n  presetenv A 20\n  maxconn "$A"\n  unsetenv A\n  description "x$A"\n  resetenv KEPT\n';
  const { global } = accepted(loadConfig([{ path: "a.cfg", text }], context));
  expect(global).toMatchObject({ maxconn: 10, description: "x" });
  expect([...context.environment.keys()]).toEqual(["KEPT"]);
});

test("default-path gives a pattern file its directory", () => {
  const flags = (mode: string) =>
    accepted(
      loadConfig([{
        path: "/etc/lb/a.cfg",
        text: `global\n  ${mode}\nfrontend f\n  bind :1\n  timeout client 1s\n  acl a src -f list\n`,
      }], testContext()),
    )
      .proxies[0]?.acls[0]?.flags;
  expect(flags("default-path current")).toEqual(["-f", "list"]);
  expect(flags("default-path config")).toEqual(["-f", "/etc/lb/list"]);
  expect(flags("default-path parent")).toEqual(["-f", "/etc/lb/../list"]);
  expect(flags("default-path origin /x")).toEqual(["-f", "/x/list"]);
});
