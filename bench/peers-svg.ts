/** The table of `npm run bench -- peers` as bars: how many times numpy's samples a second we have, on a logarithmic axis that begins at 1. */

export interface Peers {
  readonly made: string;
  readonly machine: { readonly cpu?: string; readonly cores: number; readonly node: string };
  readonly numpy: { readonly numpy: string; readonly blas: string };
  readonly table: readonly {
    readonly workload: string;
    readonly fullRatio: number;
    readonly verdictRatio: number;
  }[];
}

const [LEFT, WIDTH, ROW, BAR, TOP] = [190, 640, 40, 14, 34];
const COLOURS = { full: "#2f6fb0", verdict: "#d98b2b" } as const;

export function peersSvg({ made, machine, numpy, table }: Peers): string {
  const largest = Math.max(2, ...table.flatMap(({ fullRatio, verdictRatio }) => [fullRatio, verdictRatio]));
  const ticks = [1, 2, 5, 10, 20, 50, 100, 200, 500].filter((tick) => tick <= 1.3 * largest);
  const end = Math.max(largest, ...ticks) * 1.15;
  const along = (ratio: number): number => ((WIDTH - LEFT - 50) * Math.log(Math.max(1, ratio))) / Math.log(end);
  const bottom = TOP + ROW * table.length;
  const text = (x: number, y: number, words: string, more = ""): string =>
    `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${more}>${escaped(words)}</text>`;
  const bar = (ratio: number, y: number, colour: string): string[] => [
    `<rect x="${String(LEFT)}" y="${String(y)}" width="${along(ratio).toFixed(1)}" height="${String(BAR)}" fill="${colour}"/>`,
    text(LEFT + along(ratio) + 4, y + BAR - 3, `${String(ratio)}×`),
  ];
  const legend = (x: number, colour: string, words: string): string[] => [
    `<rect x="${String(x)}" y="8" width="12" height="12" fill="${colour}"/>`,
    text(x + 17, 18, words),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${String(WIDTH)}" height="${String(bottom + 44)}" font-family="sans-serif" font-size="12" fill="#333">`,
    "<title>Samples a second of processor time, as a multiple of numpy's at equal accuracy</title>",
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...legend(LEFT, COLOURS.full, "every norm to 1e-3"),
    ...legend(LEFT + 150, COLOURS.verdict, "verdicts alone"),
    ...ticks.flatMap((tick) => [
      `<line x1="${(LEFT + along(tick)).toFixed(1)}" y1="${String(TOP - 4)}" x2="${(LEFT + along(tick)).toFixed(1)}" y2="${String(bottom)}" stroke="#ddd"/>`,
      text(LEFT + along(tick), bottom + 14, `${String(tick)}×`, ` text-anchor="middle" fill="#777"`),
    ]),
    ...table.flatMap(({ workload, fullRatio, verdictRatio }, i) => {
      const y = TOP + ROW * i;
      return [
        text(LEFT - 8, y + 19, workload, ` text-anchor="end"`),
        ...bar(fullRatio, y + 1, COLOURS.full),
        ...bar(verdictRatio, y + 17, COLOURS.verdict),
      ];
    }),
    text(
      8,
      bottom + 36,
      `numpy ${numpy.numpy} (${numpy.blas.split("/")[0] ?? ""}), one thread each; ${machine.cpu ?? ""}, ${machine.node}, ${made}`,
      ` font-size="11" fill="#777"`,
    ),
    "</svg>",
    "",
  ].join("\n");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
