/** What the configuration's reader asks of the data plane's compilers: is this expression, ACL or log format one? */
import type { Checks } from "../config/haproxy/load.ts";
import { CHECK_ONLY, compileLogFormat } from "../logs/format.ts";
import { readPatterns } from "./load.ts";
import { checkAcl } from "./samples/acl.ts";
import { checkExpression } from "./samples/expression.ts";

export const configChecks: Checks = {
  logFormat(text) {
    const result = compileLogFormat(text, {
      ...CHECK_ONLY,
      expression(expression) {
        const problem = checkExpression(expression, "log");
        return problem === null ? { evaluate: () => "" } : { error: problem.message };
      },
    });
    return result.ok ? null : result;
  },
  expression: (text) => checkExpression(text, "balance"),
  acl: (acl) => checkAcl(acl, readPatterns),
};
