/**
 * The statistics page in a real browser: readable by day, by night and on a telephone, whole without its script, and with
 * it kept up to date in place.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { inflateSync } from "node:zlib";
import { type Browser, startBrowser, type Tab, type View } from "./harness/browser.ts";
import { waitFor } from "./harness/conditions.ts";
import { fill, page, serve, type Served, set, site, trouble } from "./stats_page_fixture.ts";

const WIDE: View = { width: 1280, height: 900 };
const PHONE: View = { width: 375, height: 700 };
/** A browser on a busy machine takes its time. */
setDefaultTimeout(30_000);

describe.skipIf(Bun.which("chromium") === null)("in Chromium", () => {
  let browser: Browser;
  const of = site();
  fill(of);
  trouble(of);
  let served: Served;
  let slow: Served;
  beforeAll(async () => {
    served = serve(of, page({ refreshSec: 1, node: "", showLegends: true }));
    slow = serve(of, page({ node: "", showLegends: true }));
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser.close();
    served.stop();
    slow.stop();
  });
  const open = async (view: View, rest = "", from: Served = slow): Promise<Tab> => {
    const tab = await browser.tab(view);
    await tab.open(`${from.url}/haproxy?stats${rest}`);
    return tab;
  };

  test.each([PHONE, WIDE])("at $width pixels only the tables scroll sideways", async (view) => {
    const tab = await open(view);
    expect(await tab.evaluate("document.documentElement.scrollWidth")).toBe(view.width);
    // Each table does, its first column stays.
    const first = await tab.evaluate<number[]>(`(() => {
      const box = document.querySelectorAll(".scroll")[1];
      const left = () => Math.round(box.querySelector("tbody th").getBoundingClientRect().left);
      const before = left();
      box.scrollLeft = 300;
      return [before, left(), box.scrollLeft];
    })()`);
    expect(first[1]).toBe(first[0]!);
    expect(first[2]).toBe(300);
    expect(tab.complaints).toEqual([]);
  });

  test("nothing is cut off in a cell of figures", async () => {
    const tab = await open(WIDE);
    const cut = `[...document.querySelectorAll("td, thead th")].filter((cell) => cell.scrollWidth > cell.clientWidth)
      .map((cell) => cell.textContent)`;
    expect(await tab.evaluate(cut)).toEqual([]);
  });

  /** Brightness of a corner of the page, where nothing but its ground is: 0 to 255. */
  const ground = async (tab: Tab): Promise<number> => {
    const [r, g, b] = pixel(await tab.screenshot(), 3, 300) as [number, number, number];
    return (r + g + b) / 3;
  };
  test("the ground is dark in dark surroundings, and light in light ones", async () => {
    expect(await ground(await open({ ...WIDE, dark: true }))).toBeLessThan(40);
    expect(await ground(await open(WIDE))).toBeGreaterThan(225);
  });

  test("without scripts all is there, and a form asks for a part", async () => {
    const tab = await open({ ...WIDE, scripts: false });
    const rows = "document.querySelectorAll('tbody tr').length";
    expect(await tab.evaluate(rows)).toBe(22);
    expect(await tab.evaluate("getComputedStyle(document.querySelector('fieldset')).display")).toBe("none");
    expect(await tab.evaluate("document.querySelector('#summary h2').checkVisibility()")).toBe(true);
    await tab.evaluate(
      "document.querySelector('#filter').value = 'SHOP', document.querySelector('.bar form').submit()",
    );
    await waitFor(async () => await tab.evaluate(rows) === 6, "the rows of one backend");
    expect(await tab.evaluate("location.search")).toBe("?stats=&scope=SHOP");
  });

  test("without scripts the browser itself loads the page again", async () => {
    const before = served.asked();
    await open({ ...WIDE, scripts: false }, "", served);
    await waitFor(() => served.asked() > before + 1, "a second request");
  });

  const shown = `[...document.querySelectorAll("tbody tr")].filter((row) => row.checkVisibility())
    .map((row) => row.cells[0].firstChild.textContent)`;
  const choose = (state: string) => `document.querySelector("[name=state][value=${state}]").click()`;
  const write = (text: string) =>
    `(() => { const box = document.querySelector("#filter"); box.value = ${JSON.stringify(text)};
      box.dispatchEvent(new Event("input", { bubbles: true })); })()`;

  test("filter and choice of rows", async () => {
    const tab = await open(PHONE);
    await tab.evaluate(write("web-fra"));
    expect(await tab.evaluate(shown)).toEqual(["web-fra-01", "web-fra-02", "web-fra-03"]);
    expect(await tab.evaluate("document.querySelector('#count').textContent")).toBe("3 of 22 rows");
    await tab.evaluate(choose("trouble"));
    expect(await tab.evaluate(shown)).toEqual(["web-fra-02", "web-fra-03"]);
    await tab.evaluate(choose("up"));
    expect(await tab.evaluate(shown)).toEqual(["web-fra-01"]);
    await tab.evaluate(write("nothing of the kind"));
    expect(await tab.evaluate(shown)).toEqual([]);
    expect(await tab.evaluate("document.querySelector('#none').checkVisibility()")).toBe(true);
  });

  test("a refresh puts new figures in place and leaves the rest as the reader had it", async () => {
    const now = site();
    fill(now);
    const moving = serve(now, page({ refreshSec: 1 }));
    try {
      const tab = await open({ ...PHONE, height: 300 }, "", moving);
      await tab.evaluate("window.witness = 1");
      await tab.evaluate(write("-"));
      const rows = await tab.evaluate<string[]>(shown);
      expect(rows.slice(0, 3)).toEqual(["sock-1", "tls-edge", "web-fra-01"]);
      const top = "Math.round(document.querySelector('#p3').getBoundingClientRect().top)";
      await tab.evaluate(`document.querySelectorAll(".scroll")[1].scrollLeft = 120, scrollBy(0, ${top} + 40)`);
      expect(await tab.evaluate(top)).toBe(-40);
      expect(await tab.evaluate("document.title")).toContain("Nothing is down");
      set(now, "web-fra-01", { state: 0 });
      await waitFor(() => tab.evaluate("document.title.includes('1 server down')"), "the news of the server");
      // The same document: nothing was loaded again but the figures.
      expect(await tab.evaluate("window.witness")).toBe(1);
      expect(await tab.evaluate(shown)).toEqual(rows);
      expect(await tab.evaluate("document.querySelectorAll('.scroll')[1].scrollLeft")).toBe(120);
      // The summary above it has grown.
      expect(await tab.evaluate(top)).toBe(-40);
      expect(await tab.evaluate("document.querySelector('tbody tr[data-look=bad] th').textContent")).toBe("web-fra-01");
      moving.stop();
      await waitFor(() => tab.evaluate("document.querySelector('#note.bad') !== null"), "word of the silence");
      expect(await tab.evaluate(shown)).toEqual(rows);
    } finally {
      moving.stop();
    }
  });

  test("no script and no style but the page's own may run", async () => {
    const tab = await open(WIDE);
    await tab.evaluate(
      `document.body.insertAdjacentHTML("beforeend", "<b id=x style='color:red' onclick='window.evil = 1'>x</b>")`,
    );
    await tab.evaluate("document.querySelector('#x').click()");
    expect(await tab.evaluate("window.evil === undefined")).toBe(true);
    expect(await tab.evaluate("getComputedStyle(document.querySelector('#x')).color")).not.toBe("rgb(255, 0, 0)");
  });
});

/** Red, green and blue of one pixel of a PNG of eight bits a channel without interlacing, as Chromium makes them. */
function pixel(png: Buffer, x: number, y: number): number[] {
  const [width, channels] = [png.readUInt32BE(16), png[25] === 6 ? 4 : 3];
  const parts: Buffer[] = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString("latin1", at + 4, at + 8) === "IDAT") {
      parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
    }
  }
  const raw = inflateSync(Buffer.concat(parts));
  const stride = width * channels;
  let above = new Uint8Array(stride);
  for (let line = 0;; line++) {
    const at = line * (stride + 1);
    const row = Uint8Array.from(raw.subarray(at + 1, at + 1 + stride));
    // PNG, 9.2: what is stored is the difference to a guess from the neighbours left, above and both.
    for (let i = 0; i < stride; i++) {
      const [a, b, c] = [i < channels ? 0 : row[i - channels]!, above[i]!, i < channels ? 0 : above[i - channels]!];
      const guess = [0, a, b, (a + b) >> 1, paeth(a, b, c)][raw[at]!]!;
      row[i] = row[i]! + guess;
    }
    if (line === y) return [...row.subarray(x * channels, x * channels + 3)];
    above = row;
  }
}

function paeth(a: number, b: number, c: number): number {
  const [toA, toB, toC] = [Math.abs(b - c), Math.abs(a - c), Math.abs(a + b - 2 * c)];
  return toA <= toB && toA <= toC ? a : toB <= toC ? b : c;
}
