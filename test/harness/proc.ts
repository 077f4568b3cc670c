/**
 * Readings from /proc of a process and all its descendants: processor time, memory, descriptors, threads.
 */
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync, readSync } from "node:fs";

/** USER_HZ: what /proc/PID/stat counts in, 100 on every Linux port Bun runs on. */
const TICK_MS = 10;

function text(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // the process has gone, or is not ours to read
  }
}

/** The fields of /proc/PID/stat from the third (state) on; the second, the name, may itself hold blanks. */
function stat(pid: number): string[] {
  const line = text(`/proc/${pid}/stat`);
  return line === "" ? [] : line.slice(line.lastIndexOf(")") + 2).split(" ");
}

export function pids(): number[] {
  return readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name)).map(Number);
}

/** Is there such a process that is not a zombie? */
export function isAlive(pid: number): boolean {
  const state = stat(pid)[0];
  return state !== undefined && state !== "Z" && state !== "X";
}

export function childrenOf(pid: number): number[] {
  return pids().filter((other) => Number(stat(other)[1]) === pid);
}

/** The process and all that descend from it, itself first. */
export function treeOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const other of pids()) {
    const parent = Number(stat(other)[1]);
    children.set(parent, [...(children.get(parent) ?? []), other]);
  }
  const tree = [pid];
  for (let i = 0; i < tree.length; i++) tree.push(...(children.get(tree[i] ?? 0) ?? []));
  return tree;
}

/** All processes whose environment holds NAME=value; finds those that have left their parent. */
export function withEnvironment(name: string, value: string): number[] {
  const wanted = `\0${name}=${value}\0`;
  return pids().filter((pid) => `\0${text(`/proc/${pid}/environ`)}`.includes(wanted) && isAlive(pid));
}

export function commandLine(pid: number): string {
  return text(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim();
}

/** User and system time of all processes given, ms. */
export function cpuMs(processes: readonly number[]): number {
  let ticks = 0;
  for (const pid of processes) {
    const fields = stat(pid);
    ticks += Number(fields[11] ?? 0) + Number(fields[12] ?? 0); // utime, stime: fields 14 and 15
  }
  return ticks * TICK_MS;
}

export interface Memory {
  /** Pages shared with other processes counted in full; adds up to too much over a tree. */
  rssKb: number;
  /** Shared pages divided by their users: the sum over a tree is what the tree takes. */
  pssKb: number;
  /** Pages no one else has. */
  privateKb: number;
}

/** Sums of smaps_rollup over all processes given. */
export function memory(processes: readonly number[]): Memory {
  const sum: Memory = { rssKb: 0, pssKb: 0, privateKb: 0 };
  for (const pid of processes) {
    const rollup = text(`/proc/${pid}/smaps_rollup`);
    const field = (name: string) => Number(new RegExp(`^${name}:\\s+([0-9]+) kB`, "m").exec(rollup)?.[1] ?? 0);
    sum.rssKb += field("Rss");
    sum.pssKb += field("Pss");
    sum.privateKb += field("Private_Clean") + field("Private_Dirty");
  }
  return sum;
}

/** Open descriptors of all processes given. */
export function descriptors(processes: readonly number[]): number {
  return processes.reduce((sum, pid) => sum + descriptorsOf(pid).length, 0);
}

/** Where each descriptor of a process leads ("socket:[123]", a path, …). */
export function descriptorsOf(pid: number): string[] {
  let names: string[];
  try {
    names = readdirSync(`/proc/${pid}/fd`);
  } catch {
    return [];
  }
  return names.map((name) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${name}`);
    } catch {
      return "";
    }
  });
}

export function threads(processes: readonly number[]): number {
  return processes.reduce((sum, pid) => sum + Number(stat(pid)[17] ?? 0), 0);
}

/** How many IPv4 sockets of this machine are in SYN-SENT towards the port. ss asks the kernel for just these. */
export function connecting(port: number): number {
  const { stdout } = Bun.spawnSync(["ss", "-Htn4", "state", "syn-sent", `dport = :${port}`]);
  return stdout.toString().split("\n").filter((line) => line !== "").length;
}

/**
 * Does a TCP socket listen on the port? Asked here rather than by a connection, which the program would count and log.
 * Listening sockets come first in the file: its end, thousands of lines of TIME-WAIT, is not read.
 */
export function listening(port: number): boolean {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const entry = new RegExp(`^ *[0-9]+: [0-9A-F]+:${hex} [0-9A-F]+:0000 0A `, "m");
  return entry.test(beginning("/proc/net/tcp")) || entry.test(beginning("/proc/net/tcp6"));
}

function beginning(path: string): string {
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(128 << 10);
    let length = 0;
    while (length < buffer.length) {
      const more = readSync(file, buffer, length, buffer.length - length, null);
      if (more === 0) break;
      length += more;
    }
    return buffer.toString("latin1", 0, length);
  } finally {
    closeSync(file);
  }
}
