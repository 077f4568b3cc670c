/** Fuzzing of the loader: a second of damaged configurations, the same ones each time (FUZZ_SEED changes them). */
import { test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { renderDiagnostic } from "../diagnostics.ts";
import { loadText } from "../../../test/config_fixture.ts";

const ROUNDS = 2500;

/** Valid files torn and stitched: whatever comes out is a model or a list of problems, never an exception. */
test("no text makes the loader throw", async () => {
  const seed = Number(process.env["FUZZ_SEED"] ?? 20_261_120);
  const random = generator(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const folder = join(import.meta.dir, "../../../test/golden/config");
  const texts = await Promise.all(
    readdirSync(folder).filter((name) => name.endsWith(".cfg")).map((name) => Bun.file(join(folder, name)).text()),
  );
  const lines = texts.flatMap((text) => text.split("\n"));
  const words = lines.flatMap((line) => line.trim().split(/ +/));
  const mutations: ((text: string) => string)[] = [
    (line) => line.replace(/\S+$/, ""),
    (line) => `${line} ${pick(words)}`,
    (line) => line.replace(/\S+/, pick(words)),
    (line) => line.slice(0, Math.floor(random() * line.length)),
    (line) => line + String.fromCharCode(Math.floor(random() * 256)),
    () => pick(lines),
    (line) => line.split(" ").reverse().join(" "),
  ];
  // About a second; counted in texts, so that every machine reads the same ones.
  for (let round = 0; round < ROUNDS; round++) {
    const text = pick(texts).split("\n").map((line) => random() < 0.3 ? pick(mutations)(line) : line).join("\n");
    try {
      const loaded = loadText(text);
      for (const one of loaded.diagnostics.list) renderDiagnostic(one, 1);
      const refused = loaded.diagnostics.list.some(({ severity }) => severity === "alert");
      if (refused === (loaded.model !== null)) throw new Error("neither refused nor accepted");
    } catch (cause) {
      throw new Error(`FUZZ_SEED=${seed} with this text:\n${text}`, { cause });
    }
  }
});

/** Mulberry32. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
