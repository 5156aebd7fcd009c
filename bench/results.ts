/** Results of a program of bench/ as bench/results/NAME.json, with the machine that they were had on. */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import process from "node:process";

export function machine(): { cpu: string | undefined; cores: number; node: string; platform: string } {
  return { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version, platform: process.platform };
}

export function keepResult(name: string, result: object): void {
  mkdirSync("bench/results", { recursive: true });
  const made = new Date().toISOString().slice(0, 10);
  writeFileSync(`bench/results/${name}.json`, `${JSON.stringify({ made, machine: machine(), ...result }, null, 2)}\n`);
}
