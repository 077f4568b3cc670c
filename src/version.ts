/** Who we are: the version, how this executable was built, and the level of haproxy's language that it reads. */
import { version } from "../package.json" with { type: "json" };

// Put in by the build (build.ts); absent when the program runs from its sources.
declare const BUILD_DATE: string | undefined;
declare const BUILD_COMMIT: string | undefined;
declare const BUILD_TARGET: string | undefined;
declare const BUILD_OPTIONS: string | undefined;

export const VERSION: string = version;
/** The version of haproxy whose configuration language and interfaces we implement. */
export const LANGUAGE_VERSION = "3.5.0";

export interface Build {
  /** YYYY/MM/DD of the commit. */
  date: string;
  commit: string;
  target: string;
  /** Of the compiler. */
  options: string;
}

export const BUILD: Readonly<Build> = {
  date: typeof BUILD_DATE === "string" ? BUILD_DATE : "1970/01/01",
  commit: typeof BUILD_COMMIT === "string" ? BUILD_COMMIT : "none",
  target: typeof BUILD_TARGET === "string" ? BUILD_TARGET : "none, running from its sources",
  options: typeof BUILD_OPTIONS === "string" ? BUILD_OPTIONS : "none",
};
