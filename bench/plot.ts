/** bench/results/peers.json as docs/peers.svg, for the README: `npm run bench -- plot` (`npm run bench -- peers` makes it too). */
import { readFileSync, writeFileSync } from "node:fs";
import type { Peers } from "./peers-svg.ts";
import { peersSvg } from "./peers-svg.ts";

writeFileSync("docs/peers.svg", peersSvg(JSON.parse(readFileSync("bench/results/peers.json", "utf8")) as Peers));
