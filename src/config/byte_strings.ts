/**
 * Byte strings: configuration text is held with one character per byte, so that what `\xE9` or a file in any encoding
 * says reaches the wire unchanged. These are the crossings between such text and the strings of the runtime.
 */

/** A string of the runtime (an argument, an environment value, a path) as the bytes of its UTF-8 form. */
export function toByteString(text: string): string {
  return isAscii(text) ? text : Buffer.from(text, "utf8").toString("latin1");
}

/** For the file system and for people: the UTF-8 text those bytes stand for; as it is where they are no UTF-8. */
export function fromByteString(bytes: string): string {
  if (isAscii(bytes)) return bytes;
  for (let i = 0; i < bytes.length; i++) if (bytes.charCodeAt(i) > 0xff) return bytes;
  try {
    return UTF8.decode(Buffer.from(bytes, "latin1"));
  } catch {
    return bytes;
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function isAscii(text: string): boolean {
  return !/[^\x00-\x7f]/.test(text);
}
