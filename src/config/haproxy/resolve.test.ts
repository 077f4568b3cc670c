/** Names become addresses as `init-addr` says: the answers come from a table here, the network is not asked. */
import { expect, test } from "bun:test";
import { loadText } from "../../../test/config_fixture.ts";
import { type Address, resolveNames } from "./resolve.ts";

const ANSWERS: Readonly<Record<string, Address>> = {
  "db.example": { host: "10.0.0.7", family: 4 },
  "six.example": { host: "fd00::7", family: 6 },
};

async function resolve(lines: string[]) {
  const text = `listen l\n  bind :1\n  timeout client 1s\n  timeout server 1s\n  timeout connect 1s\n${
    lines.map((line) => `  ${line}\n`).join("")
  }`;
  const loaded = loadText(text);
  const asked: string[] = [];
  await resolveNames(loaded, (name, family) => {
    asked.push(`${name}/${family}`);
    const answer = ANSWERS[name];
    return Promise.resolve(answer !== undefined && (family === 0 || family === answer.family) ? answer : null);
  });
  const said = loaded.diagnostics.list.map(({ severity, message }) => `${severity}: ${message}`);
  return { asked, said, proxy: loaded.model?.proxies[0] };
}

const servers: [line: string, host: string, said: string[], disabled?: boolean][] = [
  ["server s db.example:80", "10.0.0.7", []],
  ["server s six.example:80", "fd00::7", []],
  ["server s ipv4@six.example:80", "", ["alert: 'server l/s' : could not resolve address 'six.example'."]],
  ["server s no.example:80", "", ["alert: 'server l/s' : could not resolve address 'no.example'."]],
  ["server s no.example:80 init-addr last,libc,none", "", [
    "warning: 'server l/s' : could not resolve address 'no.example', disabling server.",
  ], true],
  ["server s no.example:80 init-addr none", "", [], true],
  ["server s no.example:80 init-addr libc,10.9.9.9", "10.9.9.9", [
    "warning: 'server l/s' : could not resolve address 'no.example', falling back to configured address.",
  ]],
  ["server s db.example:80 init-addr 10.9.9.9,libc", "10.9.9.9", []],
];
test.each(servers)("%s", async (line, host, said, disabled = false) => {
  const found = await resolve([line]);
  expect(found.said).toEqual(said);
  expect(found.proxy?.servers[0]).toMatchObject({ address: { host }, disabled });
});

test("each name is asked for once", async () => {
  const found = await resolve(["server-template s 50 db.example:80", "server t db.example:81", "source db.example"]);
  expect(found.asked).toEqual(["db.example/0"]);
  expect(found.proxy?.servers.every(({ address }) => address.kind === "ip" && address.host === "10.0.0.7")).toBe(true);
  expect(found.proxy?.source?.host).toBe("10.0.0.7");
});

test("names of log targets and listening addresses", async () => {
  const found = await resolve(["log db.example local0", "bind six.example:9", "log no.example local0"]);
  expect(found.proxy?.log.targets[0]?.to).toEqual({ kind: "udp", host: "10.0.0.7", port: 514, family: 4 });
  expect(found.proxy?.binds[1]?.address).toEqual({ kind: "ip", family: 6, host: "fd00::7", port: 9 });
  expect(found.said).toEqual(["alert: log : could not resolve address 'no.example'."]);
});

test("a name in defaults is resolved for all who inherit it", async () => {
  const loaded = loadText("defaults\n  source db.example\n  log db.example daemon\nbackend a\nbackend b\n");
  await resolveNames(loaded, () => Promise.resolve({ host: "10.0.0.7", family: 4 }));
  expect(loaded.model?.proxies.map(({ source }) => source?.host)).toEqual(["10.0.0.7", "10.0.0.7"]);
  expect(loaded.model?.proxies[1]?.log.targets[0]?.to).toMatchObject({ host: "10.0.0.7" });
});

test("a proxy that does not start asks nothing", async () => {
  expect((await resolve(["server s db.example:80", "disabled"])).asked).toEqual([]);
});
