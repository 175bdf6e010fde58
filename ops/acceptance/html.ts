import { Marked } from "marked";
import type { Picture } from "./pictures";
import type { Language } from "./text";

const STYLE = `
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; color: #1d2733; background: #fff;
  max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.25rem; margin-top: 2.2rem; border-bottom: 1px solid #d8dee4; padding-bottom: .3rem; }
table { border-collapse: collapse; font-size: .92rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .7rem; border-bottom: 1px solid #e6eaee; }
th, td:not(:last-child) { white-space: nowrap; }
td:last-child { overflow-wrap: anywhere; }
code { font: .88em ui-monospace, "DejaVu Sans Mono", monospace; }
pre { background: #f5f7f9; border-radius: 4px; padding: .6rem .8rem; overflow: auto; max-height: 24rem; white-space: pre-wrap; overflow-wrap: anywhere; }
pre.sh { background: #1d2733; color: #f2f5f7; margin-bottom: .3rem; }
pre.sh + p { margin-top: 0; color: #5b6875; font-size: .88rem; }
details { border: 1px solid #d8dee4; border-radius: 4px; padding: .5rem .9rem; margin: .6rem 0; }
summary { cursor: pointer; }
figure { margin: 1.2rem 0; } figcaption { font-weight: 600; } svg { max-width: 100%; height: auto; }
.ok { color: #1a7f4b; font-weight: 600; } .failed { color: #b42318; font-weight: 600; }
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
