/** Where something stands in a configuration text. Lines and columns count from 1; a column counts characters. */
export type Place = Readonly<{ file: string; line: number; column: number }>;
