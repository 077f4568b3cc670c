/** The statistics page (stats/page/) as an answer of the proxy's own. */
import type { StatsPage } from "../../config/haproxy/model.ts";
import { answerStats } from "../../stats/page/answer.ts";
import { isStatsUri, STATS_METHODS } from "../../stats/page/request.ts";
import type { StatsSource } from "../../stats/source.ts";
import type { Reply } from "../rules/reply.ts";
import { fieldName, fieldValue, findField, methodString, uriString } from "./edit.ts";
import { type Head, METHOD } from "./head.ts";

export interface StatsSite {
  /** Is the request one for the page? */
  matches(head: Head): boolean;
  answer(head: Head): Reply;
}

const AUTHORIZATION = fieldName("authorization");
const REASONS: Readonly<Record<number, string>> = { 200: "OK", 303: "See Other", 401: "Unauthorized" };

export function createStatsSite(settings: StatsPage, source: () => StatsSource): StatsSite {
  return {
    matches: (head) => STATS_METHODS.has(methodString(head)) && isStatsUri(settings, uriString(head)),
    answer(head) {
      const at = findField(head, AUTHORIZATION, 0);
      const answer = answerStats(source(), settings, {
        method: methodString(head),
        uri: uriString(head),
        authorization: at < 0 ? null : fieldValue(head, at),
      });
      const { status, headers, body } = answer;
      const fields = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
      // A page for HEAD is not rendered, so its length is not known.
      const length = head.method === METHOD.HEAD ? "" : `content-length: ${body.length}\r\n`;
      const start = `HTTP/1.1 ${status} ${REASONS[status]}\r\n${fields}${length}`;
      return {
        status,
        termination: status === 401 ? "PR" : "LR",
        size: start.length + body.length + 32,
        write(_context, request, out, at, close) {
          const connection = close ? "connection: close\r\n" : request?.minor === 0 ? "connection: keep-alive\r\n" : "";
          at += out.write(`${start}${connection}\r\n`, at, "latin1");
          return at + out.write(body, at, "latin1");
        },
      };
    },
  };
}
