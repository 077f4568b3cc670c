/**
 * One file per kind of mistake: test/golden/config/NAME.cfg and, as NAME.txt, every word the operator gets to see.
 * UPDATE_GOLDEN=1 writes them anew, to be read before they are kept.
 */
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { renderDiagnostic } from "../diagnostics.ts";
import type { Checks, Complaint } from "./load.ts";
import { loadText } from "../../../test/config_fixture.ts";

const FOLDER = join(import.meta.dir, "../../../test/golden/config");

/** Hooks with a mind of their own, so that what they say can be seen to reach its column. */
function find(text: string, word: string, message: string): Complaint | null {
  const offset = text.indexOf(word);
  return offset < 0 ? null : { message, offset };
}
const CHECKS: Checks = {
  logFormat: (text) => find(text, "%bogus", "no such format variable 'bogus'"),
  expression: (text) => find(text, "nosuch", "unknown fetch method 'nosuch'"),
  acl: (acl) => find(acl.criterion, "nosuch", "unknown fetch method 'nosuch'"),
  aclFits: (acl, where) => !(where === "http-response" && acl.criterion.startsWith("path")),
  regex: (text) => find(text, "(", "missing closing parenthesis"),
  errorMessage: (text) => find(text, "bogus", "unable to parse headers (error offset: 0)"),
  readFile: (path) => path.includes("nosuch") ? null : path.includes("bogus") ? "bogus" : "",
};

const names = readdirSync(FOLDER).filter((name) => name.endsWith(".cfg")).sort();

test.each(names)("%s", async (name) => {
  const loaded = loadText(await Bun.file(join(FOLDER, name)).text(), { checks: CHECKS });
  const lines = loaded.diagnostics.list.map((one) => renderDiagnostic(one, 1234));
  const shown = [...lines, loaded.model === null ? "Refused" : "Accepted", ""].join("\n");
  const golden = join(FOLDER, name.replace(/cfg$/, "txt"));
  if (process.env["UPDATE_GOLDEN"] === "1") await Bun.write(golden, shown);
  expect(shown).toBe(await Bun.file(golden).text());
});

test("messages keep the house's rules", async () => {
  for (const name of names) {
    const loaded = loadText(await Bun.file(join(FOLDER, name)).text(), { checks: CHECKS });
    for (const { message } of loaded.diagnostics.list) expect(message).not.toMatch(/\binvalid\b/i);
    // The same mistake is said once.
    const shown = loaded.diagnostics.list.map((one) => renderDiagnostic(one, 1));
    expect(new Set(shown).size).toBe(shown.length);
  }
});
