/** Answers read at every cut, and bytes of any kind: nothing throws, and what is settled stays settled. */
import { expect, test } from "bun:test";
import { type Answer, readAnswer } from "./http_answer.ts";

const head = (status: number, reason: string, body = "", bodyEnded = false): Answer => ({
  kind: "head",
  status,
  reason,
  body,
  bodyEnded,
});

const WHOLE: [text: string, ended: boolean, answer: Answer][] = [
  ["HTTP/1.1 200 OK\r\n\r\n", false, head(200, "OK")],
  ["HTTP/1.0 503 Service Unavailable\r\n\r\nno", true, head(503, "Service Unavailable", "no", true)],
  ["HTTP/1.1 200 OK\n\nhi", true, head(200, "OK", "hi", true)],
  ["\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", false, head(200, "OK")],
  ["HTTP/1.1 404\r\n\r\n", false, head(404, "")],
  ["HTTP/1.1 2000 OK\r\n\r\n", false, head(2000, "OK")],
  ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi there", false, head(200, "OK", "hi", true)],
  ["HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", false, head(200, "OK", "hi")],
  ["HTTP/1.1 204 No\r\n\r\nhi", false, head(204, "No", "", true)],
  ["HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", false, head(200, "OK")],
  [
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n3;x\r\nyou\r\n0\r\n\r\n",
    false,
    head(200, "OK", "hiyou", true),
  ],
  ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n", false, head(200, "OK", "hi")],
];
test.each(WHOLE)("%j ended %p", (text, ended, answer) => {
  expect(readAnswer(text, ended)).toEqual(answer);
});

const INVALID = [
  ...["SSH-2.0", "hi", "http/1.1 200 ok\r\n\r\n", "ICY 200 OK\r\n\r\n", "HTTP/1.1 OK\r\n\r\n", "HTTP/x 200 OK\r\n\r\n"],
  ...["HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", "HTTP/1.1 200 OK\r\nA B: c\r\n\r\n"],
  "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\n folded: x\r\n\r\n",
  "HTTP/1.1 200 OK\r\na: b\rc\r\n\r\n",
];
test.each(INVALID)("%j is no answer", (text) => {
  expect(readAnswer(text, false).kind).toBe("invalid");
});

test("cut anywhere, it is incomplete while more may come, and invalid when none does", () => {
  const text = "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n";
  for (let length = 0; length < text.length; length++) {
    expect(readAnswer(text.slice(0, length), false).kind).toBe("incomplete");
    if (length > 0) expect(readAnswer(text.slice(0, length), true).kind).toBe("invalid");
  }
});

test("any bytes: nothing throws, and more bytes change no status", () => {
  const seed = Number(process.env["FUZZ_SEED"] ?? Date.now() % 2 ** 31);
  let state = seed >>> 0;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
  const PIECES = [
    ...["HTTP/1.1", " ", "200", "OK", "\r\n", "\n", "\r", ":", "\t", "0", "5", "ffffffff", "\0", "\xff", ";"],
    ...["content-length: ", "transfer-encoding: chunked", "\r\n\r\n", "HTTP/1.1 200 OK\r\n", "A: b\r\n"],
  ];
  try {
    for (let round = 0; round < 20_000; round++) {
      let text = random(2) === 0 ? "" : "HTTP/1.1 200 OK\r\n";
      for (let i = random(12); i > 0; i--) text += PIECES[random(PIECES.length)]!;
      const whole = readAnswer(text, true);
      const cut = readAnswer(text.slice(0, random(text.length + 1)), false);
      if (cut.kind === "head") expect([whole.kind, (whole as typeof cut).status]).toEqual(["head", cut.status]);
      if (cut.kind === "invalid") expect(whole.kind).toBe("invalid");
    }
  } catch (error) {
    throw new Error(`With FUZZ_SEED=${seed}`, { cause: error });
  }
});
