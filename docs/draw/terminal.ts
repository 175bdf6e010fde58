/** Colours of a dark terminal for the escape codes that our commands print; what has none is plain. */
const COLOURS: Record<string, string> = { "32": "#7ee787", "31": "#ff7b72", "33": "#e3b341", "2": "#8b949e" };
const PLAIN = "#e6edf3";
const BACKGROUND = "#0d1117";

const FONT_SIZE = 13;
const LINE_HEIGHT = 18;
/** Width of a character in units of the font's size: monospaced fonts have 0.6, some a little more. */
const CHARACTER = 0.61;
const MARGIN = 16;

// eslint-disable-next-line no-control-regex -- that is what they begin with
const ESCAPE = /\u001b\[(\d+)m/;

/** A screen of a terminal as an SVG: text that can be selected, and compared line by line. Blanks do not break, as SVG would join them. */
export function drawTerminal(screen: string): string {
  const lines = screen.trimEnd().split("\n");
  const columns = Math.max(...lines.map((line) => line.replaceAll(new RegExp(ESCAPE, "g"), "").length));
  const width = Math.ceil(columns * FONT_SIZE * CHARACTER) + 2 * MARGIN;
  const height = lines.length * LINE_HEIGHT + 2 * MARGIN;
  const drawn = lines.map((line, i) => {
    const y = MARGIN + (i + 1) * LINE_HEIGHT - 5;
    return `<text x="${MARGIN}" y="${y}">${drawLine(line)}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"
  font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${FONT_SIZE}" fill="${PLAIN}">
<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>
${drawn.join("\n")}
</svg>
`;
}

/** A line of the screen: pieces between escape codes, each in the colour of the code before it. */
function drawLine(line: string): string {
  const [first = "", ...rest] = line.split(ESCAPE);
  let drawn = escapeXml(first);
  for (let i = 0; i < rest.length; i += 2) {
    const colour = COLOURS[rest[i]!];
    const text = escapeXml(rest[i + 1]!);
    drawn += colour === undefined ? text : `<tspan fill="${colour}">${text}</tspan>`;
  }
  return drawn;
}

function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("\t", "    ")
    .replaceAll(" ", "\u00a0");
}
