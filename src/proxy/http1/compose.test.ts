/** Heads are written whole or not at all: never cut, never beyond the room there is. */
import { expect, test } from "bun:test";
import { composeHead } from "./compose.ts";
import { addField, deleteEntry, fieldName, replaceValue, setUri } from "./edit.ts";
import { type Head, METHOD, newHead } from "./head.ts";
import { PARSED, parseRequest, parseResponse } from "./parse.ts";

const NEW = fieldName("new");
const GUARD = 0xaa;

const changes: [name: string, change: (head: Head) => void][] = [
  ["untouched", () => {}],
  ["without its first field", (head) => deleteEntry(head, 0)],
  ["without its last field", (head) => deleteEntry(head, 2)],
  ["without one between", (head) => deleteEntry(head, 1)],
  ["with a new field", (head) => void addField(head, NEW, "value")],
  ["with another value", (head) => void replaceValue(head, 1, "another")],
  ["with another target", (head) => void setUri(head, "/another")],
];
const messages: [text: string, request: boolean][] = [
  ["GET / HTTP/1.1\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", true],
  ["GET / HTTP/1.1\nA: 1\nB: 2\nC: 3\n\n", true],
  ["HTTP/1.1 200 OK\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n", false],
  ["HTTP/1.1  200\nA: 1\nB: 2\nC: 3\n\n", false],
];

test.each(changes)("a head %s, in any room", (_, change) => {
  for (const [text, request] of messages) {
    const head = newHead(101, 1024);
    const bytes = Buffer.from(text, "latin1");
    const parsed = request
      ? parseRequest(head, bytes, 0, bytes.length, 101)
      : parseResponse(head, bytes, 0, bytes.length, METHOD.GET, 101);
    expect(parsed).toBe(PARSED.done);
    change(head);
    const roomy = Buffer.alloc(1024, GUARD);
    const end = composeHead(head, request, roomy, 7);
    const whole = roomy.toString("latin1", 7, end);
    expect(whole).toEndWith("\r\n\r\n");
    expect(roomy.subarray(end).every((byte) => byte === GUARD)).toBe(true);
    for (let length = 7; length <= end; length++) {
      const out = Buffer.alloc(length, GUARD);
      expect(composeHead(head, request, out, 7)).toBe(length === end ? end : -1);
      if (length === end) expect(out.toString("latin1", 7)).toBe(whole);
    }
  }
});
