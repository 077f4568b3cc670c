/**
 * Nothing that a configuration can say is read and then forgotten: each field of the model is used outside src/config.
 *
 * The compiler is asked: in a copy of the sources the fields bear other names, and whoever uses one complains. What is
 * found used gets its name back and the rest is tried again, since a complaint can hide those behind it.
 */
import { expect, test } from "bun:test";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const TOP = join(import.meta.dir, "..");
const MODELS = ["model.ts", "model_checks.ts", "model_http.ts"].map((name) => `src/config/haproxy/${name}`);
/** In src/config, but for those who act: what follows from the model. */
const LIMITS = "src/config/haproxy/limits.ts";

/** Fields without a reader, and why the operator does not miss their effect. When one gets a reader its row goes. */
const PLACES = "where it stands, for messages";
const UNREAD: Readonly<Record<string, string>> = {
  "Acl.place": PLACES,
  "Balance.checkPost": "haproxy too looks into the body of a POST without it",
  "Balance.place": PLACES,
  "Bind.nice": "the rank of a task in a scheduler's queue: there is none",
  "Bind.place": PLACES,
  "Bind.v4v6": "is so unless v6only is said",
  "Global.httpCookielen": "captured cookies are cut to it when `capture cookie` is read",
  "Global.logTargets": "stand in each proxy's targets when it says `log global`",
  "HttpRule.place": PLACES,
  "LogTarget.place": PLACES,
  "Options.contstats": "bytes are always counted when they pass",
  "Proxy.place": PLACES,
  "RedirectRule.place": PLACES,
  "Server.place": PLACES,
  "Server.poolLowConn": "what threads leave of each other's idle connections: processes never take any",
  "UseBackend.place": PLACES,
  "UseServer.place": PLACES,
};

interface Field {
  /** The interface or type it is declared in. */
  owner: string;
  name: string;
  /** Its name while it is hidden. */
  hidden: string;
}

/** The fields of a part of the model, and its text with those given a name of their own that `hide` picks. */
function rewrite(text: string, part: number, hide: (field: Field) => boolean): { fields: Field[]; text: string } {
  const fields: Field[] = [];
  let owner = "";
  const lines = text.split("\n").map((line) => {
    owner = /^export (?:interface|type) (\w+)/.exec(line)?.[1] ?? owner;
    if (/^\s*(?:\/?\*|\/\/)/.test(line)) return line;
    return line.replace(/(^ +|[{;] )(\w+)(?=\??: )/g, (whole, before: string, name: string) => {
      const field = { owner, name, hidden: `${name}_${part}_${fields.length}` };
      fields.push(field);
      return hide(field) ? before + field.hidden : whole;
    });
  });
  return { fields, text: lines.join("\n") };
}

const MISSING = /Property '(\w+)' (?:does not exist on type|is missing in type) '([^']+)'/g;
const ALL_MISSING = /Type '([^']+)' is missing the following properties from type '[^']+': ([\w, ]+)/g;

/** What the compiler's complaints outside src/config name: pairs of a field and its owner, or of its owner's text. */
function complaints(output: string): [name: string, type: string][] {
  const found: [string, string][] = [];
  for (const complaint of output.split(/^(?=\S)/m)) {
    if (complaint.startsWith("src/config/") && !complaint.startsWith(LIMITS)) continue;
    for (const [, name = "", type = ""] of complaint.matchAll(MISSING)) found.push([name, type]);
    for (const [, type = "", names = ""] of complaint.matchAll(ALL_MISSING)) {
      for (const name of names.split(", ")) found.push([name, type]);
    }
  }
  return found;
}

/** A type without a name is shown as its text, in which the hidden name says whose field it is. */
const names = (field: Field, name: string, type: string): boolean =>
  field.name === name && (type === field.owner || type.includes(`${field.hidden}:`));

async function unreadFields(): Promise<Field[]> {
  const folder = mkdtempSync(join(tmpdir(), "config-effects-"));
  try {
    const here = (path: string) => join(folder, path);
    cpSync(join(TOP, "src"), here("src"), { recursive: true, filter: (path) => !path.endsWith(".test.ts") });
    symlinkSync(join(TOP, "node_modules"), here("node_modules"));
    const settings = await Bun.file(join(TOP, "tsconfig.json")).json();
    writeFileSync(here("tsconfig.json"), JSON.stringify({ ...settings, include: ["src"] }));
    const texts = await Promise.all(MODELS.map((path) => Bun.file(join(TOP, path)).text()));
    let unread = texts.flatMap((text, part) => rewrite(text, part, () => false).fields);
    while (true) {
      const hidden = new Set(unread.map((field) => field.hidden));
      texts.forEach((text, part) =>
        writeFileSync(here(MODELS[part]!), rewrite(text, part, (field) => hidden.has(field.hidden)).text)
      );
      const run = Bun.spawnSync([join(TOP, "node_modules/.bin/tsc"), "-p", folder], { cwd: folder });
      const found = complaints(run.stdout.toString());
      const left = unread.filter((field) => !found.some(([name, type]) => names(field, name, type)));
      if (left.length === unread.length) return left;
      unread = left;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("each field of the model has a reader, or a reason for having none", async () => {
  const unread = (await unreadFields()).map(({ owner, name }) => `${owner}.${name}`);
  expect([...new Set(unread)].toSorted()).toEqual(Object.keys(UNREAD).toSorted());
}, 60_000);
