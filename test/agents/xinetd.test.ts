/** xinetd's service blocks run as they are: a script like clustercheck for each connection, within the limits of its block. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect, exchange } from "../harness/client.ts";
import { waitFor } from "../harness/conditions.ts";
import { freePort } from "../harness/ports.ts";
import { isAlive } from "../harness/proc.ts";
import { cleanUp, temporaryDirectory } from "../harness/processes.ts";
import { type Agent, runToEnd, started } from "./agent_lab.ts";

afterAll(cleanUp);

/** As the scripts are: bare answers, the request is never read. */
const SCRIPT = `#!/bin/sh
case "$(cat "$STATE")" in
synced)
    printf 'HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\nContent-Length: 40\\r\\nConnection: close\\r\\n\\r\\n'
    printf 'Percona XtraDB Cluster Node is synced.\\r\\n'
    # The last of the answer must have left before the connection is closed upon an unread request.
    sleep 0.1
    exit 0 ;;
*)
    printf 'HTTP/1.1 503 Service Unavailable\\r\\nContent-Type: text/plain\\r\\nContent-Length: 44\\r\\nConnection: close\\r\\n\\r\\n'
    printf 'Percona XtraDB Cluster Node is not synced.\\r\\n'
    sleep 0.1
    exit 1 ;;
esac
`;

const TELL = `#!/bin/sh
id -u; id -g; id -G
echo "$0 $*"
echo "$NAME $REMOTE_HOST $(env | grep -c ^SECRET_OF_THE_AGENT)"
umask; nice; pwd
echo "on stderr" >&2
echo "heard $(head -n 1)"
`;

let directory: string;
let state: string;

function script(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

beforeAll(() => {
  directory = temporaryDirectory();
  chmodSync(directory, 0o755);
  state = join(directory, "state");
  writeFileSync(state, "synced");
  script("clustercheck", SCRIPT);
  script("tell", TELL);
  script("wait", "#!/bin/sh\nexec cat\n");
});

/** A file of blocks as Debian's packages bring them. */
async function run(service: string, port: number, lines: string, env = {}): Promise<Agent> {
  const folder = temporaryDirectory();
  const text = `service ${service}
{
        flags           = REUSE
        type            = UNLISTED
        socket_type     = stream
        port            = ${port}
        wait            = no
        user            = nobody
${lines}
}
`;
  writeFileSync(join(folder, service), text);
  writeFileSync(join(folder, `${service}.dpkg-old`), "no configuration");
  return await started(["agent", "--config", folder], port, env);
}

test("a script like clustercheck answers curl", async () => {
  const lines = `server = ${directory}/clustercheck
    env = STATE=${state}
    disable = no
    log_on_failure += USERID
    only_from = 0.0.0.0/0
    per_source = UNLIMITED`;
  const agent = await run("mysqlchk", freePort(), lines);
  expect(await agent.ask()).toBe("200 Percona XtraDB Cluster Node is synced.");
  writeFileSync(state, "donor");
  expect(await agent.ask()).toBe("503 Percona XtraDB Cluster Node is not synced.");
  expect(agent.running.stderr()).toContain(":12:23\n");
  expect(agent.running.stderr()).toContain("USERID is not logged");
  expect(await agent.running.stop("SIGTERM")).toBe(0);
});

test("who the program is, and what it is given", async () => {
  const lines = `server = ${directory}/tell
    server_args = one two
    env = NAME=value
    passenv = PATH
    umask = 077
    nice = 3
    log_type = FILE ${directory}/log
    log_on_success = PID HOST EXIT DURATION`;
  const agent = await run("tell", freePort(), lines, { SECRET_OF_THE_AGENT: "x" });
  const peer = await connect(agent.port);
  // The program waits in its read before anything has come: the socket must be one that waits.
  await waitFor(() => peer.received().includes("on stderr"), "the program to have told");
  peer.send("hello\n");
  await peer.untilEnded();
  expect(peer.received().split("\n")).toEqual([
    ...["65534", "65534", "65534"],
    `${directory}/tell one two`,
    "value 127.0.0.1 0",
    ...["0077", "3", "/", "on stderr", "heard hello", ""],
  ]);
  const log = await waitFor(() => {
    const text = readFileSync(join(directory, "log"), "latin1");
    return text.includes("EXIT") && text;
  }, "the end to be logged");
  expect(log).toMatch(
    /^\d\d\/\d+\/\d+@[\d:]{8}: START: tell pid=(\d+) from=127\.0\.0\.1\n.*: EXIT: tell status=0 pid=\1 duration=0\(sec\)\n$/,
  );
});

test("only_from, no_access, per_source and instances", async () => {
  const lines = `server = ${directory}/wait
    only_from = 127.0.0.0 10.0.0.{1,2}
    no_access = 127.0.0.9
    per_source = 1
    instances = 2
    log_on_failure = HOST`;
  const agent = await run("limited", freePort(), lines);
  const from = (address: string) => connect({ port: agent.port, from: address });
  const failures = (): string[] => agent.running.stderr().match(/FAIL: .*/g) ?? [];
  const first = await from("127.0.0.1");
  first.send("kept\n");
  await waitFor(() => first.received() === "kept\n", "the first to be served");
  await (await from("127.0.0.9")).untilEnded();
  await (await from("127.0.0.1")).untilEnded();
  const second = await from("127.0.0.2");
  second.send("kept\n");
  await waitFor(() => second.received() === "kept\n", "the second to be served");
  await (await from("127.0.0.3")).untilEnded();
  await waitFor(() => failures().length === 3, "three lines");
  expect(failures()).toEqual([
    "FAIL: limited address from=127.0.0.9",
    "FAIL: limited per_source_limit from=127.0.0.1",
    "FAIL: limited service_limit from=127.0.0.3",
  ]);
  // Its end gives the place back.
  first.shutdown();
  await first.untilEnded();
  await waitFor(async () => await exchange({ port: agent.port, from: "127.0.0.3" }, "now\n") === "now\n", "a place");
  second.close();
});

test("more connections per second than cps are refused for a while", async () => {
  const agent = await run("fast", freePort(), `server = ${directory}/wait\n cps = 3 1\n log_on_failure = ATTEMPT`);
  const answers: string[] = [];
  for (let i = 0; i < 6; i++) answers.push(await exchange(agent.port, `${i}`).catch(() => ""));
  expect(answers).toEqual(["0", "1", "2", "", "", ""]);
  expect(agent.running.stderr().match(/refuses for 1 s/g)).toHaveLength(1);
  await waitFor(async () => await exchange(agent.port, "x").catch(() => "") === "x", "the service to be back");
});

test("SIGTERM ends the programs, too", async () => {
  const agent = await run("ended", freePort(), `server = ${directory}/wait\n log_on_success = PID`);
  const peer = await connect(agent.port);
  const pid = await waitFor(() => Number(/START: ended pid=(\d+)/.exec(agent.running.stderr())?.[1]), "its start");
  expect(isAlive(pid)).toBe(true);
  expect(await agent.running.stop("SIGTERM")).toBe(0);
  expect(isAlive(pid)).toBe(false);
  expect(await peer.untilEnded()).not.toBe("open");
  peer.close();
});

test("a program that is not there is a line, and a closed connection", async () => {
  const agent = await run("missing", freePort(), `server = ${directory}/none\n log_on_failure = HOST`);
  expect(await exchange(agent.port, "x").catch(() => "")).toBe("");
  expect(agent.running.stderr()).toMatch(
    /missing: cannot start .*\/none: ENOENT.*\n.*FAIL: missing fork from=127.0.0.1/,
  );
});

test("-c: what is wrong, with its place; an address in use is an error at the start", async () => {
  const folder = temporaryDirectory();
  const good =
    `service x\n{\n type = UNLISTED\n port = 1\n socket_type = stream\n wait = no\n user = nobody\n server = /bin/true\n`;
  writeFileSync(join(folder, "good"), `${good}}\n`);
  expect(await runToEnd(["agent", "-c", "--config", join(folder, "good")])).toEqual({
    code: 0,
    stdout: "",
    stderr: "",
  });
  mkdirSync(join(folder, "d"));
  writeFileSync(join(folder, "d", "bad"), `${good} prot = tcp\n redirect = 10.0.0.1 80\n}\n`);
  const { code, stderr } = await runToEnd(["agent", "--config", join(folder, "d"), "-c"]);
  expect(code).toBe(1);
  expect(stderr).toContain(`/bad:9:2\n   |  prot = tcp\n   |  ^^^^\n   | Did you mean "port"?\n`);
  expect(stderr).toContain(`/bad:10] : "redirect" is not supported yet\n`);
  const port = freePort();
  using taken = Bun.listen({ hostname: "127.0.0.1", port, socket: { data() {} } });
  writeFileSync(join(folder, "good"), `${good.replace("port = 1", `port = ${taken.port}`)}}\n`);
  const busy = await runToEnd(["agent", "--config", join(folder, "good")]);
  expect(busy).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/Cannot listen on port \d+ for service "x": .*EADDRINUSE/),
  });
});
