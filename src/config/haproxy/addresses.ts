/**
 * haproxy's addresses: [stream+|dgram+][family@]address[:port], configuration.txt 11. Names are returned as names:
 * resolving them is I/O and somebody else's work. An error says where in the word the trouble is.
 */
import { isIPv4, isIPv6 } from "node:net";
import { didYouMean, quote } from "../diagnostics.ts";
import type { ListenAddress } from "./model.ts";

export interface AddressError {
  error: string;
  /** From 0, in the text given. */
  offset: number;
  length: number;
  hint: string | null;
}

export type ParsedAddress<T> = { value: T } | AddressError;

/** A host name still to be resolved, to the family asked for; 0: either. */
export interface HostName {
  kind: "name";
  name: string;
  family: 0 | 4 | 6;
}

export type BindAddress = ListenAddress | (HostName & { port: number });

interface ServerPort {
  port: number;
  /** "map": the port the client connected to, plus portOffset. */
  portMode: "fixed" | "map";
  portOffset: number;
}

/** ServerAddress of the model, or a name to become one. */
export type ServerTarget =
  | ({ kind: "ip"; family: 4 | 6; host: string } & ServerPort)
  | (HostName & ServerPort)
  | { kind: "unix"; path: string }
  | { kind: "abstract"; name: string; padded: boolean };

interface PortRange {
  /** 0: the kernel's choice. */
  portLow: number;
  portHigh: number;
}

export type SourceTarget = ({ kind: "ip"; family: 4 | 6; host: string } & PortRange) | (HostName & PortRange);

export type DatagramTarget =
  | { kind: "ip"; family: 4 | 6; host: string; port: number }
  | (HostName & { port: number })
  | { kind: "unix"; path: string }
  | { kind: "fd"; fd: number };

/** The addresses of a `bind` word: several with commas, each port of a range one by one. */
export function parseBindAddresses(text: string): ParsedAddress<BindAddress[]> {
  const found: BindAddress[] = [];
  const pieces = text.split(",");
  // haproxy takes a comma at the end for nothing.
  if (pieces.length > 1 && pieces.at(-1) === "") pieces.pop();
  let offset = 0;
  for (const piece of pieces) {
    const parsed = parseAddress(piece, BIND);
    if ("error" in parsed) return { ...parsed, offset: parsed.offset + offset };
    const { place, port } = parsed;
    if (place.kind === "ip" || place.kind === "name") {
      for (let p = port.low; p <= port.high; p++) found.push({ ...place, port: p });
    } else {
      found.push(place);
    }
    offset += piece.length + 1;
  }
  return { value: found };
}

/** The address of a `server`: a port is optional, +N and -N are relative to the client's. */
export function parseServerAddress(text: string): ParsedAddress<ServerTarget> {
  const parsed = parseAddress(text, SERVER);
  if ("error" in parsed) return parsed;
  const { place, port } = parsed;
  if (place.kind === "fd") return failAt(0, text.length, "Cannot use a descriptor for a server: expected an address");
  if (place.kind !== "ip" && place.kind !== "name") return { value: place };
  const portMode = port.low === 0 ? "map" : "fixed";
  return { value: { ...place, port: port.low, portMode, portOffset: port.relative } };
}

/** The address a server is reached from (`source`): a port or a range of them is optional. */
export function parseSourceAddress(text: string): ParsedAddress<SourceTarget> {
  const parsed = parseAddress(text, SOURCE);
  if ("error" in parsed) return parsed;
  const { place, port } = parsed;
  if (place.kind !== "ip" && place.kind !== "name") {
    return failAt(0, text.length, `Cannot use ${quote(text)} for a source: expected an IP address`);
  }
  return { value: { ...place, portLow: port.low, portHigh: port.high } };
}

/** Where datagrams go (`log`): UDP with a default port, a socket's path, or a descriptor. */
export function parseDatagramAddress(text: string, defaultPort: number): ParsedAddress<DatagramTarget> {
  const parsed = parseAddress(text, DATAGRAM);
  if ("error" in parsed) return parsed;
  const { place, port } = parsed;
  if (place.kind === "abstract") return failAt(0, text.length, "Abstract sockets for datagrams: not supported yet");
  if (place.kind !== "ip" && place.kind !== "name") return { value: place };
  return { value: { ...place, port: port.low === 0 ? defaultPort : port.low } };
}

/** What the statement at hand permits. */
interface Rules {
  transport: "stream" | "dgram";
  portRequired: boolean;
  range: boolean;
  relative: boolean;
}

const BIND: Rules = { transport: "stream", portRequired: true, range: true, relative: false };
const SERVER: Rules = { transport: "stream", portRequired: false, range: false, relative: true };
const SOURCE: Rules = { transport: "stream", portRequired: false, range: true, relative: false };
const DATAGRAM: Rules = { transport: "dgram", portRequired: false, range: false, relative: false };

/** Without its port. */
type Place =
  | { kind: "ip"; family: 4 | 6; host: string }
  | HostName
  | { kind: "unix"; path: string }
  | { kind: "abstract"; name: string; padded: boolean }
  | { kind: "fd"; fd: number };

interface Port {
  low: number;
  high: number;
  relative: number;
}

type Address = { place: Place; port: Port } | AddressError;

interface Prefix {
  kind: "ip" | "unix" | "abns" | "abnsz" | "fd" | "unsupported";
  family: 0 | 4 | 6;
  transport: "stream" | "dgram" | null;
}

function ip(family: 0 | 4 | 6, transport: Prefix["transport"] = null): Prefix {
  return { kind: "ip", family, transport };
}
function other(kind: Prefix["kind"], transport: Prefix["transport"] = null): Prefix {
  return { kind, family: 0, transport };
}

const PREFIXES: Readonly<Record<string, Prefix>> = {
  "ip@": ip(0),
  "ipv4@": ip(4),
  "ipv6@": ip(6),
  "tcp@": ip(0, "stream"),
  "tcp4@": ip(4, "stream"),
  "tcp6@": ip(6, "stream"),
  "udp@": ip(0, "dgram"),
  "udp4@": ip(4, "dgram"),
  "udp6@": ip(6, "dgram"),
  "unix@": other("unix"),
  "uxst@": other("unix", "stream"),
  "uxdg@": other("unix", "dgram"),
  "abns@": other("abns"),
  "abnsz@": other("abnsz"),
  "fd@": other("fd"),
  "sockpair@": other("unsupported"),
  "quic4@": other("unsupported"),
  "quic6@": other("unsupported"),
  "mptcp@": other("unsupported"),
  "mptcp4@": other("unsupported"),
  "mptcp6@": other("unsupported"),
  "rhttp@": other("unsupported"),
  "rev@": other("unsupported"),
};

/** sun_path without the NUL at its end (unix(7)). */
const MAX_PATH = 107;

function parseAddress(text: string, rules: Rules): Address {
  if (text === "") {
    return failAt(0, 0, "Empty address: expected one", "A variable in it may be unset");
  }
  let at = 0;
  let transport: "stream" | "dgram" = rules.transport;
  const socket = /^(stream|dgram)\+/.exec(text);
  if (socket !== null) {
    transport = socket[1] as "stream" | "dgram";
    at = socket[0].length;
  }
  const name = /^[^/@:[\]]*@/.exec(text.slice(at))?.[0] ?? "";
  const prefix = name === "" ? null : Object.hasOwn(PREFIXES, name) ? PREFIXES[name] as Prefix : undefined;
  if (prefix === undefined) {
    const known = Object.keys(PREFIXES);
    return failAt(
      at,
      name.length,
      `Unknown address prefix ${quote(name)}: expected one like "ipv4@"`,
      didYouMean(name, known),
    );
  }
  if (prefix?.kind === "unsupported") {
    return failAt(at, name.length, `Address prefix ${quote(name)}: not supported yet`);
  }
  transport = prefix?.transport ?? transport;
  if (transport !== rules.transport) {
    const wanted = rules.transport === "stream" ? "a stream (TCP or unix@)" : "datagrams (UDP or unix@)";
    const length = at + name.length;
    return failAt(0, length, `Cannot use ${quote(text.slice(0, length))} here: expected ${wanted}`);
  }
  at += name.length;
  const rest = text.slice(at);
  if (prefix?.kind === "unix" || (prefix === null && rest.startsWith("/"))) return unixPath(rest, at);
  if (prefix?.kind === "abns" || prefix?.kind === "abnsz") return abstractName(rest, at, prefix.kind === "abns");
  if (prefix?.kind === "fd") return descriptor(rest, at);
  return internetAddress(rest, at, prefix?.family ?? 0, rules);
}

const NO_PORT: Port = { low: 0, high: 0, relative: 0 };

function unixPath(path: string, at: number): Address {
  if (path === "") return failAt(at, 0, "Missing path of a socket");
  if (path.length > MAX_PATH) {
    return failAt(at, path.length, `Cannot use a socket path of ${path.length} bytes: at most ${MAX_PATH}`);
  }
  return { place: { kind: "unix", path }, port: NO_PORT };
}

function abstractName(name: string, at: number, padded: boolean): Address {
  if (name === "") return failAt(at, 0, "Missing name of an abstract socket");
  if (name.length > MAX_PATH) {
    return failAt(at, name.length, `Cannot use an abstract name of ${name.length} bytes: at most ${MAX_PATH}`);
  }
  return { place: { kind: "abstract", name, padded }, port: NO_PORT };
}

function descriptor(text: string, at: number): Address {
  if (!/^[0-9]{1,9}$/.test(text)) {
    const message = `Cannot read descriptor ${quote(text)}: expected a whole number`;
    return failAt(at, text.length, message, text === "" ? "A variable in it may be unset" : null);
  }
  return { place: { kind: "fd", fd: Number(text) }, port: NO_PORT };
}

/** The port follows the last colon, or the bracket; what is left is the host. */
function internetAddress(text: string, at: number, family: 0 | 4 | 6, rules: Rules): Address {
  const comma = text.indexOf(",");
  if (comma >= 0) return failAt(at + comma, text.length - comma, 'Unexpected "," in an address: expected one');
  let host = text;
  let hostAt = at;
  let portText: string | null = null;
  let portAt = at + text.length;
  if (text.startsWith("[")) {
    const close = text.indexOf("]");
    if (close < 0) return failAt(at, 1, 'Unmatched bracket in an address: expected "]"');
    const behind = text.slice(close + 1);
    if (behind !== "" && !behind.startsWith(":")) {
      return failAt(at + close + 1, behind.length, `Unexpected ${quote(behind)} after "]": expected ":" and a port`);
    }
    host = text.slice(1, close);
    hostAt = at + 1;
    if (host === "") return failAt(at, 2, 'Missing address between "[" and "]"');
    if (behind !== "") {
      portText = behind.slice(1);
      portAt = at + close + 2;
    }
  } else {
    const colon = text.lastIndexOf(":");
    if (colon >= 0) {
      host = text.slice(0, colon);
      portText = text.slice(colon + 1);
      portAt = at + colon + 1;
    }
  }
  const place = hostPlace(host, hostAt, family, text);
  if ("error" in place) return place;
  const port = readPort(portText ?? "", portAt, rules);
  return "error" in port ? port : { place, port };
}

function hostPlace(host: string, at: number, family: 0 | 4 | 6, whole: string): Place | AddressError {
  if (host === "" || host === "*") {
    return family === 6 ? { kind: "ip", family: 6, host: "::" } : { kind: "ip", family: 4, host: "0.0.0.0" };
  }
  const actual = isIPv4(host) ? 4 : isIPv6(host) && !host.includes("%") ? 6 : 0;
  if (actual !== 0) {
    if (family !== 0 && family !== actual) {
      return failAt(at, host.length, `Cannot use ${quote(host)} as an IPv${family} address`);
    }
    return { kind: "ip", family: actual, host };
  }
  if (host.includes("%")) return failAt(at, host.length, `Zone in address ${quote(host)}: not supported yet`);
  if (host.includes(":")) {
    const hint = isIPv6(whole) ? `Put the address in brackets and its port behind them: "[${whole}]:80"` : null;
    return failAt(at, host.length, `Cannot read IPv6 address ${quote(host)}`, hint);
  }
  // The C library would take 127.1 and 0x7f000001 for addresses; in a configuration they are mistakes.
  if (/^[0-9.]+$/.test(host) || /^0[xX]/.test(host)) {
    return failAt(at, host.length, `Cannot read address ${quote(host)}: expected four numbers from 0 to 255`);
  }
  if (!isHostName(host)) {
    return failAt(at, host.length, `Cannot read address ${quote(host)}: expected an IP address or a host name`);
  }
  return { kind: "name", name: host, family };
}

function isHostName(text: string): boolean {
  return text.length <= 253 && /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_][A-Za-z0-9_-]{0,62})*\.?$/.test(text);
}

function readPort(text: string, at: number, rules: Rules): Port | AddressError {
  if (text === "") {
    return rules.portRequired ? failAt(at, 0, 'Missing port: expected ":" and 1 to 65535') : NO_PORT;
  }
  if (/^[+-]/.test(text)) {
    if (!rules.relative) {
      return failAt(at, text.length, `Cannot use relative port ${quote(text)} here: expected 1 to 65535`);
    }
    const digits = text.slice(1);
    if (!isPort(digits)) return badPort(digits, at + 1);
    const relative = Number(text);
    return { low: 0, high: 0, relative: Object.is(relative, -0) ? 0 : relative };
  }
  const dash = text.indexOf("-");
  if (dash < 0) {
    const lowest = rules.portRequired ? 1 : 0;
    if (!isPort(text) || Number(text) < lowest) return badPort(text, at);
    return { low: Number(text), high: Number(text), relative: 0 };
  }
  if (!rules.range) return failAt(at, text.length, `Cannot use port range ${quote(text)} here: expected one port`);
  const low = text.slice(0, dash);
  const high = text.slice(dash + 1);
  if (!isPort(low) || Number(low) === 0) return badPort(low, at);
  if (!isPort(high) || Number(high) === 0) return badPort(high, at + dash + 1);
  if (Number(low) > Number(high)) {
    return failAt(at, text.length, `Cannot use port range ${quote(text)}: the first port is above the last`);
  }
  return { low: Number(low), high: Number(high), relative: 0 };
}

function isPort(text: string): boolean {
  return /^[0-9]{1,5}$/.test(text) && Number(text) <= 65_535;
}

function badPort(text: string, at: number): AddressError {
  return failAt(at, text.length, `Cannot read port ${quote(text)}: expected 1 to 65535`);
}

function failAt(offset: number, length: number, error: string, hint: string | null = null): AddressError {
  return { error, offset, length, hint };
}
