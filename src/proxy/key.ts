/** The key of `balance source` and `balance hash`: from a session to the number that places it among the servers. */
import type { Proxy } from "../config/haproxy/model.ts";
import { hashBytes, hashInteger, hashSource, hashString } from "./balance/hash.ts";
import { NO_KEY } from "./balance/request_key.ts";
import type { SampleContext } from "./samples/context.ts";
import { compileExpression } from "./samples/expression.ts";
import type { Setting } from "./samples/types.ts";

/** null: the algorithm has no key. */
export function hashKey(
  { balance, hashType, name }: Proxy,
  setting: Setting,
): ((context: SampleContext) => number) | null {
  if (balance.kind === "source") {
    return (context) => {
      const address = context.clientAddress();
      return address === null ? NO_KEY : hashSource(hashType, address);
    };
  }
  if (balance.kind !== "hash") return null;
  const compiled = compileExpression(balance.expression, "any", setting);
  if (!compiled.ok) throw new Error(`Cannot use balance hash in "${name}": ${compiled.message}`);
  return (context) => {
    const value = compiled.evaluate(context);
    switch (typeof value) {
      case "undefined":
        return NO_KEY;
      case "string":
        return hashString(hashType, value);
      case "object":
        return hashBytes(hashType, value);
      default:
        return hashInteger(hashType, Number(value));
    }
  };
}
