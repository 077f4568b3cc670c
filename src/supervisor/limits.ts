/** How many connections and descriptors: what the configuration asks for against what the system permits. */
import { descriptorShortage, descriptorsNeeded } from "../config/haproxy/check.ts";
import type { Model } from "../config/haproxy/model.ts";
import { descriptorLimit, setDescriptorLimit } from "../linux/descriptors.ts";

export interface Limits {
  /** Connections at once over all proxy processes. */
  maxconn: number;
  /** Descriptors that each process may have. */
  ulimitN: number;
  /** Said at the start; null: all is well. */
  complaint: string | null;
}

/** Beyond this, as in haproxy, a limit is not taken for a wish. */
const MOST_DESCRIPTORS = 1_048_576;
/** Descriptors of a process that are no connection's (haproxy counts the same way: maxsock is 2 × maxconn and some). */
const OVERHEAD = 100;

/** Raises the limit as far as needed and permitted: roles inherit it. */
export function settleLimits(model: Model): Limits {
  const { soft, hard } = descriptorLimit();
  const wanted = model.global.maxconn;
  const permitted = Math.min(Math.max(soft, hard), MOST_DESCRIPTORS);
  const maxconn = wanted > 0 ? wanted : Math.max(1, Math.floor((permitted - OVERHEAD) / 2));
  const needed = model.global.ulimitN || descriptorsNeeded({ ...model, global: { ...model.global, maxconn } });
  let ulimitN = soft;
  if (needed > soft || model.global.ulimitN > 0) {
    try {
      setDescriptorLimit(needed);
      ulimitN = needed;
    } catch {
      setDescriptorLimit(hard);
      ulimitN = hard;
    }
  }
  return { maxconn, ulimitN, complaint: wanted > 0 ? descriptorShortage(model, ulimitN) : null };
}
