/**
 * The page's style sheet. Colours are tokens, one set for light and one for dark surroundings; letters on their ground
 * reach the contrast of WCAG 2.1 AA, which a test computes from these tables.
 */

export type Tokens = Readonly<Record<keyof typeof LIGHT, string>>;

export const LIGHT = {
  ground: "#f3f3f1",
  card: "#ffffff",
  head: "#f8f8f6",
  group: "#fafaf9",
  line: "#dcdcd7",
  ink: "#1c1f23",
  dim: "#62676f",
  link: "#0a57a4",
  bad: "#a3141b",
  badGround: "#fdebea",
  warn: "#7a4900",
  warnGround: "#fff3da",
  ok: "#17653a",
  okGround: "#e5f3ea",
  plain: "#4b525b",
  plainGround: "#eceef0",
};

export const DARK: Tokens = {
  ground: "#111316",
  card: "#191c20",
  head: "#1e2226",
  group: "#1c1f24",
  line: "#2e333a",
  ink: "#e3e5e8",
  dim: "#9aa2ac",
  link: "#7db8ff",
  bad: "#ff9d96",
  badGround: "#3b1b1c",
  warn: "#f1c56d",
  warnGround: "#332811",
  ok: "#80d39c",
  okGround: "#163020",
  plain: "#b6bec8",
  plainGround: "#2a2f36",
};

const declared = (tokens: Tokens): string =>
  Object.entries(tokens).map(([name, colour]) => `--${name}:${colour}`).join(";");

/** Widths of columns in characters (columns.ts, tables.ts): `<col class=w5>`. A unit or a bold digit takes a little more. */
const WIDTHS = [5, 6, 8, 9].map((width) => `.w${width}{width:calc(${width * 1.1}ch + 8px)}`);

export const STYLE = `
:root{color-scheme:light dark;${declared(LIGHT)}}
@media (prefers-color-scheme:dark){:root{${declared(DARK)}}}
*{box-sizing:border-box}
[hidden]{display:none!important}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;padding:0 20px 48px;background:var(--ground);color:var(--ink);
  font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue","DejaVu Sans",sans-serif;
  font-variant-numeric:tabular-nums}
a{color:var(--link)}
:focus-visible{outline:2px solid var(--link);outline-offset:1px}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
html:not(.js) .js,.js .nojs{display:none!important}

.top{display:flex;flex-wrap:wrap;gap:4px 14px;align-items:baseline;padding:18px 0 10px}
h1{margin:0;font-size:20px;font-weight:650;letter-spacing:-.01em;overflow-wrap:anywhere}
.top p{margin:0;color:var(--dim)}
dl{display:flex;flex-wrap:wrap;gap:8px 26px;margin:0 0 16px;padding:0}
dt{color:var(--dim);font-size:12px}
dd{margin:0;font-weight:550}
dd small{font-size:12px;font-weight:400;color:var(--dim)}

#summary{margin:0 0 14px;padding:12px 16px 13px;background:var(--card);border:1px solid var(--line);border-left-width:5px;border-radius:6px}
#summary.bad{border-left-color:var(--bad)}
#summary.warn{border-left-color:var(--warn)}
#summary.ok{border-left-color:var(--ok)}
#summary h2{margin:0;font-size:17px;font-weight:650}
#summary.bad h2{color:var(--bad)}
#summary.warn h2{color:var(--warn)}
.states{margin:2px 0 0;color:var(--dim)}
#summary ul{list-style:none;margin:9px 0 0;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,380px),1fr));gap:3px 24px}
#summary li{display:grid;grid-template-columns:76px minmax(0,1fr);gap:8px;align-items:baseline}
#summary b{justify-self:start}
#summary li a{font-weight:550;text-decoration-color:color-mix(in srgb,currentColor 40%,transparent);overflow-wrap:anywhere}
#summary li span{color:var(--dim)}
summary{margin-top:8px;color:var(--link);cursor:pointer}

b{display:inline-block;padding:0 7px 0 5px;border-radius:3px;font-weight:600;font-size:12px;line-height:18px;white-space:nowrap}
b::before{display:inline-block;width:13px;font-size:10px;text-align:center;margin-right:2px}
b.ok{color:var(--ok);background:var(--okGround)} b.ok::before{content:"\\25B2"}
b.bad{color:var(--card);background:var(--bad)} b.bad::before{content:"\\25BC"}
b.warn{color:var(--warn);background:var(--warnGround)} b.warn::before{content:"\\25C6"}
b.off{color:var(--plain);background:var(--plainGround)} b.off::before{content:"\\25A0"}
b.plain{color:var(--plain);background:var(--plainGround)} b.plain::before{content:"\\25CB"}

.bar{display:flex;flex-wrap:wrap;gap:8px 18px;align-items:center;margin:0 0 14px}
.bar form{display:flex;flex-wrap:wrap;gap:8px 14px;align-items:center;margin:0}
.bar label{color:var(--dim)}
input[type=search],select,button{font:inherit;color:var(--ink);background:var(--card);border:1px solid var(--dim);border-radius:5px;height:32px;padding:0 9px}
input[type=search]{width:230px;margin-left:6px}
fieldset{display:flex;margin:0;padding:0;border:1px solid var(--dim);border-radius:5px;overflow:hidden;height:32px}
fieldset label{position:relative;padding:5px 12px;color:var(--ink);background:var(--card);cursor:pointer;line-height:20px}
fieldset label+label{border-left:1px solid var(--dim)}
fieldset input{position:absolute;opacity:0;inset:0;margin:0;cursor:pointer}
fieldset label:has(:checked){background:var(--ink);color:var(--card);font-weight:600}
fieldset label:has(:focus-visible){outline:2px solid var(--link);outline-offset:-3px}
.views{display:flex;flex-wrap:wrap;gap:4px 14px;margin-left:auto}
#note{color:var(--dim)} #note.bad{color:var(--bad);font-weight:600}

#proxies>section{margin:0 0 14px;background:var(--card);border:1px solid var(--line);border-radius:6px;overflow:hidden}
#proxies header{display:flex;flex-wrap:wrap;gap:2px 10px;align-items:baseline;padding:8px 12px}
#proxies h2{margin:0;font-size:15px;font-weight:650;overflow-wrap:anywhere}
/* What is out of sight is laid out when it comes in sight. */
#proxies.many>section{content-visibility:auto;contain-intrinsic-size:auto 300px}
.facts,#proxies header p{margin:0;color:var(--dim)}
#proxies header p{flex-basis:100%}
.scroll{overflow-x:auto;overscroll-behavior-x:contain;border-top:1px solid var(--line)}
.tall{max-height:80vh;overflow-y:auto}
table{table-layout:fixed;width:1px;border-spacing:0;font-size:12px;line-height:18px}
.name{width:230px}.state{width:calc(12ch + 48px)}
${WIDTHS.join("")}
colgroup:nth-of-type(even){background:var(--group)}
th,td{padding:3px 6px 3px 2px;text-align:right;font-weight:400;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
th.t,td.t{text-align:left;padding-left:6px}
tbody>tr>*{border-top:1px solid var(--line)}
thead th{position:sticky;top:0;z-index:2;background:var(--head);color:var(--dim);height:22px;padding-top:2px;padding-bottom:2px;vertical-align:bottom}
thead tr+tr th{top:22px}
thead [colspan]{text-align:center;font-weight:600;color:var(--ink);padding:2px;border-left:1px solid var(--line)}
thead tr:first-child>th:first-child,tbody th{text-align:left;padding-left:12px}
thead tr:first-child>th:first-child,tbody>tr>th{position:sticky;left:0;z-index:1;border-right:1px solid var(--line)}
thead tr:first-child>th:first-child{z-index:3}
tbody>tr>th{background:var(--card);overflow-wrap:anywhere;white-space:normal;font-weight:500}
th i{padding:0 4px;border:1px solid var(--dim);border-radius:3px;color:var(--dim);font-size:11px;font-style:normal}
th small{display:block;color:var(--dim);font-size:11px;line-height:15px;font-weight:400}
tbody>.side>*{background:var(--head)}tbody>.side>th{font-weight:650}
tbody>.side .z,.z{color:var(--dim);font-weight:400}
time{color:var(--dim);font-weight:400}
td.w{color:var(--warn);font-weight:650}
[data-look=bad]>*{background:var(--badGround)!important}
[data-look=warn]>*{background:var(--warnGround)!important}
:is([data-look=bad],[data-look=warn]) :is(.z,small,time,i){color:var(--ink)}
tr[id]{scroll-margin:60px}
tr:target>th{box-shadow:inset 4px 0 0 var(--link)}
tr:hover>td{background:var(--plainGround)}
footer{color:var(--dim);font-size:12px}

@media (max-width:640px){
  body{padding:0 10px 32px}
  .top{padding-top:12px}
  dl{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:8px 12px}
  .name{width:132px}
  thead tr:first-child>th:first-child,tbody th{padding-left:8px}
  .bar form,.bar form>label:first-of-type,.views{width:100%}
  .bar form>label:first-of-type{display:flex;align-items:center}
  input[type=search]{flex:1;width:auto;min-width:0;font-size:16px}
  #summary li{grid-template-columns:70px minmax(0,1fr)}
}
@media print{.bar{display:none}.scroll{overflow:visible;max-height:none}}
`;
