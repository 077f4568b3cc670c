/**
 * The exchanges of persistence.test.ts: lines of a backend, and messages that are played through each of them in order.
 * `now(-32)` in a text is the date of 32 seconds ago, as
 * cookies write it: in units of four seconds.
 */

export interface Play {
  /** Header lines of the request, each with its end. */
  request: string;
  /** Header lines of a 200 with an empty body, or a whole message. */
  response: string;
  method: string;
}

export interface Farm {
  /** Lines of the backend, between semicolons. */
  lines: string;
  plays: readonly Play[];
}

const play = (request: string, response = "", method = "GET"): Play => ({ request, response, method });
const lines = (name: string, values: readonly string[]): string[] => values.map((value) => `${name}: ${value}\r\n`);

/** What any `cookie` line has to cope with. */
const COMMON: readonly Play[] = [
  ...["", "SRV=sa", "SRV=zz", "SRV=sd", "SRV=", "x=1; SRV=sb; y=2", "SRV=sb~own", "SRV=sa; SRV=sb", "srv=sa", "SRV=se"]
    .flatMap((value) => {
      const request = value === "" ? "" : `Cookie: ${value}\r\n`;
      return [play(request), play(request, "Set-Cookie: SRV=own; path=/x\r\n"), play(request, "", "POST")];
    }),
  play("Cookie: SRV=sb\r\n", "Set-Cookie: x=1\r\nSet-Cookie: SRV=1; a\r\nSet-Cookie: y=2\r\nSet-Cookie: SRV=2\r\n"),
  play("", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
  play("Cookie: AP=1; SRV=sa\r\nCookie: AP=2\r\n", "Set-Cookie: AP=3\r\nSet-Cookie: AP=4\r\n"),
];

const COOKIES: readonly string[] = [
  ...["SRV=sa;", ";SRV=sa", "SRV=sa; ", "a=1;SRV=sa", "a=1; SRV=sa", "a=1;  SRV=sa;  b=2", "SRV=sa; b=2", "SRV=sa;b=2"],
  ...["a=1;SRV=sa;b=2", "a=1 ; SRV=sa ; b=2", "a=1; SRV=sa;b=2", "a=1;SRV=sa; b=2", "a=1 ;SRV=sa ;b=2", "SRV = sa"],
  ...["a=1; SRV = sa ; b=2", 'SRV="sa"', 'a="x;SRV=sb"; SRV=sa', 'a="x;y"; SRV="sa"; b=3', "SRV", "SRV;a=1", "=sa"],
  ...["SRV=zz; SRV=sb", "SRV=sd; SRV=sb", "SRV=; SRV=sb", "a=1, SRV=sa", "a=1,SRV=sa,b=2", "a=1,  SRV=sa  ;  b=2"],
  ...[
    "$Version=1; SRV=sa; $Path=/; b=2; $Domain=x",
    "$Version=1; a=1; $Path=/; SRV=sa; $Path=/; b=2",
    "SRV=sa; $Path=/",
  ],
  ...[
    '$Version="1"; SRV="sa"; $Path="/"',
    "a=1; $Path=/; SRV=sa",
    "$Version=1, SRV=sa",
    "$Version=1",
    "$SRV=sa",
    "$x; SRV=sa",
  ],
  ...[
    "SRV=sa; $x",
    "a=1; SRV=sa; $x ; y=2",
    "SRV=sa; $Path=/; SRV=sb",
    '$Path = "a"; SRV=sa; $Domain="a;b"; c=1',
    "SRV=sa|x",
  ],
  ...[
    "SRV=sa~foo; SRV=sb~bar",
    "SRV=sa~",
    "SRV=~x",
    "SRV=sa~a~b",
    "a=1; SRV=sb~v ; c",
    'SRV="sa~v"',
    "SRV=zz~v",
    "SRV=sd~x",
  ],
  ...[
    "XSRV=sa",
    "SRVX=sa",
    "a=b=SRV=sa; SRV=sb",
    "a;SRV=sa",
    "a ; SRV=sa",
    "a b c=1; SRV=sa",
    ";;; SRV=sa;;;",
    "SRV=sa b; c=1",
  ],
  ...[
    "SRV==sa",
    "SRV=sa=x",
    'a="unterminated; SRV=sa',
    'SRV="sa',
    'a="q\\"; SRV=sb"; SRV=sa',
    "SRV=SA",
    "SRV=\xe9",
    "SRV=sb~; x=1",
  ],
  ...[
    ";;SRV=sa",
    "SRV=sa;;",
    "SRV=sa;;;",
    "; ; SRV=sa",
    "SRV=sa; ;",
    ",SRV=sa",
    ";a=1;SRV=sa",
    "a=1 ; SRV=sa",
    "a = 1 ; SRV=sa",
  ],
  ...[
    "a= 1; b =2; SRV=sa",
    "SRV=sd; SRV=zz",
    "SRV=zz; SRV=sd",
    "a=1; SRV=sa;",
    "a=1;;SRV=sa;;b=1",
    "a=1; SRV=sa ;  ; b=1",
  ],
  ...['x= "a" b; SRV=sa', "SRV=sa; a", "a=;SRV=sa", "=;SRV=sa", "SRV=sa; =x", 'SRV=\\"sa; b=1', 'a"b; SRV=sa"; SRV=sb'],
  ...[
    '"a=1; SRV=sa"; SRV=sb',
    'a=x"y; SRV=sa"; SRV=sb',
    "a=\\;SRV=sb",
    "SRV = sa~ v",
    "SRV=sa ~v",
    "x=1 ; SRV =sa~v",
    "x = 1",
  ],
  ...[
    'SRV=sa~"v;w"; x=1',
    "$x = 1; SRV=sa",
    "SRV=sa|now(-32)",
    "SRV=sb|now(-32)~x",
    ";SRV=sa;b=1",
    "SRV=sa;SRV=sb;a=1;SRV=sa",
  ],
];
const REQUESTS: readonly Play[] = [
  ...lines("Cookie", COOKIES).map((line) => play(line)),
  ...["SRV=zz|SRV=sb", "a=1|SRV=sb; c=2", "SRV=sb~1|SRV=sa~2; d=1", "SRV=sb|SRV=sb|SRV=sb", "|SRV=sb", "SRV=sd|SRV=sa"]
    .map((values) => play(lines("Cookie", values.split("|")).join("X: y\r\n"))),
  play("Cookie2: SRV=sb\r\n"),
];

const SET_COOKIES: readonly string[] = [
  ...[
    "SRV = x ; path=/",
    "SRV= x",
    "SRV =x; a",
    'SRV="x"; path=/',
    'SRV="x;y"; path=/',
    "srv=x",
    "SRV",
    "SRV=",
    "SRV=;path=/",
  ],
  ...[
    "x=1; SRV=2",
    "x=1, SRV=2; path=/",
    "SRV=1, SRV=2",
    "SRV=x;Expires=Thu, 01 Jan 2030 00:00:00 GMT",
    "SRV=x y; b",
    "SRVX=1",
  ],
  ...[
    "SRV=a~b",
    "SRV=sa",
    "SRV==x",
    "$Version=1; SRV=x",
    "; SRV=x",
    "SRV=x;",
    'SRV="un; path=/',
    "SRV=x=y; path=/",
    "",
  ],
  ...[
    "SRV=x,y; path=/",
    "a = b; path=/",
    "x=1 ; path = /",
    "SRV\t=\tx\t;p",
    "AP = 1 ; b",
    'AP="x y"; z',
    "AP",
    "AP=1; AP=2",
    "$AP=1",
  ],
];
const RESPONSES: readonly Play[] = [
  ...lines("Set-Cookie", SET_COOKIES).map((line) => play("Cookie: SRV=sb\r\n", line)),
  play("Cookie: SRV=sb\r\n", "Set-Cookie2: SRV=x; path=/\r\n"),
  play("", "HTTP/1.1 304 Not Modified\r\n\r\n"),
  play("", "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"),
];

const CAPTURES: readonly Play[] = [
  ...lines("Cookie", [
    ...[
      "AP=1",
      "APx=1",
      "a=1; AP=2",
      'AP="x y"; z',
      `AP=${"a".repeat(40)}`,
      "AP=1; AP=2",
      "ap=1",
      "AP",
      "AP=",
      "XAP=1",
    ],
    ...["AP=1, b", "AP; APz=3", "$AP=1", "AP=a b", "AP=1|2", "SRV=sa; AP=9"],
  ]).map((line) => play(line, `Set-${line}`)),
  play(
    "Cookie: x=1\r\nCookie: AP=1\r\nCookie: AP=2\r\n",
    "Set-Cookie: x=1\r\nSet-Cookie: AP=1\r\nSet-Cookie: AP=2\r\n",
  ),
  play("", "Set-Cookie2: x=1, AP=1\r\n"),
  ...["hello world", "1, 2 , 3", "  sp  ", ""].map((value) => play(`X-A: ${value}\r\n`, `X-R: ${value}\r\n`)),
  play("X-A: 1\r\nX-B: 2\r\nX-A: 3\r\nX-B: 4, 5\r\n", "X-R: 1\r\nX-R: 2\r\n"),
  play("X-A: 1\r\nX-A:\r\n"),
];

/** Dates of the last and of the first visit. */
const DATES: readonly string[] = [
  ...[
    "sa|",
    "sa|now(0)",
    "sa|now(-4)",
    "sa|now(-32)",
    "sa|now(-3640)",
    "sa|now(-3560)",
    "sa|now(86300)",
    "sa|now(86500)",
  ],
  ...[
    "sa||now(0)",
    "sa||now(-100)",
    "sa||now(-28852)",
    "sa||now(86500)",
    "sa|now(0)|now(-25200)",
    "sa|now(-32)|now(-25200)",
  ],
  ...[
    "sa|now(-32)|now(-32400)",
    "sa|now(-7200)|now(-32400)",
    "sa|now(-7200)|now(-25200)",
    "sa|now(0)|now(86500)",
    "sa|x|y",
  ],
  ...[
    "sa|AAAAA",
    "sa|now(0)x",
    "sa|now(0)x|now(-32)",
    "sa|now(0)|now(0)zz",
    "sa|awBB",
    "sa|!!!!!",
    "zz|now(-7200)",
    "sd|now(-7200)",
  ],
  ...[
    "sd|now(0)",
    "sa|now(-7200); SRV=sb|now(0)",
    "sa|now(-7200); SRV=zz|now(0)",
    "zz; SRV=sa|now(-7200)",
    "sb| now(0)",
  ],
  ...[
    "sa|now(-7200); SRV=sd|now(0)",
    "sd; SRV=sa|now(-7200)",
    "sa|now(-7200); SRV=sb",
    "sd|now(0)|now(-32)",
    "zz|now(0)|now(-32)",
  ],
  ...["sa|now(86300)|now(-32)", "sa|now(-7200)|now(86500)", "zz|now(0)|now(-32); SRV=sd"],
];
const DATED: readonly Play[] = [
  ...DATES.map((value) => play(`Cookie: SRV=${value}\r\n`)),
  play(""),
  play(""),
  play("", "", "POST"),
  play("Cookie: SRV=sb|now(-32)\r\n", "Set-Cookie: SRV=x\r\n"),
  play("Cookie: SRV=sb|now(-32)\r\n", "", "POST"),
];

const etag = (directives: string): string => `ETag: a\r\nCache-Control: ${directives}\r\n`;
const CACHED: readonly Play[] = [
  ...["", "ETag: a\r\n", "ETag:\r\n", "Last-Modified: x\r\n", "Age: 5\r\n", "Expires: x\r\n", "Expires:\r\n"],
  ...[
    ...["public", "private", "no-cache", "no-store", "max-age=0", "max-age=1", "MAX-AGE=1", "s-maxage=0", "s-maxage=1"],
    ...[
      "must-revalidate",
      'no-cache="set-cookie"',
      "no-cache=set-cookie",
      'private="x"',
      "public, max-age=0",
      "PRIVATE",
    ],
    ...[
      "max-age=0, public",
      "public, private",
      "private, public",
      "no-cache, public",
      "max-age=00",
      "s-maxage=10, max-age=0",
    ],
    ...[
      'max-age="0"',
      "foo",
      "max-age",
      "no-store, max-age=10",
      "public, no-cache",
      'no-cache="set-cookie,x"',
      "no-store, public",
    ],
    ...[
      "max-age=5, public, no-store",
      "no-cache , x",
      "public, max-age=0, public",
      "private=x",
      'x="a, no-store"',
      "  no-store",
    ],
  ].map(etag),
  ...["max-age=0", "max-age=a", "max-agex=4", "max-age=", "max-age=0, s-maxage=5", "public", "max-age= 5", "s-maxage"]
    .map((directives) => `Cache-Control: ${directives}\r\n`),
  ...["no-cache", "foo", "foo, no-cache", "No-Cache, x", "no-cache=x", "NO-CACHE"].map((value) =>
    `Pragma: ${value}\r\nETag: a\r\n`
  ),
  etag("public") + "Pragma: no-cache\r\n",
  "Cache-Control: max-age=5\r\nCache-Control: private\r\n",
  "Cache-Control: private\r\nCache-Control: max-age=5, public\r\n",
  "ETag: a\r\nSet-Cookie: x=y\r\nVary: *\r\n",
].map((response) => play("", response)).concat(
  [200, 203, 206, 300, 301, 302, 303, 307, 308, 400, 404, 405, 410, 414, 500, 501, 503].map((status) =>
    play("", `HTTP/1.1 ${status} X\r\nETag: a\r\nContent-Length: 0\r\n\r\n`)
  ),
  ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "FOO", "TRACE"].flatMap((method) => [
    play("", "ETag: a\r\n", method),
    play("", etag("max-age=5, public"), method),
  ]),
);

export const FARMS: readonly Farm[] = [
  { lines: "", plays: [...COMMON, ...CAPTURES] },
  { lines: "cookie SRV", plays: COMMON },
  { lines: "cookie SRV secure", plays: COMMON },
  { lines: "cookie SRV indirect", plays: [...COMMON, ...RESPONSES] },
  { lines: "cookie SRV indirect preserve", plays: COMMON },
  { lines: "cookie SRV insert", plays: [...COMMON, ...CAPTURES] },
  { lines: "cookie SRV insert indirect", plays: [...COMMON, ...REQUESTS, ...RESPONSES] },
  { lines: "cookie SRV insert preserve", plays: [...COMMON, ...RESPONSES] },
  { lines: "cookie SRV insert indirect nocache postonly", plays: COMMON },
  { lines: "cookie SRV insert nocache", plays: CACHED },
  {
    lines: "cookie SRV insert httponly secure domain a.b domain .c.d attr SameSite=None attr X=y",
    plays: COMMON,
  },
  { lines: "cookie SRV insert dynamic; dynamic-cookie-key secret", plays: [...COMMON, play(""), play("")] },
  { lines: "cookie SRV rewrite", plays: [...COMMON, ...REQUESTS, ...RESPONSES] },
  { lines: "cookie SRV rewrite maxidle 1h", plays: DATED },
  { lines: "cookie SRV prefix", plays: [...COMMON, ...REQUESTS, ...RESPONSES] },
  { lines: "cookie SRV prefix indirect", plays: [...COMMON, ...RESPONSES] },
  { lines: "cookie SRV insert maxidle 1h", plays: DATED },
  { lines: "cookie SRV insert maxlife 8h", plays: DATED },
  { lines: "cookie SRV insert indirect maxidle 1h maxlife 8h", plays: DATED },
  { lines: "cookie SRV insert maxidle 1h maxlife 8h preserve", plays: DATED },
  { lines: "cookie SRV insert maxidle 1h postonly", plays: DATED },
  { lines: "cookie SRV insert indirect; use-server b if TRUE", plays: [...COMMON, ...DATED] },
  { lines: "cookie SRV insert indirect maxidle 1h; use-server c if TRUE", plays: DATED },
  { lines: "cookie SRV insert maxidle 1h maxlife 8h; use-server a if TRUE", plays: DATED },
  { lines: "cookie SRV insert indirect maxlife 8h; option persist", plays: [...DATED, ...COMMON] },
  { lines: "cookie SRV indirect; option persist", plays: COMMON },
  { lines: "cookie SRV prefix indirect; use-server a if TRUE", plays: COMMON },
  { lines: "cookie SRV indirect; use-server b if TRUE", plays: COMMON },
  { lines: "cookie SRV insert indirect; retries 2; option redispatch 1", plays: COMMON },
  {
    lines: "cookie SRV insert indirect maxidle 1h maxlife 8h; retries 2; option redispatch 1",
    plays: [play("Cookie: SRV=se|now(-32)|now(-60)\r\n")],
  },
  { lines: "cookie SRV prefix; retries 2; option redispatch 1", plays: COMMON },
];
