/** The part of the model that says how the servers of a proxy are checked. Texts are byte strings. */

export interface HealthChecks {
  /** `option httpchk`, `option tcp-check`, or neither: the last one wins. */
  kind: "connect" | "http" | "tcp";
  http: HttpCheck;
  /** `tcp-check` lines, in order; without any a connection is all that is asked for. */
  tcp: TcpCheckStep[];
}

export interface HttpCheck {
  method: string;
  uri: string;
  /** As written, "HTTP/1.0" unless told otherwise. */
  version: string;
  headers: { name: string; value: string }[];
  body: string;
  /** All of them must hold; without any the status must be 200 to 399. */
  expects: HttpCheckExpect[];
  disableOn404: boolean;
}

export interface HttpCheckExpect {
  negated: boolean;
  match:
    | { kind: "status"; ranges: [from: number, to: number][] }
    | { kind: "rstatus"; pattern: string }
    /** In the body. */
    | { kind: "string"; text: string }
    | { kind: "rstring"; pattern: string };
}

export type TcpCheckStep =
  /** null: the port of the check. */
  | { kind: "connect"; port: number | null }
  | { kind: "send"; data: string }
  | { kind: "expect"; negated: boolean; match: TcpCheckMatch };

export type TcpCheckMatch =
  | { kind: "string"; text: string }
  /** The bytes themselves. */
  | { kind: "binary"; text: string }
  | { kind: "rstring"; pattern: string };
