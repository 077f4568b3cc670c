/**
 * What a request for the statistics page asks for: everything behind the prefix of `stats uri`, read as haproxy reads it
 * (management.txt 9, "stats uri" in configuration.txt): marks such as ";csv" anywhere, and "scope=" with part of a name.
 */
import type { StatsPage } from "../../config/haproxy/model.ts";
import type { View } from "../rows.ts";

export type Form = "html" | "csv" | "typed" | "json";

export interface Wanted {
  form: Form;
  hide: View["hide"];
  /** `;norefresh`: no refresh this time, whatever `stats refresh` says. */
  refresh: boolean;
  /** Part of a proxy's name, lower case; "": all. */
  scope: string;
  /** `;st=`: how the order ended that led here; "": there was none. */
  outcome: string;
}

/** Methods that the page answers; a request with another one passes on as if there were no page. */
export const STATS_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST"]);

/** Is the request target (a byte string) one of the page? */
export function isStatsUri({ uri: prefix }: Pick<StatsPage, "uri">, uri: string): boolean {
  return (prefix.startsWith("/") ? originForm(uri) : uri).startsWith(prefix);
}

/** Path and query; of an absolute form what follows the authority (RFC 9112 §3.2.2). */
function originForm(uri: string): string {
  if (uri.startsWith("/")) return uri;
  const scheme = uri.indexOf("://");
  const path = scheme < 0 ? -1 : uri.indexOf("/", scheme + 3);
  return path < 0 ? "" : uri.slice(path);
}

/** The first that is there counts; ";json-schema" begins like ";json" and is none of them. */
const FORMS: readonly [mark: RegExp, form: Form][] = [
  [/;json(?!-schema)/, "json"],
  [/;typed/, "typed"],
  [/;csv/, "csv"],
];

export function readWanted({ uri: prefix }: Pick<StatsPage, "uri">, uri: string): Wanted {
  const rest = (prefix.startsWith("/") ? originForm(uri) : uri).slice(prefix.length);
  return {
    form: FORMS.find(([mark]) => mark.test(rest))?.[1] ?? "html",
    hide: rest.includes(";up") ? "down" : rest.includes(";no-maint") ? "maintenance" : "none",
    refresh: !rest.includes(";norefresh"),
    scope: unescapeQuery(/scope=([^;&]*)/.exec(rest)?.[1] ?? "").toLowerCase(),
    outcome: /;st=([A-Z]*)/.exec(rest)?.[1] ?? "",
  };
}

/** As a form sends its fields, a byte string; what is no escape stays. */
function unescapeQuery(text: string): string {
  return text.replaceAll("+", " ").replace(
    /%([0-9A-Fa-f]{2})/g,
    (_escape, hex: string) => String.fromCharCode(parseInt(hex, 16)),
  );
}

/** The address of the page with these wishes; the inverse of readWanted. */
export function addressOf({ uri }: Pick<StatsPage, "uri">, wanted: Partial<Wanted>): string {
  const { form = "html", hide = "none", refresh = true, scope = "" } = wanted;
  const marks = [
    form === "html" ? "" : `;${form}`,
    hide === "none" ? "" : hide === "down" ? ";up" : ";no-maint",
    refresh ? "" : ";norefresh",
  ];
  const query = scope === "" ? "" : `${uri.includes("?") ? "&" : "?"}scope=${escapeQuery(scope)}`;
  return uri + query + marks.join("");
}

/** Bytes other than letters, digits and the marks of names. */
const escapeQuery = (text: string): string =>
  text.replace(
    /[^A-Za-z0-9_.:-]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
