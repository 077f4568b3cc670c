/** Lines about health checks for config-keywords.test.ts, and where we differ from haproxy in them. */

export const CHECK_LINES = [
  ...["option httpchk", "option httpchk /x", "option httpchk GET /x", "option httpchk GET /x HTTP/1.1"],
  ...["option httpchk GET /x HTTP/1.1 more", "no option httpchk", "option tcp-check", "option tcp-check x"],
  ...["no option tcp-check", "option log-health-checks", "no option log-health-checks", "option log-health-checks x"],
  ...["http-check", "http-check bogus", "http-check disable-on-404", "http-check disable-on-404 x", "http-check send"],
  "http-check send meth GET uri /x ver HTTP/1.1 hdr Host www body x",
  ...["http-check send meth", "http-check send hdr Host", "http-check send bogus x"],
  ...["http-check expect", "http-check expect status", "http-check expect status 200,300-310"],
  ...["http-check expect status 2xx", "http-check expect ! status 404", "http-check expect !status 404"],
  ...["http-check expect rstatus ^2", "http-check expect string ok"],
  ...["http-check expect rstring o.k", "http-check expect bogus x", "http-check expect string a b"],
  ...[],
  ...["tcp-check", "tcp-check bogus", "tcp-check connect", "tcp-check connect port 80", "tcp-check connect port 0"],
  ...["tcp-check connect bogus", "tcp-check send PING", "tcp-check send", "tcp-check send a b"],
  ...["tcp-check send-binary 50", "tcp-check send-binary 5", "tcp-check send-binary zz", "tcp-check send-binary"],
  ...["tcp-check expect", "tcp-check expect string", "tcp-check expect string x", "tcp-check expect ! string x"],
  ...["tcp-check expect rstring x", "tcp-check expect binary 50"],
  ...["tcp-check expect binary zz", "tcp-check expect bogus x"],
];

export const CHECK_SERVER_LINES = [
  ...["addr 10.0.0.1", "addr 10.0.0.1:90", "addr", "port 90", "port 70000", "port", "check addr 10.0.0.1 port 90"],
];

export const CHECK_GLOBAL_LINES = [
  ...["spread-checks", "spread-checks 51", "spread-checks -1", "spread-checks 5 6", "spread-checks 5"],
  ...["max-spread-checks 5s", "max-spread-checks 100", "max-spread-checks", "max-spread-checks x"],
];

export const CHECK_DIFFERENCES: Readonly<Record<string, readonly [ours: string, reason: string]>> = {
  "server s 127.0.0.1:80 port 70000": ["rrrrr", "there is no such port, and 2.6 takes another"],
};
