/**
 * The result of every kind of answer to every kind of check, as haproxy 2.6 has it: log lines with their levels, columns of
 * `show stat`, and the requests sent.
 */
import { afterAll, expect, test } from "bun:test";
import { cleanUp, HAPROXY } from "../harness/processes.ts";
import { type Behaviour, BEHAVIOURS } from "./behaviours.ts";
import { type Case, COMMON, rowsAtRest, settle, startLab, told } from "./lab.ts";

afterAll(cleanUp);

const behaviour = (name: string): Behaviour => BEHAVIOURS.find((one) => one.name === name)!;
const isUp = (row: Record<string, string>): boolean => row["status"] === "UP" && row["check_health"] === "4";

const HTTP: Case[] = BEHAVIOURS.map((one) => ({
  name: one.name,
  behaviour: one,
  lines: ["option httpchk"],
  server: `${COMMON} ${one.more ?? ""}`,
  ...(one.name === "recovers" ? { settled: isUp } : {}),
  ...(one.name === "stumbles"
    ? { settled: (row: Record<string, string>) => row["chkfail"] === "1" && row["check_health"] === "4" }
    : {}),
}));

/** Lines of the backend, separated by semicolons, and how its server answers. */
const KINDS: readonly [lines: string, behaviour: string, server?: string][] = [
  ["", "refused"],
  ["", "ok"],
  ["", "mute"],
  ["option tcp-check", "ok"],
  ["option tcp-check", "refused"],
  ["option tcp-check;tcp-check connect", "refused"],
  ["option tcp-check;tcp-check connect", "ok"],
  ["option tcp-check;tcp-check connect;tcp-check send x", "ok"],
  ["option tcp-check;tcp-check expect string SSH-", "mute"],
  ["option tcp-check;tcp-check expect rstring SSH-", "mute"],
  ["option tcp-check;tcp-check expect binary 5353", "mute"],
  ["option tcp-check;tcp-check expect string SSH-", "xinetd"],
  ["option tcp-check;tcp-check expect string HTTP", "xinetd"],
  ["option tcp-check;tcp-check expect rstring ^HTTP/1", "xinetd"],
  ["option tcp-check;tcp-check expect rstring ^SSH", "xinetd"],
  ["option tcp-check;tcp-check expect binary 48545450", "xinetd"],
  ["option tcp-check;tcp-check expect binary 5353", "xinetd"],
  ["option tcp-check;tcp-check expect ! string 503", "xinetd"],
  ["option tcp-check;tcp-check expect ! string 200", "xinetd"],
  ["option tcp-check;tcp-check expect ! rstring 50[0-9]", "xinetd"],
  ["option tcp-check;tcp-check connect;tcp-check send PING\\r\\n\\r\\n;tcp-check expect string +PONG", "garbage"],
  ["option tcp-check;tcp-check connect;tcp-check send PING\\r\\n\\r\\n;tcp-check expect string SSH", "garbage"],
  ["option tcp-check;tcp-check connect;tcp-check send PING\\r\\n\\r\\n;tcp-check expect string +PONG", "empty"],
  ["option tcp-check;tcp-check connect;tcp-check send PING\\r\\n\\r\\n;tcp-check expect string +PONG", "reset"],
  ["option tcp-check;tcp-check send-binary 50494e470d0a0d0a;tcp-check expect binary 5353482d", "garbage"],
  ["option tcp-check;tcp-check expect string HTTP;tcp-check expect string 503", "xinetd"],
  ["option tcp-check;tcp-check expect string HTTP;tcp-check expect string 504", "xinetd"],
  ["option httpchk GET /x HTTP/1.1;http-check send hdr Host www body hello;http-check expect status 404", "missing"],
  ["option httpchk;http-check expect status 200", "missing"],
  ["option httpchk;http-check expect status 200-299,404", "missing"],
  ["option httpchk;http-check expect ! status 404", "missing"],
  ["option httpchk;http-check expect rstatus ^2", "missing"],
  ["option httpchk;http-check expect rstatus ^[24]", "missing"],
  ["option httpchk;http-check expect ! rstatus ^4", "missing"],
  ["option httpchk;http-check expect string MySQL", "unavailable"],
  ["option httpchk;http-check expect string nothere", "unavailable"],
  ["option httpchk;http-check expect ! string MySQL", "unavailable"],
  ["option httpchk;http-check expect ! string nothere", "unavailable"],
  ["option httpchk;http-check expect rstring My.*down", "unavailable"],
  ["option httpchk;http-check expect rstring My.*up", "unavailable"],
  ["option httpchk;http-check expect string nothere", "kept"],
  ["option httpchk;http-check expect string nothere", "ok"],
  ["option httpchk;http-check expect status 503;http-check expect string MySQL", "unavailable"],
  ["option httpchk;http-check expect string alright", "chunked"],
  ["option httpchk;http-check expect string alleft", "chunked"],
  ["option httpchk;http-check expect string needle", "huge-body"],
  ["option httpchk;http-check expect string xxxx", "huge-body"],
  ["option httpchk;http-check expect ! string xxxx", "huge-body"],
  ["option httpchk;http-check expect string x", "endless-head"],
  ["option tcp-check;tcp-check expect string needle", "huge-body"],
  ["option tcp-check;tcp-check send \\r\\n\\r\\n;tcp-check expect string needle", "huge-body"],
  ["option httpchk;http-check disable-on-404", "missing"],
  ["option httpchk;http-check expect status 200;http-check disable-on-404", "missing"],
  ["option httpchk;option log-health-checks", "missing"],
  ["option httpchk;option log-health-checks", "ok"],
  ["option log-health-checks", "refused"],
  ["option httpchk;option log-health-checks;http-check disable-on-404", "missing"],
  ["option httpchk;option log-health-checks", "missing", `${COMMON} backup`],
  ["option httpchk", "missing", "check inter 300ms rise 1 fall 1"],
  ["option httpchk", "ok", "check inter 300ms rise 5 fall 7"],
  ["option httpchk", "ok", `${COMMON} weight 0`],
  ["option httpchk;option log-health-checks", "missing", `${COMMON} weight 0`],
  ["option tcp-check;option httpchk", "missing"],
];

const CASES: Case[] = [
  ...HTTP,
  ...KINDS.map(([lines, name, server], i): Case => ({
    name: `kind${i}`,
    behaviour: behaviour(name),
    lines: lines === "" ? [] : lines.split(";"),
    ...(server === undefined ? {} : { server }),
  })),
];

test.if(HAPROXY !== null)("each check comes to what it comes to with haproxy", async () => {
  await using theirs = await startLab(CASES, HAPROXY!);
  await settle(theirs, CASES);
  await using ours = await startLab(CASES);
  await settle(ours, CASES);
  const [hers, mine] = [await rowsAtRest(theirs), await rowsAtRest(ours)];
  const tell = (lab: typeof ours, rows: Map<string, Record<string, string>>) =>
    CASES.map(({ name, lines = [] }) => ({
      what: `${name}: ${lines.join("; ")}`,
      lines: lab.linesOf(name),
      server: told(rows.get(`${name}/s`)!),
      backend: told(rows.get(`${name}/BACKEND`)!),
      request: lab.site.requests.get(name)![0],
    }));
  expect(tell(ours, mine)).toEqual(tell(theirs, hers));
}, 60_000);

const REQUESTS: readonly string[] = [
  "option httpchk GET /x",
  "option httpchk GET /x HTTP/1.1",
  "option httpchk GET /x HTTP/1.1;http-check send hdr Host www body hello",
  "option httpchk;http-check send meth PUT uri /a ver HTTP/1.1 hdr X-A b hdr Connection keep-alive",
  "option httpchk;http-check send hdr Content-Length 3 hdr x Y body abcd",
  "option httpchk GET / foo",
  "option httpchk /only",
  "option httpchk GET /y;http-check send meth HEAD",
  "http-check send meth HEAD;option httpchk GET /y",
  "option httpchk;http-check send body xx",
  "option httpchk GET http://foo/x HTTP/1.1;http-check send hdr Host www",
  "option httpchk GET / HTTP/1.1\\r\\nHost:\\ old",
];

test.if(HAPROXY !== null)("the requests are haproxy's", async () => {
  const cases = REQUESTS.map((lines, i): Case => ({
    name: `request${i}`,
    behaviour: behaviour("ok"),
    lines: lines.split(";"),
  }));
  await using theirs = await startLab(cases, HAPROXY!);
  await settle(theirs, cases);
  await using ours = await startLab(cases);
  await settle(ours, cases);
  for (const [i, { name }] of cases.entries()) {
    const [mine, hers] = [ours, theirs].map((lab) => lab.site.requests.get(name)![0]);
    expect([REQUESTS[i], mine]).toEqual([REQUESTS[i], hers]);
  }
}, 60_000);
