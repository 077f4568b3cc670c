/**
 * What -v, -vv and their quiet forms print on stdout.
 *
 * Our own name comes first; the lines after it are those that scripts look for in haproxy's output:
 * "HAProxy version", "TARGET  =", "OPTIONS =", "Feature list :", "Available services :", in this order.
 */
import { featureList } from "../config/haproxy/features.ts";
import { BUILD, LANGUAGE_VERSION, VERSION } from "../version.ts";
import type { Invocation } from "./invocation.ts";

export function versionText(which: NonNullable<Invocation["version"]>): string {
  switch (which) {
    case "short":
      return short();
    case "full":
      return short() + details();
    // Ours has no suffix behind the three numbers, so that both forms are one.
    case "number":
    case "numberShort":
      return `${LANGUAGE_VERSION}\n`;
    case "branch":
      return `${LANGUAGE_VERSION.split(".").slice(0, 2).join(".")}\n`;
  }
}

function short(): string {
  return `Appliance version ${VERSION} ${BUILD.date}
HAProxy version ${LANGUAGE_VERSION} ${BUILD.date} - https://www.haproxy.org/
Status: not HAProxy: the second line names the level of its language and interfaces that this program implements.
`;
}

function details(): string {
  return `Running on: ${process.platform} ${process.arch}
Build options :
  TARGET  = linux-glibc
  CPU     = ${BUILD.target}
  CC      = Bun ${Bun.version}+${Bun.revision.slice(0, 9)}
  CFLAGS  = ${BUILD.options}
  OPTIONS =
  COMMIT  = ${BUILD.commit}

Feature list : ${featureList()}

Built with Bun version : ${Bun.version}
Running on Bun version : ${Bun.version}
Built with TLS library version : BoringSSL ${process.versions["boringssl"] ?? ""}

Available polling systems :
      epoll : pref=300,  test result OK
Total: 1 (1 usable), will use epoll.

Available multiplexer protocols :
  <default> : mode=TCP   side=FE|BE  mux=PASS  flags=

Available services : none
Available filters : none
`;
}
