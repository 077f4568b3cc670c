/** What mode http needs of a frontend and of a backend, compiled at load (http1/load.ts makes it). */
import type { Backend, Frontend } from "../plane.ts";
import type { Captures } from "../rules/captures.ts";
import type { HttpRules } from "../rules/compile.ts";
import { createErrorPages, type ErrorPages } from "../rules/error_pages.ts";
import { compileForwarded, type Forwarded } from "../rules/forwarded.ts";
import type { Persist } from "../rules/persistence.ts";
import type { AclTest } from "../samples/acl.ts";
import type { Session } from "../session.ts";
import type { FieldName } from "./edit.ts";
import type { StatsSite } from "./stats_page.ts";

/** What stands in a frontend and in a backend alike. */
export interface Side {
  requestRules: HttpRules | null;
  redirects: HttpRules | null;
  responseRules: HttpRules | null;
  stats: StatsSite | null;
  /** Servers are told to close behind each answer (`option http-server-close`, `httpclose`). */
  closesServer: boolean;
}

export interface FrontendHttp extends Side {
  /** ms; Infinity: none. */
  requestMs: number;
  keepAliveMs: number;
  /** Clients may keep their connection (no `option httpclose`). */
  keepsClient: boolean;
  /** A log line or a rule shows the request line. */
  needsLine: boolean;
  logurilen: number;
  monitorUri: string | null;
  monitorFail: AclTest[];
  captures: Captures | null;
  uniqueIdHeader: FieldName | null;
  /** The header or a rule shows it: it is made before the rules run. */
  needsUniqueId: boolean;
  errorPages: ErrorPages;
  /** By index of the backend: what adds X-Forwarded-For and its kin, null: nothing does. Filled when first asked for. */
  forwarded: (Forwarded | null | undefined)[];
}

export interface BackendHttp extends Side {
  /** `retry-on` names more than connection failures: requests are kept until they are answered. */
  retriesAnswers: boolean;
  persist: Persist | null;
  /** May a server that a cookie names get the request? By its index. */
  usable: (server: number) => boolean;
  /** By index of the frontend: the pages of both. Filled when first asked for. */
  errorPages: (ErrorPages | undefined)[];
}

export function forwardedOf(frontend: Frontend, backend: Backend): Forwarded | null {
  const { forwarded } = frontend.http!;
  const made = forwarded[backend.index];
  if (made !== undefined) return made;
  const other = backend.index === frontend.index ? null : backend.proxy.options;
  return forwarded[backend.index] = compileForwarded(frontend.proxy.options, other);
}

/** The error pages for the session: a backend's go before its frontend's. */
export function pagesOf({ frontend, backend }: Session): ErrorPages {
  if (backend === null) return frontend!.http!.errorPages;
  const { errorPages } = backend.http!;
  return errorPages[frontend!.index] ??= createErrorPages(frontend!.proxy.errorPages, backend.proxy.errorPages);
}
