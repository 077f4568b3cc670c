/** What the configuration's reader asks of the data plane's compilers: is this expression, ACL or log format one? */
import { readNamedFile } from "../config/files.ts";
import type { Checks } from "../config/haproxy/load.ts";
import { CHECK_ONLY, compileLogFormat } from "../logs/format.ts";
import { parseErrorMessage } from "./rules/error_message.ts";
import { checkAcl, compileAcl } from "./samples/acl.ts";
import { checkExpression, isAvailable } from "./samples/expression.ts";
import { toRegExp } from "../config/regex.ts";

export const configChecks: Checks = {
  logFormat(text, where = "http log") {
    const result = compileLogFormat(text, {
      ...CHECK_ONLY,
      mode: where.includes("http") ? "http" : "tcp",
      expression(expression) {
        const problem = checkExpression(expression, where);
        return problem === null ? { evaluate: () => "" } : { error: problem.message };
      },
    });
    return result.ok ? null : result;
  },
  expression: (text, where = "http balance") => checkExpression(text, where),
  acl: (acl, mode = "http") => checkAcl(acl, readNamedFile, mode),
  aclFits(acl, where) {
    const compiled = compileAcl(acl, {
      scope: where,
      names: null,
      environment: () => undefined,
      readFile: readNamedFile,
    });
    return !compiled.ok || isAvailable(compiled.needs, where);
  },
  regex(text) {
    const regex = toRegExp(text, false);
    return typeof regex === "string" ? { message: regex, offset: 0 } : null;
  },
  errorMessage(text) {
    const read = parseErrorMessage(text);
    return "problem" in read ? { message: read.problem, offset: 0 } : null;
  },
  readFile: readNamedFile,
};
