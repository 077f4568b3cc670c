/**
 * Converters of addresses (configuration.txt 7.3.1).
 */
import { isMapped } from "../address.ts";
import type { ConverterRow } from "../types.ts";
import { fromAddr } from "./rows.ts";

/** The result lies in `out`, which belongs to the expression: it is good until its next evaluation. */
function masked(address: Uint8Array, from: number, mask: Uint8Array, out: Uint8Array): Uint8Array {
  for (let i = 0; i < out.length; i++) out[i] = address[from + i]! & mask[i]!;
  return out;
}

export const ADDRESS: readonly ConverterRow[] = [
  fromAddr(
    "ipmask",
    "addr",
    [{ name: "mask4", type: "mask4" }, { name: "mask6", type: "mask6", optional: true }],
    ([mask4, mask6]) => {
      const v4 = new Uint8Array(4);
      const v6 = new Uint8Array(16);
      const mask = mask4!.bytes;
      const wide = mask6!.given ? mask6!.bytes : null;
      return (address) => {
        if (address.length === 4) return masked(address, 0, mask, v4);
        // A mapped address is an IPv4 one to haproxy; another needs a mask of its own.
        if (isMapped(address)) return masked(address, 12, mask, v4);
        return wide === null ? undefined : masked(address, 0, wide, v6);
      };
    },
  ),
];
