/**
 * A real browser for the tests: Debian's Chromium without a window, driven over its DevTools protocol.
 * Relies on `chromium` from test/packages.sh; nothing is kept of it but a profile in a temporary directory.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface View {
  width: number;
  height: number;
  dark?: boolean;
  /** false: the page's scripts do not run. */
  scripts?: boolean;
}

export interface Tab {
  /** Loads the address and waits until it is there. */
  open(url: string): Promise<void>;
  /** The value of an expression in the page, as JSON gives it. Works without the page's own scripts too. */
  evaluate<T>(expression: string): Promise<T>;
  /** A PNG of what is in sight. */
  screenshot(): Promise<Buffer>;
  /** Errors and refusals that the page's console has shown. */
  complaints: string[];
}

export interface Browser {
  tab(view: View): Promise<Tab>;
  close(): Promise<void>;
}

type Params = Record<string, unknown>;
interface Message {
  id?: number;
  sessionId?: string;
  method?: string;
  params?: Params;
  result?: Params;
  error?: { message: string };
}

export async function startBrowser(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), "browser-"));
  const child = Bun.spawn(
    [
      "chromium",
      ...["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"],
      ...["--hide-scrollbars", "--remote-debugging-port=0", `--user-data-dir=${profile}`, "about:blank"],
    ],
    { stdin: "ignore", stdout: "ignore", stderr: "pipe" },
  );
  const socket = new WebSocket(await devToolsAddress(child.stderr));
  const waiting = new Map<number, { resolve(result: Params): void; reject(problem: Error): void }>();
  const listeners = new Set<(message: Message) => void>();
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(String(data)) as Message;
    if (message.id === undefined) return listeners.forEach((listener) => listener(message));
    const asked = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error === undefined) asked?.resolve(message.result ?? {});
    else asked?.reject(new Error(message.error.message));
  };
  await new Promise((resolve) => socket.onopen = resolve);
  let last = 0;
  const send = (method: string, params: Params = {}, sessionId?: string): Promise<Params> => {
    const { promise, resolve, reject } = Promise.withResolvers<Params>();
    waiting.set(++last, { resolve, reject });
    socket.send(JSON.stringify({ id: last, method, params, ...(sessionId === undefined ? {} : { sessionId }) }));
    return promise;
  };
  return {
    async tab(view) {
      const { targetId } = await send("Target.createTarget", { url: "about:blank" });
      const { sessionId } = await send("Target.attachToTarget", { targetId, flatten: true });
      return newTab(view, sessionId as string, send, listeners);
    },
    async close() {
      socket.close();
      child.kill();
      await child.exited;
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

/** Chromium says on stderr where it listens. */
async function devToolsAddress(stderr: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stderr) {
    text += decoder.decode(chunk, { stream: true });
    const address = /DevTools listening on (ws:\S+)/.exec(text)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error(`Chromium did not start: ${text}`);
}

async function newTab(
  { width, height, dark = false, scripts = true }: View,
  sessionId: string,
  send: (method: string, params?: Params, sessionId?: string) => Promise<Params>,
  listeners: Set<(message: Message) => void>,
): Promise<Tab> {
  const ask = (method: string, params: Params = {}): Promise<Params> => send(method, params, sessionId);
  const complaints: string[] = [];
  let loaded = (): void => {};
  listeners.add((message) => {
    if (message.sessionId !== sessionId) return;
    if (message.method === "Page.loadEventFired") loaded();
    if (message.method === "Log.entryAdded" || message.method === "Runtime.exceptionThrown") {
      complaints.push(JSON.stringify(message.params));
    }
  });
  for (const domain of ["Page", "Runtime", "Log"]) await ask(`${domain}.enable`);
  const mobile = width < 640;
  await ask("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile });
  const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
  await ask("Emulation.setEmulatedMedia", { features });
  await ask("Emulation.setScriptExecutionDisabled", { value: !scripts });
  return {
    complaints,
    async open(url) {
      const { promise, resolve } = Promise.withResolvers<void>();
      loaded = resolve;
      await ask("Page.navigate", { url });
      await promise;
    },
    async evaluate<T>(expression: string): Promise<T> {
      const { result, exceptionDetails } = await ask("Runtime.evaluate", {
        expression,
        awaitPromise: true,
        returnByValue: true,
      });
      if (exceptionDetails !== undefined) throw new Error(JSON.stringify(exceptionDetails));
      return (result as { value: T }).value;
    },
    async screenshot() {
      const { data } = await ask("Page.captureScreenshot", { format: "png" });
      return Buffer.from(data as string, "base64");
    },
  };
}
