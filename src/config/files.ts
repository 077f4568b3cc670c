/**
 * Reads the configuration files named by -f and --: files, and directories of *.cfg files. The only I/O of src/config.
 */
import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { fromByteString } from "./byte_strings.ts";
import { alert, type Diagnostics, newDiagnostics, quote } from "./diagnostics.ts";

export interface ConfigFile {
  /** As given, or the directory as given with the file's name behind it. */
  path: string;
  /** One character per byte: see byte_strings.ts. */
  text: string;
}

export const MAX_FILE_BYTES = 64 << 20;

/** A file named by a line of the configuration; null: it cannot be read, or is too long to be meant. */
export function readNamedFile(path: string): string | null {
  return readText(fromByteString(path), newDiagnostics());
}

/** In the order of loading. What cannot be read is reported, the rest is returned. */
export function readConfigFiles(args: readonly string[], diagnostics: Diagnostics): ConfigFile[] {
  const files: ConfigFile[] = [];
  for (const path of args.flatMap((arg) => expandDirectory(arg, diagnostics))) {
    const text = readText(path, diagnostics);
    if (text !== null) files.push({ path, text });
  }
  return files;
}

/** A directory stands for its visible .cfg files in byte order (management.txt 3, "-f"). */
function expandDirectory(path: string, diagnostics: Diagnostics): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path).filter((name) => name.endsWith(".cfg") && !name.startsWith("."));
    const files = names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .map((name) => path.endsWith("/") ? path + name : `${path}/${name}`)
      .filter((file) => statSync(file).isFile());
    if (files.length === 0) alert(diagnostics, null, `No file ending in ".cfg" in directory ${quote(path)}`);
    return files;
  } catch (error) {
    report(path, error, diagnostics);
    return [];
  }
}

function readText(path: string, diagnostics: Diagnostics): string | null {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    report(path, error, diagnostics);
    return null;
  }
  try {
    const stat = fstatSync(fd);
    // A pipe (process substitution) and /dev/null are files too for this purpose.
    if (!stat.isFile() && !stat.isFIFO() && !stat.isCharacterDevice()) {
      alert(diagnostics, null, `Cannot read configuration file ${quote(path)}: not a regular file`);
      return null;
    }
    return stat.size > MAX_FILE_BYTES ? tooLong(path, diagnostics) : readUpTo(fd, path, diagnostics);
  } catch (error) {
    report(path, error, diagnostics);
    return null;
  } finally {
    closeSync(fd);
  }
}

function readUpTo(fd: number, path: string, diagnostics: Diagnostics): string | null {
  const chunks: string[] = [];
  const buffer = Buffer.allocUnsafe(1 << 16);
  for (let total = 0;;) {
    const count = readSync(fd, buffer);
    if (count === 0) return chunks.join("");
    total += count;
    if (total > MAX_FILE_BYTES) return tooLong(path, diagnostics);
    chunks.push(buffer.toString("latin1", 0, count));
  }
}

function tooLong(path: string, diagnostics: Diagnostics): null {
  alert(diagnostics, null, `Cannot read configuration file ${quote(path)}: longer than ${MAX_FILE_BYTES} bytes`);
  return null;
}

/** The words of strerror(3) for what happens with files; haproxy prints the same. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "No such file or directory",
  EACCES: "Permission denied",
  EPERM: "Operation not permitted",
  ENOTDIR: "Not a directory",
  ELOOP: "Too many levels of symbolic links",
  ENAMETOOLONG: "File name too long",
  EMFILE: "Too many open files",
  ENXIO: "No such device or address",
  EIO: "Input/output error",
};

function report(path: string, error: unknown, diagnostics: Diagnostics): void {
  const code = (error as { code?: string }).code ?? String(error);
  alert(diagnostics, null, `Cannot open configuration file/directory ${path} : ${REASONS[code] ?? code}`);
}
