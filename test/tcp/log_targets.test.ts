/**
 * Where log lines go: the same exchanges through haproxy and through the program under test, and each target must get the
 * same lines: UDP, a unix datagram socket as /dev/log is, standard output, samples, levels, lines left out.
 */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { connect } from "../harness/client.ts";
import { waitFor } from "../harness/conditions.ts";
import { freePort, freePorts } from "../harness/ports.ts";
import { APPLIANCE, cleanUp, HAPROXY, start, temporaryDirectory, UNDER_TEST_IS_HAPROXY } from "../harness/processes.ts";
import { behaviours, startServer } from "../harness/servers.ts";
import { startSyslog } from "../harness/syslog.ts";

setDefaultTimeout(60_000);
afterAll(cleanUp);

interface DatagramReceiver extends AsyncDisposable {
  readonly lines: string[];
}

/** Neither Bun nor Node has unix datagram sockets. */
async function startUnixSyslog(path: string): Promise<DatagramReceiver> {
  const script = `
    use Socket; $| = 1;
    socket(my $s, PF_UNIX, SOCK_DGRAM, 0) or die $!;
    bind($s, sockaddr_un($ARGV[0])) or die $!;
    print "ready\\n";
    while (defined recv($s, my $line, 65536, 0)) { $line =~ s/\\n//g; print "$line\\n" }
  `;
  const child = Bun.spawn(["perl", "-e", script, path], { stdout: "pipe", stderr: "inherit" });
  const lines: string[] = [];
  let rest = "";
  void (async () => {
    for await (const chunk of child.stdout) {
      const parts = (rest + new TextDecoder().decode(chunk)).split("\n");
      rest = parts.pop() ?? "";
      lines.push(...parts);
    }
  })();
  await waitFor(() => lines[0] === "ready", "the receiver to listen");
  lines.shift();
  return {
    lines,
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.exited;
    },
  };
}

const FORMAT = `log-format "%ft %b/%s %B %U %ts %ID"`;
/** Priority and text; the header's date, name and pid are left out. */
const told = (line: string) => line.replace(/^(<\d+>)?.*?\]: /, "$1").trimEnd();

async function play(program: string): Promise<Record<string, string[]>> {
  const folder = temporaryDirectory();
  const path = join(folder, "log");
  await using server = startServer(behaviours.echo());
  await using all = await startSyslog();
  await using errors = await startSyslog();
  await using sampled = await startSyslog();
  await using unix = await startUnixSyslog(path);
  const [plain = 0, quiet = 0, separate = 0, refused = 0] = freePorts(4);
  await using running = await start(
    `
global
  nbthread 1
  log 127.0.0.1:${all.port} local0
  log 127.0.0.1:${errors.port} local1 err
  log 127.0.0.1:${sampled.port} sample 1,3:3 local2 info
  log ${path} local3 notice notice
  log stdout format raw daemon
defaults
  mode tcp
  log global
  ${FORMAT}
  timeout connect 5s
  timeout client 10s
  timeout server 10s
listen plain
  bind 127.0.0.1:${plain}
  unique-id-format id-%ft-%b
  server s1 127.0.0.1:${server.port}
listen quiet
  bind 127.0.0.1:${quiet}
  option dontlognull
  option dontlog-normal
  server s1 127.0.0.1:${server.port}
listen separate
  bind 127.0.0.1:${separate}
  option log-separate-errors
  server s1 127.0.0.1:${server.port}
listen refused
  bind 127.0.0.1:${refused}
  option log-separate-errors
  retries 0
  server s1 127.0.0.1:${freePort()}
`,
    { program, ready: [plain, quiet, separate, refused] },
  );
  const ours = (lines: readonly string[]) =>
    lines.map(told).filter((line) => /(plain|quiet|separate|refused)\//.test(line));
  let count = 0;
  const visit = async (port: number, text: string, logged: boolean) => {
    const client = await connect(port);
    if (text !== "") client.send(text);
    await client.untilBytes(text.length);
    if (port !== refused) client.shutdown();
    await client.untilEnded();
    client.close();
    if (logged) count++;
    await waitFor(() => ours(all.lines).length === count, () => `${count} lines; there are ${all.lines}`);
  };
  for (let i = 0; i < 6; i++) await visit(plain, "ping".repeat(i + 1), true);
  await visit(quiet, "ping", false);
  await visit(separate, "ping", true);
  await visit(refused, "", true);
  await visit(plain, "last", true);
  await waitFor(() => ours(unix.lines).length > 0 && ours(running.stdout().split("\n")).length === count, "all lines");
  return {
    all: ours(all.lines),
    errors: ours(errors.lines),
    sampled: ours(sampled.lines),
    unix: ours(unix.lines),
    stdout: ours(running.stdout().split("\n")),
  };
}

test("each target gets what it is to get", async () => {
  const tested = await play(APPLIANCE);
  expect(tested["all"]!.length).toBe(9);
  expect(tested["all"]![0]).toBe("<134>plain plain/s1 4 4 -- id-plain-plain");
  expect(tested["stdout"]!.length).toBe(9);
  if (HAPROXY !== null && !UNDER_TEST_IS_HAPROXY) expect(tested).toEqual(await play(HAPROXY));
});
