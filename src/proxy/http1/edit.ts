/**
 * All changes of a message head. Before the first one that needs room the head is copied into Head.work, at the same
 * offsets; what is written later is appended there. Every function says whether there was room: nothing is dropped silently.
 * What would end a line or the head is not written as such, whatever a rule makes of its samples. Content-Length and
 * Transfer-Encoding cannot be changed: the body is passed on as it comes.
 */
import { COLON, CR, isBlank, LF, LOWER, REASON, SPACE, TARGET, TOKEN } from "./characters.ts";
import { ENTRY, FIELD, type Head, NAME_AT, NAME_END, STRIDE, VALUE_AT, VALUE_END } from "./head.ts";
import { fieldId, methodNumber } from "./names.ts";

/** ": " and the end of the line. */
const LINE_EXTRA = 4;
/** "HTTP/1.1" */
const VERSION_LENGTH = 8;

/** Name of a field, made once at load. */
export interface FieldName {
  lower: Uint8Array;
  /** As it is written. */
  text: Uint8Array;
  /** One of FIELD. */
  id: number;
}

export function fieldName(name: string): FieldName {
  const text = Buffer.from(name, "latin1");
  const lower = Buffer.from(text.map((byte) => LOWER[byte] as number));
  return { lower, text, id: fieldId(text, 0, text.length) };
}

/** Makes the bytes of the head ours to append to, with room for that many more. */
export function own(head: Head, room: number): boolean {
  const { work } = head;
  if (head.bytes !== work) {
    if (head.end + room > work.length) return false;
    head.bytes.copy(work, head.start, head.start, head.end);
    head.bytes = work;
    head.workAt = head.end;
  }
  return head.workAt + room <= work.length;
}

/** Index of the next field of that name from index `from` on that is not deleted; -1. */
export function findField(head: Head, name: FieldName, from: number): number {
  const { bytes, entries, states, ids, count } = head;
  const { lower, id } = name;
  if (id !== FIELD.other) {
    for (let i = from; i < count; i++) if (ids[i] === id && states[i] !== ENTRY.deleted) return i;
    return -1;
  }
  const length = lower.length;
  search: for (let i = from; i < count; i++) {
    const at = entries[i * STRIDE + NAME_AT] as number;
    if ((entries[i * STRIDE + NAME_END] as number) - at !== length || states[i] === ENTRY.deleted) continue;
    for (let k = 0; k < length; k++) if (LOWER[bytes[at + k] as number] !== lower[k]) continue search;
    return i;
  }
  return -1;
}

/** Value of a field, one character per byte. */
export function fieldValue(head: Head, index: number): string {
  const entry = index * STRIDE;
  return head.bytes.toString("latin1", head.entries[entry + VALUE_AT], head.entries[entry + VALUE_END]);
}

/** Adds a field behind all others. */
export function addField(head: Head, name: FieldName, value: string): boolean {
  if (isFraming(name.id)) return true;
  const text = trimmed(value);
  if (!hasRoom(head, name, text.length)) return false;
  writeLine(head, append(head, name), name.text, 0, name.text.length, text);
  return true;
}

/** The same with a value that lies in some bytes. */
export function addFieldBytes(head: Head, name: FieldName, bytes: Buffer, at: number, end: number): boolean {
  if (isFraming(name.id)) return true;
  while (at < end && isEmpty(bytes[at] as number)) at++;
  while (end > at && isEmpty(bytes[end - 1] as number)) end--;
  if (!hasRoom(head, name, end - at)) return false;
  const index = append(head, name);
  const valueAt = writeName(head, index, name.text, 0, name.text.length);
  bytes.copy(head.work, valueAt, at, end);
  endLine(head, index, valueAt, valueAt + end - at);
  return true;
}

/** Takes out all fields of that name and adds one. */
export function setField(head: Head, name: FieldName, value: string): boolean {
  if (!hasRoom(head, name, value.length)) return false;
  deleteField(head, name);
  return addField(head, name, value);
}

/** Takes out all fields of that name. */
export function deleteField(head: Head, name: FieldName): void {
  for (let i = findField(head, name, 0); i >= 0; i = findField(head, name, i + 1)) deleteEntry(head, i);
}

export function deleteEntry(head: Head, index: number): void {
  if (!isFraming(head.ids[index] as number)) head.states[index] = ENTRY.deleted;
}

/** Gives one field another value; its name and its place among the others stay. */
export function replaceValue(head: Head, index: number, value: string): boolean {
  if (isFraming(head.ids[index] as number)) return true;
  const text = trimmed(value);
  const nameAt = head.entries[index * STRIDE + NAME_AT] as number;
  const nameEnd = head.entries[index * STRIDE + NAME_END] as number;
  if (!own(head, nameEnd - nameAt + text.length + LINE_EXTRA)) return false;
  writeLine(head, index, head.work, nameAt, nameEnd, text);
  return true;
}

function isFraming(id: number): boolean {
  return id === FIELD.contentLength || id === FIELD.transferEncoding;
}

/** Without blanks around it, which no value has, and what would become blanks. */
function trimmed(value: string): string {
  let at = 0;
  let end = value.length;
  while (at < end && isEmpty(value.charCodeAt(at))) at++;
  while (end > at && isEmpty(value.charCodeAt(end - 1))) end--;
  return end - at === value.length ? value : value.slice(at, end);
}

function isEmpty(byte: number): boolean {
  return isBlank(byte) || REASON[byte] === 0;
}

/** Is there a place and room for another line? */
function hasRoom(head: Head, name: FieldName, length: number): boolean {
  return head.count < head.states.length && own(head, name.text.length + length + LINE_EXTRA);
}

/** A new entry behind all others. */
function append(head: Head, name: FieldName): number {
  head.ids[head.count] = name.id;
  return head.count++;
}

function writeLine(
  head: Head,
  index: number,
  name: Uint8Array,
  nameAt: number,
  nameEnd: number,
  value: string,
): void {
  const valueAt = writeName(head, index, name, nameAt, nameEnd);
  head.work.write(value, valueAt, value.length, "latin1");
  endLine(head, index, valueAt, valueAt + value.length);
}

/** Writes "name: " and returns where the value goes. */
function writeName(head: Head, index: number, name: Uint8Array, nameAt: number, nameEnd: number): number {
  const { work, entries } = head;
  let at = head.workAt;
  entries[index * STRIDE + NAME_AT] = at;
  for (let i = nameAt; i < nameEnd; i++) work[at++] = name[i] as number;
  entries[index * STRIDE + NAME_END] = at;
  work[at] = COLON;
  work[at + 1] = SPACE;
  return at + 2;
}

function endLine(head: Head, index: number, valueAt: number, valueEnd: number): void {
  const { work, entries } = head;
  blankBad(work, valueAt, valueEnd);
  entries[index * STRIDE + VALUE_AT] = valueAt;
  entries[index * STRIDE + VALUE_END] = valueEnd;
  work[valueEnd] = CR;
  work[valueEnd + 1] = LF;
  head.workAt = valueEnd + 2;
  head.states[index] = ENTRY.edited;
}

/** RFC 9110 §5.5: CR, LF and NUL become blanks. */
function blankBad(work: Buffer, at: number, end: number): void {
  for (let p = at; p < end; p++) if (REASON[work[p] as number] === 0) work[p] = SPACE;
}

/** Appends text of the start line and returns where it begins; own() has made room. */
function appendStart(head: Head, text: string): number {
  const at = head.workAt;
  head.work.write(text, at, text.length, "latin1");
  head.workAt = at + text.length;
  head.startEdited = true;
  return at;
}

/** What no target may hold is written as %XX. */
export function setUri(head: Head, uri: string): boolean {
  const text = isTarget(uri) ? uri : uri.replace(/[^!"$-~]/g, (char) => `%${hex(char.charCodeAt(0))}`);
  if (text === "" || !own(head, text.length)) return false;
  head.uriAt = appendStart(head, text);
  head.uriEnd = head.workAt;
  return true;
}

function isTarget(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (TARGET[text.charCodeAt(i)] !== 1) return false;
  return true;
}

const hex = (byte: number) => byte.toString(16).toUpperCase().padStart(2, "0");

/** False also for what is no method. */
export function setMethod(head: Head, method: string): boolean {
  if (method === "" || !own(head, method.length)) return false;
  for (let i = 0; i < method.length; i++) if (TOKEN[method.charCodeAt(i)] !== 1) return false;
  head.methodAt = appendStart(head, method);
  head.methodEnd = head.workAt;
  head.method = methodNumber(head.work, head.methodAt, head.methodEnd);
  return true;
}

/** @param status 100–999 */
export function setStatus(head: Head, status: number, reason: string): boolean {
  if (!own(head, reason.length)) return false;
  head.reasonAt = appendStart(head, reason);
  head.reasonEnd = head.workAt;
  blankBad(head.work, head.reasonAt, head.reasonEnd);
  head.status = status;
  return true;
}

export function uriString(head: Head): string {
  return head.bytes.toString("latin1", head.uriAt, head.uriEnd);
}

export function methodString(head: Head): string {
  return head.bytes.toString("latin1", head.methodAt, head.methodEnd);
}

/** The request line before rules change it, at most so many bytes: one blank between its parts, the version as it came. */
export function requestLine(head: Head, most: number): string {
  const { bytes, start } = head;
  let end = head.fieldsAt;
  while (end > start && (bytes[end - 1] === LF || bytes[end - 1] === CR)) end--;
  if (!head.startEdited) return bytes.toString("latin1", start, Math.min(end, start + most));
  return `${methodString(head)} ${uriString(head)} ${bytes.toString("latin1", end - VERSION_LENGTH, end)}`.slice(
    0,
    most,
  );
}
