/**
 * xinetd's files to services ready to be run: includes followed, defaults worked in, names looked up, all problems told.
 *
 * Pure: files and names come through what is handed in.
 */
import { alert, type Diagnostics, quote } from "../diagnostics.ts";
import { applyAttribute, type Values } from "./attributes.ts";
import { type Attribute, type Entry, readEntries, type Word } from "./lexer.ts";
import type { Lookups, Sources, XinetdService } from "./model.ts";

/** As in xinetd: cps where nothing is said. */
const DEFAULT_CPS = { perSecond: 50, waitSeconds: 10 };
const MOST_NESTED = 10;

interface Draft {
  name: Word;
  attributes: Attribute[];
}

/**
 * @param paths files, or directories that are read as includedir reads them
 * @returns the services that are not disabled; of use only if the diagnostics hold no error
 */
export function loadXinetd(
  paths: readonly string[],
  sources: Sources,
  lookups: Lookups,
  diagnostics: Diagnostics,
): XinetdService[] {
  const drafts: Draft[] = [];
  const defaults: { head: Word; attributes: Attribute[] }[] = [];
  for (const path of paths) {
    const names = sources.directory(path);
    if (names !== null) readDirectory(path, names, 0);
    else readFile(path, null, 0);
  }
  const [common, ...more] = defaults;
  for (const { head } of more) alert(diagnostics, head, "There is a defaults section already");
  const defaultValues: Values = {};
  for (const attribute of common?.attributes ?? []) applyAttribute(attribute, defaultValues, null, diagnostics);
  const services = drafts.flatMap((draft) => complete(draft, defaultValues, lookups, diagnostics) ?? []);
  checkTogether(services, drafts, diagnostics);
  if (paths.length > 0 && drafts.length === 0 && diagnostics.list.length === 0) {
    alert(diagnostics, null, `No service in ${paths.map(quote).join(", ")}`);
  }
  return services.map(({ service }) => service);

  function readFile(path: string, from: Word | null, depth: number): void {
    const text = sources.file(path);
    if (text === null) return alert(diagnostics, from, `Cannot read ${quote(path)}`);
    for (const entry of readEntries(path, text, diagnostics)) follow(entry, depth);
  }

  /** All but names with a dot or a tilde at their end, in byte order. */
  function readDirectory(path: string, names: readonly string[], depth: number): void {
    const wanted = names.filter((name) => !name.includes(".") && !name.endsWith("~"));
    for (const name of wanted.toSorted((a, b) => a < b ? -1 : 1)) {
      const file = `${path.replace(/\/+$/, "")}/${name}`;
      if (sources.directory(file) === null) readFile(file, null, depth);
    }
  }

  function follow(entry: Entry, depth: number): void {
    if (entry.kind === "service") return void drafts.push(entry);
    if (entry.kind === "defaults") return void defaults.push(entry);
    if (depth >= MOST_NESTED) return alert(diagnostics, entry.path, "Too many files include each other");
    if (entry.kind === "include") return readFile(entry.path.text, entry.path, depth + 1);
    const names = sources.directory(entry.path.text);
    if (names === null) return alert(diagnostics, entry.path, `Cannot read directory ${quote(entry.path.text)}`);
    readDirectory(entry.path.text, names, depth + 1);
  }
}

interface Complete {
  service: XinetdService;
  name: Word;
}

/** null: disabled, or a problem was told. */
function complete(draft: Draft, defaults: Values, lookups: Lookups, diagnostics: Diagnostics): Complete | null {
  const before = diagnostics.list.length;
  const own: Values = {};
  for (const attribute of draft.attributes) applyAttribute(attribute, own, defaults, diagnostics);
  const { name } = draft;
  const id = own.id ?? name.text;
  const disabled = own.disable === true || defaults.disabled?.includes(id) === true ||
    (defaults.enabled !== undefined && !defaults.enabled.includes(id));
  const missing = (["socket_type", "wait", "user", "server"] as const).filter((key) =>
    own[key] === undefined && !draft.attributes.some((attribute) => attribute.name.text === key)
  );
  for (const key of missing) alert(diagnostics, name, `Missing "${key}" in service ${quote(name.text)}`);
  const unlisted = own.type?.includes("UNLISTED") === true;
  // A port that is named goes before the one that services(5) knows.
  const port = own.port ?? (unlisted ? null : lookups.port(name.text));
  if (port === null && !draft.attributes.some((attribute) => attribute.name.text === "port")) {
    const known = unlisted ? "" : ": /etc/services does not know it";
    alert(diagnostics, name, `Missing "port" in service ${quote(name.text)}${known}`);
  }
  const identity = whoRuns(draft, own, lookups, diagnostics);
  const flags = own.flags ?? [];
  const server = own.server ?? "";
  if (server !== "" && !server.startsWith("/")) {
    alert(diagnostics, name, `Cannot use server ${quote(server)}: expected an absolute path`);
  }
  if (flags.includes("NAMEINARGS") && (own.server_args ?? []).length === 0) {
    alert(diagnostics, name, `Missing "server_args" in service ${quote(name.text)}: NAMEINARGS takes its first word`);
  }
  const failed = diagnostics.list.slice(before).some(({ severity }) => severity === "alert");
  if (failed || disabled || identity === null || port === null) return null;
  const bind = own.bind ?? defaults.bind ?? null;
  const service: XinetdService = {
    name: name.text,
    id,
    place: name.place,
    port,
    bind,
    ipv4Only: flags.includes("IPv4") && !flags.includes("IPv6"),
    v6only: own.v6only ?? defaults.v6only ?? false,
    keepAlive: flags.includes("KEEPALIVE"),
    ...identity,
    server,
    argv: [
      ...(flags.includes("NAMEINARGS") ? [] : [server.slice(server.lastIndexOf("/") + 1)]),
      ...own.server_args ?? [],
    ],
    env: own.env ?? [],
    passenv: own.passenv ?? defaults.passenv ?? null,
    onlyFrom: own.only_from ?? defaults.only_from ?? null,
    noAccess: own.no_access ?? defaults.no_access ?? [],
    instances: unlimited(own.instances ?? defaults.instances),
    perSource: unlimited(own.per_source ?? defaults.per_source),
    cps: own.cps ?? defaults.cps ?? DEFAULT_CPS,
    nice: own.nice ?? null,
    umask: own.umask ?? defaults.umask ?? null,
    logType: own.log_type ?? defaults.log_type ?? { kind: "stderr" },
    logOnSuccess: (own.log_on_success ?? defaults.log_on_success ?? []).filter((detail) => detail !== "USERID"),
    // USERID implies ATTEMPT, as all of them do.
    logOnFailure: (own.log_on_failure ?? defaults.log_on_failure ?? []).map((one) =>
      one === "USERID" ? "ATTEMPT" : one
    ),
  };
  return { service, name };
}

const unlimited = (value: number | "unlimited" | undefined): number | null => typeof value === "number" ? value : null;

/** The user's own group unless one is named. */
function whoRuns(
  draft: Draft,
  own: Values,
  lookups: Lookups,
  diagnostics: Diagnostics,
): { uid: number; gid: number } | null {
  const at = (key: string) => draft.attributes.find(({ name }) => name.text === key)?.values[0] ?? draft.name;
  if (own.user === undefined) return null;
  const user = lookups.user(own.user);
  if (user === null) alert(diagnostics, at("user"), `Unknown user ${quote(own.user)}`);
  const gid = own.group === undefined ? user?.gid ?? null : lookups.group(own.group);
  if (gid === null && own.group !== undefined) alert(diagnostics, at("group"), `Unknown group ${quote(own.group)}`);
  return user === null || gid === null ? null : { uid: user.uid, gid };
}

/** What no service can tell alone: ids are unique, and addresses with them. */
function checkTogether(services: readonly Complete[], drafts: readonly Draft[], diagnostics: Diagnostics): void {
  const ids = new Map<string, Word>();
  const addresses = new Map<string, Word>();
  for (const { service, name } of services) {
    const listen = `${service.bind?.host ?? "*"} port ${service.port}`;
    for (const [seen, key, what] of [[ids, service.id, "id"], [addresses, listen, "address"]] as const) {
      const first = seen.get(key);
      if (first === undefined) seen.set(key, name);
      else {
        const { file, line } = first.place;
        alert(diagnostics, name, `Cannot use ${what} ${quote(key)} again: service at ${file}:${line} has it`);
      }
    }
  }
  if (drafts.length > 0 && services.length === 0 && diagnostics.list.every(({ severity }) => severity !== "alert")) {
    alert(diagnostics, null, "All services are disabled");
  }
}
