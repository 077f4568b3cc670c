/** `errorfile`, `errorloc` and its kin: what is answered in place of the standard error pages. */
import { alert } from "../../diagnostics.ts";
import type { Load, ProxyDraft } from "../draft.ts";
import type { Call, ProxyRow } from "../keywords.ts";
import type { ErrorPage } from "../model.ts";
import type { ConfigLine, Word } from "../words.ts";
import { namedFile } from "./arguments.ts";

/** What stands behind the two arguments is let pass, as haproxy does. */
const ROW = { args: [2, Infinity], side: "any", elsewhere: "ignored", defaults: "yes" } as const;

export const errorRows: ProxyRow[] = [
  { name: "errorfile", ...ROW, usage: "<status_code> and <file> as arguments", parse: errorFile },
  { name: "errorloc", ...ROW, usage: "<status_code> and <url> as arguments", parse: errorLocation(302) },
  { name: "errorloc302", ...ROW, usage: "<status_code> and <url> as arguments", parse: errorLocation(302) },
  { name: "errorloc303", ...ROW, usage: "<status_code> and <url> as arguments", parse: errorLocation(303) },
];

/** The answers haproxy gives of its own; 200 is that of `monitor-uri`. */
export const ERROR_STATUSES: readonly number[] = [
  ...[200, 400, 401, 403, 404, 405, 407, 408, 410, 413, 421, 422, 425, 429],
  ...[500, 501, 502, 503, 504],
];

function errorFile(args: Word[], { target, load, line, name }: Call<ProxyDraft>): void {
  const [code, path] = args;
  if (code === undefined || path === undefined) return;
  const status = readStatus(code, name, load);
  const text = readMessage(path, name, line, load);
  if (status !== null && text !== null) setPage(target, { status, page: { kind: "message", text } });
}

function errorLocation(redirect: 302 | 303) {
  return (args: Word[], { target, load, name }: Call<ProxyDraft>): void => {
    const [code, url] = args;
    const status = code === undefined ? null : readStatus(code, name, load);
    if (status === null || url === undefined) return;
    setPage(target, { status, page: { kind: "location", code: redirect, url: url.text } });
  };
}

/** The last one of a status stands. */
function setPage({ proxy }: ProxyDraft, page: ErrorPage): void {
  proxy.errorPages = [...proxy.errorPages.filter(({ status }) => status !== page.status), page];
}

function readStatus(word: Word, name: string, load: Load): number | null {
  const status = ERROR_STATUSES.find((one) => String(one) === word.text);
  if (status !== undefined) return status;
  const known = `It is one of ${ERROR_STATUSES.join(", ")}`;
  alert(load.diagnostics, word, `${name} : status code '${word.text}' not handled`, known);
  return null;
}

/**
 * A file that holds a whole HTTP response, as a byte string: "" closes without an answer. null: what is wrong with it has
 * been reported. It is read now, so that later changes, and a new root, do not matter (configuration.txt, "errorfile").
 */
export function readMessage(path: Word, name: string, line: ConfigLine, load: Load): string | null {
  const d = load.diagnostics;
  const text = load.checks.readFile(namedFile(path.text, line, load));
  if (text === null) {
    alert(d, path, `${name} : error opening file '${path.text}'`);
    return null;
  }
  // A larger one haproxy cuts, and then finds that it does not fit either.
  const { bufsize } = load.global.global.tune;
  if (text.length > bufsize) {
    alert(
      d,
      path,
      `${name} : '${path.text}': ${text.length} bytes are more than a buffer holds (tune.bufsize ${bufsize})`,
    );
    return null;
  }
  const complaint = text === "" ? null : load.checks.errorMessage(text);
  if (complaint === null) return text;
  alert(d, path, `${name} : '${path.text}': ${complaint.message}`);
  return null;
}
