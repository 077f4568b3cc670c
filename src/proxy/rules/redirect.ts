/**
 * Redirects (configuration.txt, "redirect"): where to, by location, prefix or scheme, and the answer that says so.
 */
import type { Redirect } from "../../config/haproxy/model.ts";
import { type LineBuffer, lineBuffer, putBytes, putText } from "../../logs/line_buffer.ts";
import { fieldName, fieldValue, findField } from "../http1/edit.ts";
import type { Head } from "../http1/head.ts";
import type { SampleContext } from "../samples/context.ts";
import { pathStart, queryMark } from "../samples/http/uri.ts";
import type { Scope } from "../samples/types.ts";
import type { Act } from "./actions.ts";
import { ending, newReply, NOTHING, type Termination } from "./replies.ts";
import type { RuleSite } from "./site.ts";
import { compileText, type RuleText } from "./text.ts";

const REASONS: Readonly<Record<Redirect["code"], string>> = {
  301: "Moved Permanently",
  302: "Found",
  303: "See Other",
  307: "Temporary Redirect",
  308: "Permanent Redirect",
};

/** Browsers may keep the others. */
const NOT_CACHED: readonly number[] = [302, 303, 307];
const SLASH = 0x2f;
const HOST = fieldName("host");

type Put = (context: SampleContext, head: Head, out: LineBuffer) => void;

/** Where redirects are composed: one at a time. */
let out: LineBuffer = lineBuffer(0);

export function compileRedirect(redirect: Redirect, termination: Termination, site: RuleSite, scope: Scope): Act {
  const { code, setCookie, ignoreEmpty, kind } = redirect;
  const text = compileText(redirect.format, site, scope);
  const put = LOCATIONS[kind](redirect, text);
  const before = `HTTP/1.1 ${code} ${REASONS[code]}\r\ncontent-length: 0\r\nlocation: `;
  const behind = `\r\n${NOT_CACHED.includes(code) ? "cache-control: no-cache\r\n" : ""}` +
    (setCookie === null ? "" : `set-cookie: ${setCookie}\r\n`);
  const reply = newReply(code, termination, false);
  const overflow = ending(termination);
  if (out.bytes.length < site.bufsize) out = lineBuffer(site.bufsize);
  return (context, head) => {
    out.at = 0;
    putText(out, before);
    put(context, head, out);
    if (ignoreEmpty && kind === "location" && out.at === before.length) return null;
    putText(out, behind);
    if (out.at >= out.bytes.length) return overflow(site.errorPage(context, 500));
    reply.set(out, NOTHING);
    return reply;
  };
}

const LOCATIONS: Readonly<Record<Redirect["kind"], (redirect: Redirect, text: RuleText) => Put>> = {
  location: (_, text) => (context, _head, out) => text.put(context, out),
  prefix(redirect, text) {
    // To the same place, for instance to set a cookie.
    const same = text.constant === "/";
    return (context, head, out) => {
      const from = out.at;
      if (!same) text.put(context, out);
      putPath(redirect, head, out, from);
    };
  },
  scheme: (redirect, text) => (context, head, out) => {
    const from = out.at;
    text.put(context, out);
    putText(out, "://");
    putText(out, hostOf(head));
    putPath(redirect, head, out, from);
  },
};

/** Path and query of the request, "/" where there is none. @param from where the location begins */
function putPath({ dropQuery, appendSlash }: Redirect, head: Head, out: LineBuffer, from: number): void {
  const { bytes, uriAt, uriEnd } = head;
  const at = pathStart(bytes, uriAt, uriEnd);
  if (at < 0) putText(out, "/");
  else putBytes(out, bytes, at, dropQuery ? queryMark(bytes, at, uriEnd) : uriEnd);
  if (appendSlash && out.at > from && out.bytes[out.at - 1] !== SLASH) putText(out, "/");
}

/** The first one, of a list the first value. */
function hostOf(head: Head): string {
  const index = findField(head, HOST, 0);
  return index < 0 ? "" : fieldValue(head, index).split(",", 1)[0]!.trim();
}
