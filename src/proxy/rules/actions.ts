/**
 * The actions of `http-request` and `http-response`, one compiler each: what can be decided at load is, and what is left
 * is one function from a message to what becomes of it.
 */
import type { HttpAction } from "../../config/haproxy/model.ts";
import { deleteField, fieldName, setMethod, setStatus } from "../http1/edit.ts";
import { type Head, METHOD } from "../http1/head.ts";
import type { SampleContext } from "../samples/context.ts";
import { asString, compileExpression } from "../samples/expression.ts";
import type { Scope } from "../samples/types.ts";
import type { ErrorReply } from "./error_pages.ts";
import { addTo, deleteMatching, rewriteFields, setTo } from "./fields.ts";
import { reasonOf } from "./reasons.ts";
import { compileRedirect } from "./redirect.ts";
import { compileReply, ending } from "./replies.ts";
import { type RuleKind, type RuleSite, settingFor } from "./site.ts";
import { compileText } from "./text.ts";
import { setPath, setQuery, setTarget } from "./uri.ts";

/** Go on with the next rule; end this list of rules; or answer. */
export type Outcome = null | "stop" | ErrorReply;
export type Act = (context: SampleContext, head: Head) => Outcome;

export interface Place {
  site: RuleSite;
  scope: Scope;
  kind: RuleKind;
}

/** The member of the union that has this kind, perhaps among others. */
export type ActionOf<K, A = HttpAction> = A extends { kind: infer J } ? (K extends J ? A : never) : never;

type Compile<K> = (action: ActionOf<K>, place: Place) => Act;

/** Changes a message; false: there is no room for what it wants to write. */
type Edit = (context: SampleContext, head: Head) => boolean;

/** What has no room is not left out in silence: haproxy's strict mode answers 500. */
function edit(change: Edit, { site, kind }: Place): Act {
  const end = ending(denied(kind));
  return (context, head) => change(context, head) ? null : end(site.errorPage(context, 500));
}

const denied = (kind: RuleKind) => kind === "request" ? "PR" : "PH";
const answered = (kind: RuleKind) => kind === "request" ? "LR" : "LH";

const ACTIONS: { [K in HttpAction["kind"]]: Compile<K> } = {
  allow: () => () => "stop",
  "set-header": ({ name, format }, place) =>
    edit(setTo(fieldName(name.toLowerCase()), compileText(format, place.site, place.scope), place.kind), place),
  "add-header": ({ name, format }, place) =>
    edit(addTo(fieldName(name.toLowerCase()), compileText(format, place.site, place.scope), place.kind), place),
  "del-header": delHeader,
  "replace-header": (action, place) => edit(rewriteFields(action, false, place), place),
  "replace-value": (action, place) => edit(rewriteFields(action, true, place), place),
  "set-method": ({ format }, place) => {
    const text = compileText(format, place.site, place.scope);
    return edit((context, head) => {
      if (!setMethod(head, text.string(context))) return false;
      // What the answer looks like depends on the request that the server sees.
      if (context.exchange !== null) context.exchange.method = head.method;
      return true;
    }, place);
  },
  "set-path": ({ format }, place) => line(format, place, (head, text) => setPath(head, text, false)),
  "set-pathq": ({ format }, place) => line(format, place, (head, text) => setPath(head, text, true)),
  "set-query": ({ format }, place) => line(format, place, setQuery),
  "set-uri": ({ format }, place) => line(format, place, setTarget),
  "set-status": ({ status, reason }, place) => {
    const phrase = reason ?? reasonOf(status);
    return edit((context, head) => {
      const { exchange } = context;
      if (exchange !== null) {
        // The status alone has said that there is no body: now the end of the connection must.
        if (isBodiless(head.status) && exchange.method !== METHOD.HEAD) exchange.keepClient = false;
        exchange.status = status;
      }
      return setStatus(head, status, phrase);
    }, place);
  },
  capture,
  deny: ({ reply }, { site, scope, kind }) => compileReply(reply, denied(kind), site, scope),
  return: ({ reply }, { site, scope, kind }) => compileReply(reply, answered(kind), site, scope),
  redirect: ({ redirect }, { site, scope, kind }) => compileRedirect(redirect, answered(kind), site, scope),
};

export function compileAction<K extends HttpAction["kind"]>(
  action: ActionOf<K>,
  place: Place,
): Act {
  const compile = ACTIONS[action.kind as K] as Compile<K>;
  return compile(action, place);
}

const isBodiless = (status: number): boolean => status === 204 || status === 304;

function line(format: string, place: Place, change: (head: Head, text: string) => boolean): Act {
  const text = compileText(format, place.site, place.scope);
  const { bufsize } = place.site;
  return edit((context, head) => {
    const made = text.string(context);
    return made.length < bufsize && change(head, made);
  }, place);
}

function delHeader({ name, match }: ActionOf<"del-header">): Act {
  if (match !== "str") return deleteMatching(name, match);
  const field = fieldName(name);
  return (_, head) => {
    deleteField(head, field);
    return null;
  };
}

/** Into a slot of the frontend, which may be another one each time a backend's rule runs, or have no such slot. */
function capture({ expression, slot }: ActionOf<"capture">, { site, scope, kind }: Place): Act {
  const compiled = compileExpression(expression, "any", settingFor(site, scope));
  if (!compiled.ok) throw new Error(`Cannot capture "${expression}": ${compiled.message}`);
  const value = asString(compiled, "str");
  const slots = kind === "request" ? "requestCaptures" : "responseCaptures";
  return (context) => {
    const { exchange } = context;
    const most = context.process.model.proxies[context.frontend]?.[slots][slot]?.length;
    if (most === undefined || exchange === null) return null;
    const text = value(context);
    if (text !== undefined) exchange[slots][slot] = text.length > most ? text.slice(0, most) : text;
    return null;
  };
}
