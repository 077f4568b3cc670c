/**
 * Who may connect, and how many at once: what xinetd calls only_from, no_access, instances and per_source.
 *
 * Pure but for the counts it keeps of connections taken and not yet given back.
 */
import { bestMatch, type Network } from "../config/networks.ts";

export interface Limits {
  /** null: everybody. */
  onlyFrom: readonly Network[] | null;
  noAccess: readonly Network[];
  instances: number;
  perSource: number;
}

export interface Places {
  /** null: taken; else why not, in a few words for the log. */
  take(source: string): "address" | "instances" | "per_source" | null;
  giveBack(source: string): void;
  count(): number;
}

export function createPlaces({ onlyFrom, noAccess, instances, perSource }: Limits): Places {
  const bySource = new Map<string, number>();
  let all = 0;
  return {
    take(source) {
      if (!mayConnect(onlyFrom, noAccess, source)) return "address";
      if (all >= instances) return "instances";
      const mine = bySource.get(source) ?? 0;
      if (mine >= perSource) return "per_source";
      bySource.set(source, mine + 1);
      all++;
      return null;
    },
    giveBack(source) {
      const mine = bySource.get(source) ?? 0;
      if (mine > 1) bySource.set(source, mine - 1);
      else bySource.delete(source);
      all--;
    },
    count: () => all,
  };
}

/** The better match decides (xinetd.conf(5), no_access); of two that are as good, the refusal. */
export function mayConnect(
  onlyFrom: readonly Network[] | null,
  noAccess: readonly Network[],
  source: string,
): boolean {
  const refused = bestMatch(noAccess, source);
  if (onlyFrom === null) return refused < 0;
  const allowed = bestMatch(onlyFrom, source);
  return allowed >= 0 && allowed > refused;
}
