/** The loader as a whole: inheritance, ids, several files, and no cascade of problems. */
import { expect, test } from "bun:test";
import { accepted, listen, loadText, model, NO_CHECKS, testContext, TIMEOUTS } from "../../../test/config_fixture.ts";
import { descriptorShortage } from "./check.ts";
import { loadConfig } from "./load.ts";
import type { Proxy } from "./model.ts";

/** As `show stat` of haproxy 2.6.12 answered for this very text. */
test("ids are those haproxy gives", () => {
  const { proxies } = model([
    "global\n  stats socket /run/x",
    `defaults\n${TIMEOUTS}`,
    "frontend f\n  bind :1,:2\n  bind :3 id 2\n  bind :4-6",
    "backend b\n  id 2\n  server a 1.1.1.1:1\n  server b 1.1.1.1:1 id 1\n  server c 1.1.1.1:1\n  server-template t 3 1.1.1.1:1 id 9",
    "listen l\n  bind :7\n  server a 1.1.1.1:1",
    "backend d\n  disabled\nfrontend g\n  disabled\n  bind :8\nbackend e\n",
  ].join("\n"));
  expect(proxies.map(({ name, id }) => [name, id])).toEqual([["f", 3], ["b", 2], ["l", 5], ["d", 6], ["g", 7], [
    "e",
    8,
  ]]);
  expect(proxies[0]?.binds.map(({ id }) => id)).toEqual([1, 3, 2, 5, 6, 7]);
  expect(proxies[1]?.servers.map(({ name, id }) => [name, id])).toEqual([["a", 2], ["b", 1], ["c", 4], ["t1", 9], [
    "t2",
    6,
  ], ["t3", 7]]);
});

test("without a stats socket the first proxy is number 1", () => {
  expect(model("backend a\nbackend b\n").proxies.map(({ id }) => id)).toEqual([1, 2]);
});

test("an anonymous defaults replaces the one before, a named one is inherited on demand", () => {
  const { proxies } = model(
    [
      "defaults base\n  timeout client 1s\n  timeout connect 1s\n  timeout server 1s\n  retries 7\n  default-server weight 9\n  log stderr user",
      "defaults derived from base\n  retries 8\n  option tcplog",
      "defaults\n  timeout client 3s",
      "frontend a\n  bind :1",
      "listen b from derived\n  bind :2\n  server s 10.0.0.1:80",
      "backend c from base\n  server s 10.0.0.1:80",
    ].join("\n") + "\n",
  );
  const [a, b, c] = proxies as [Proxy, Proxy, Proxy];
  expect(a).toMatchObject({ timeouts: { client: 3000, server: null }, retries: 3, log: { targets: [] } });
  expect(b).toMatchObject({
    timeouts: { client: 1000 },
    retries: 8,
    options: { tcplog: true },
    servers: [{ weight: 9 }],
  });
  // Of the settings of the other side nothing is left.
  expect(c).toMatchObject({
    timeouts: { client: null, server: 1000 },
    retries: 7,
    log: { targets: [{ facility: 1 }] },
  });
});

test("sections may be reopened and spread over files; none goes on in the next file", () => {
  const files = [
    {
      path: "1.cfg",
      text: "global\n  maxconn 5\nbackend b\n  server s 10.0.0.1:80\n" + TIMEOUTS.replace(/.*client.*\n/, ""),
    },
    { path: "2.cfg", text: "global\n  nbthread 2\nfrontend f\n  bind :1\n  timeout client 1s\n  default_backend b\n" },
  ];
  expect(accepted(loadConfig(files, testContext())).global).toMatchObject({ maxconn: 5, nbthread: 2 });
  const lost = loadConfig([files[0] as { path: string; text: string }, {
    path: "2.cfg",
    text: "server t 10.0.0.1:80\n",
  }], testContext());
  expect(lost.diagnostics.list.map(({ message, place }) => `${place?.file} ${message}`)).toEqual([
    "2.cfg unknown keyword 'server' out of section",
  ]);
});

test("log global becomes the global targets, wherever they are declared", () => {
  const { proxies } = model(
    `listen l\n  bind :1\n${TIMEOUTS}  log global\n  log stderr user\nglobal\n  log stdout daemon\n`,
  );
  expect(proxies[0]?.log.targets.map(({ facility }) => facility)).toEqual([3, 1]);
  expect(listen("log stderr user", "no log").log.targets).toEqual([]);
});

test("the model is plain data", () => {
  const found = model(`listen l\n  bind :1\n${TIMEOUTS}  server s 10.0.0.1:80\n`);
  expect(JSON.parse(JSON.stringify(found))).toEqual(found);
});

test("the same target is asked for twice as much as there are connections", () => {
  const found = model("global\n  maxconn 1000\n");
  expect(descriptorShortage(found, 2033)).toBeNull();
  expect(descriptorShortage(found, 2032)).toContain("FD limit (2032) too low for maxconn=1000/maxsock=2033");
});

test("a hook may warn instead of refusing", () => {
  const checks = { ...NO_CHECKS, acl: () => ({ message: "no pattern", offset: 0, severity: "warning" as const }) };
  const loaded = loadText("frontend f\n  bind :1\n  timeout client 1s\n  acl a src\n", { checks });
  expect(accepted(loaded).proxies[0]?.acls).toHaveLength(1);
  expect(loaded.diagnostics.list.map(({ severity, message }) => [severity, message])).toEqual([
    ["warning", "parsing ACL 'a' : no pattern"],
  ]);
});

test("a large file with many mistakes ends soon, each said once", () => {
  const lines = Array.from(
    { length: 3000 },
    (_, i) => `frontend f${i}\n  bind :1\n  timeout client 1s\n  default_backend nowhere${i}\n`,
  );
  expect(loadText(lines.join("")).diagnostics.list).toHaveLength(3000);
});

test("what is not supported yet is said once, with the lines of all files that use it", () => {
  const rule = "  tcp-request content accept\n";
  const lines = Array.from({ length: 12 }, () => `${rule}\n`).join("");
  const { diagnostics } = loadConfig([
    { path: "a", text: `frontend f\n${rule}${rule}` },
    { path: "b", text: `frontend g\n${rule}${lines}` },
  ], testContext());
  expect(diagnostics.list.map(({ message, hint }) => [message, hint])).toEqual([[
    "'tcp-request content' is not supported yet in 'frontend' section",
    "Also on lines 3, b:2-3, b:5, b:7, b:9, b:11, b:13, b:15, b:17, b:19 and 3 more",
  ]]);
});
