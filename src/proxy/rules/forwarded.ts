/**
 * X-Forwarded-For and X-Original-To (configuration.txt, "option forwardfor", "option originalto"): compiled once for each
 * pair of a frontend and a backend, as either may ask for it.
 */
import type { AddressHeader, Options } from "../../config/haproxy/model.ts";
import { addressBytes } from "../../linux/sockaddr.ts";
import { addField, addFieldBytes, type FieldName, fieldName, findField } from "../http1/edit.ts";
import type { Head } from "../http1/head.ts";
import { formatAddress, maskOf } from "../samples/address.ts";
import type { SampleContext } from "../samples/context.ts";

export type Forwarded = (context: SampleContext, head: Head) => void;

/** Null: neither asks for anything. `backend`: null when it is the frontend itself. */
export function compileForwarded(frontend: Options, backend: Options | null): Forwarded | null {
  const client = compileHeader(frontend.forwardfor, backend?.forwardfor ?? null);
  const local = compileHeader(frontend.originalto, backend?.originalto ?? null);
  if (client === null && local === null) return null;
  return (context, head) => {
    if (client !== null) client(head, context.clientAddress());
    // Not asked for before the other is written: an address is not kept.
    if (local !== null) local(head, context.localAddress());
  };
}

type Write = (head: Head, address: Uint8Array | null) => void;

/** The backend's name wins, each one's `except` counts, and `if-none` only when all who ask say so. */
function compileHeader(frontend: AddressHeader | null, backend: AddressHeader | null): Write | null {
  const asked = [backend, frontend].filter((header) => header !== null);
  const [first] = asked;
  if (first === undefined) return null;
  // haproxy sends all names in lower case.
  const name = fieldName(first.header.toLowerCase());
  const ifNone = asked.every((header) => header.ifNone);
  const excepted = asked.map(({ except }) => except).filter((except) => except !== null).map(compileNetwork);
  return (head, address) => {
    if (address === null) return; // a unix socket
    if (ifNone && findField(head, name, 0) >= 0) return;
    for (let i = 0; i < excepted.length; i++) if ((excepted[i] as Network)(address)) return;
    write(head, name, address);
  };
}

type Network = (address: Uint8Array) => boolean;

function compileNetwork({ address, bits, family }: NonNullable<AddressHeader["except"]>): Network {
  const network = addressBytes(address, family);
  const mask = maskOf(bits, network.length);
  return (given) => {
    if (given.length !== network.length) return false;
    for (let i = 0; i < network.length; i++) {
      if (((given[i] as number) ^ (network[i] as number)) & (mask[i] as number)) return false;
    }
    return true;
  };
}

const text = Buffer.alloc(15);

function write(head: Head, name: FieldName, address: Uint8Array): void {
  // What has no room is left out: the server is told less, and the request still served.
  if (address.length === 4) addFieldBytes(head, name, text, 0, formatIPv4(address, text));
  else addField(head, name, formatAddress(address));
}

/** Writes the address in decimal parts, without a string; returns where it ends. */
export function formatIPv4(address: Uint8Array, out: Uint8Array): number {
  let at = 0;
  for (let i = 0; i < 4; i++) {
    const byte = address[i] as number;
    if (byte > 99) out[at++] = 48 + Math.floor(byte / 100);
    if (byte > 9) out[at++] = 48 + Math.floor(byte / 10) % 10;
    out[at++] = 48 + byte % 10;
    if (i < 3) out[at++] = 46;
  }
  return at;
}
