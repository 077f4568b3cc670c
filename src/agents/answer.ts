/** Answers of an agent on the wire: a status, a line of text, always the last thing on its connection. */

export interface Answer {
  status: keyof typeof REASONS;
  text: string;
}

const REASONS = {
  200: "OK",
  206: "Partial Content",
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
  431: "Request Header Fields Too Large",
  503: "Service Unavailable",
} as const;

const METHODS = ["GET", "HEAD", "OPTIONS"];

export const mayAsk = (method: string): boolean => METHODS.includes(method);

/** @param withBody false for HEAD, whose answer tells the length of what GET would get (RFC 9110 §9.3.2) */
export function renderAnswer({ status, text }: Answer, withBody: boolean): string {
  const body = `${text}\r\n`;
  return `HTTP/1.1 ${status} ${REASONS[status]}\r\n` +
    (status === 405 ? `Allow: ${METHODS.join(", ")}\r\n` : "") +
    `Content-Type: text/plain\r\nCache-Control: no-store\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n` +
    (withBody ? body : "");
}
