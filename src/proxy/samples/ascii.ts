/**
 * Upper and lower case of byte strings: the letters A to Z alone, whatever the bytes above 127 stand for.
 */
const BEYOND_ASCII = /[\x80-\xff]/;

export const lowerAscii = (text: string): string =>
  BEYOND_ASCII.test(text) ? text.replace(/[A-Z]+/g, (run) => run.toLowerCase()) : text.toLowerCase();

export const upperAscii = (text: string): string =>
  BEYOND_ASCII.test(text) ? text.replace(/[a-z]+/g, (run) => run.toUpperCase()) : text.toUpperCase();
