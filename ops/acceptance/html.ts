import { Marked } from "marked";
import type { Picture } from "./pictures";
import type { Language } from "./text";

const STYLE = `
:root { color-scheme: light dark; --text: #1d2733; --page: #fff; --quiet: #5b6875; --line: #d8dee4; --box: #f5f7f9;
  --command: #1d2733; --ok: #1a7f4b; --failed: #b42318; }
@media (prefers-color-scheme: dark) {
  :root { --text: #dde3e9; --page: #14191f; --quiet: #98a4b0; --line: #36404a; --box: #1d242c; --command: #2c3844; --ok: #56c98a; --failed: #ff8577; }
}
body { font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; color: var(--text); background: var(--page);
  max-width: 62rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.25rem; margin-top: 2.2rem; border-bottom: 1px solid var(--line); padding-bottom: .3rem; }
table { border-collapse: collapse; font-size: .92rem; display: block; overflow-x: auto; }
th, td { text-align: left; vertical-align: top; padding: .3rem .7rem; border-bottom: 1px solid var(--line); }
thead:not(:has(th:not(:empty))) { display: none; }
th, td:not(:last-child) { overflow-wrap: normal; } td:last-child:not([align]) { min-width: 6rem; }
[align="right"] { text-align: right; font-variant-numeric: tabular-nums; }
code { font: .88em ui-monospace, "DejaVu Sans Mono", monospace; }
pre { background: var(--box); border-radius: 4px; padding: .6rem .8rem; overflow: auto; max-height: 24rem; white-space: pre-wrap; }
pre.sh { background: var(--command); color: #f2f5f7; margin-bottom: .3rem; }
pre.sh + p { margin-top: 0; color: var(--quiet); font-size: .88rem; }
details { border: 1px solid var(--line); border-radius: 4px; padding: .5rem .9rem; margin: .6rem 0; }
summary { cursor: pointer; }
figure { margin: 1.2rem 0; overflow-x: auto; } figcaption { font-weight: 600; }
svg { width: 100%; min-width: 40rem; height: auto; border-radius: 4px; }
.ok { color: var(--ok); font-weight: 600; } .failed { color: var(--failed); font-weight: 600; }
@media (min-width: 40rem) { th, td:not(:last-child) { white-space: nowrap; } }
@media (max-width: 40rem) { table { font-size: .8rem; } th, td { padding: .3rem .35rem; } }
@media print { pre { max-height: none; } }
`;

/** The report as one page that needs nothing else: style and pictures are in it, scripts are not. */
export function toHtml(markdown: string, pictures: readonly Picture[], language: Language): string {
  const title = /^# (.*)$/m.exec(markdown)?.[1] ?? "";
  const marked = new Marked({
    gfm: true,
    renderer: {
      image({ href }) {
        const picture = pictures.find(({ file }) => file === href);
        return picture === undefined
          ? ""
          : `<figure><figcaption>${picture.title}</figcaption>${picture.svg}</figure>`;
      },
      code({ text, lang }) {
        return `<pre class="${lang}"><code>${escapeHtml(text)}</code></pre>\n`;
      },
    },
  });
  const body = marked
    .parse(markdown, { async: false })
    .replaceAll(/<p>(<figure>[^]*?<\/figure>)<\/p>/g, "$1")
    .replaceAll("<td>OK</td>", '<td class="ok">OK</td>')
    .replaceAll("<td>FAIL</td>", '<td class="failed">FAIL</td>')
    .replaceAll("<b>OK</b>", '<b class="ok">OK</b>')
    .replaceAll("<b>FAIL</b>", '<b class="failed">FAIL</b>');
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
${body}</body>
</html>
`;
}

const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
