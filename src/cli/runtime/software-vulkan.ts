/**
 * A Vulkan implementation without a GPU: SwiftShader, from the optional npm package `@sparticuz/chromium`, unpacked into the user's
 * cache folder. Node's Dawn and Deno's wgpu load it when the process starts with the two variables that `softwareVulkan` returns.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { brotliDecompressSync } from "node:zlib";
import { DeviceError } from "../../network/errors.ts";
import { INTERRUPTS } from "../io.ts";

/** Set in the child, so that a process re-executes itself once at most. */
const MARK = "GPV_SOFTWARE_VULKAN";

const FILES = ["libvulkan.so.1", "libvk_swiftshader.so", "vk_swiftshader_icd.json"];

/** Whether this process was started with the software adapter's variables. */
export function runsOnSoftwareVulkan(): boolean {
  return process.env[MARK] !== undefined;
}

/** Whether the user has chosen Vulkan drivers: the loader's two variables. */
export function choosesDrivers(): boolean {
  return ["VK_ICD_FILENAMES", "VK_DRIVER_FILES"].some((name) => (process.env[name] ?? "") !== "");
}

/**
 * Unpacks the software adapter if need be; returns the environment that makes Vulkan use it.
 * @throws DeviceError where the platform or the package does not offer it.
 */
export function softwareVulkan(): Record<string, string> {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new DeviceError(
      `software adapter: found ${process.platform} on ${process.arch}, expected linux on x64; use --engine cpu here`,
    );
  }
  const { archive, version } = findArchive();
  const folder = join(cacheFolder(), `swiftshader-${version}`);
  if (!FILES.every((name) => existsSync(join(folder, name)))) unpack(archive, folder);
  const path = process.env["LD_LIBRARY_PATH"];
  return {
    // The user's own choice of drivers stands; the loader is the one thing that Node's Dawn needs of ours then.
    ...(choosesDrivers() ? {} : { VK_ICD_FILENAMES: join(folder, "vk_swiftshader_icd.json") }),
    LD_LIBRARY_PATH: path === undefined || path === "" ? folder : `${folder}:${path}`,
    [MARK]: "1",
  };
}

/**
 * Runs this process's own command again with the software adapter; resolves with its exit code.
 * Input, output and signals go through.
 */
export function runAgainOnSoftwareVulkan(): Promise<number> {
  const environment = { ...process.env, ...softwareVulkan() };
  const child = spawn(process.execPath, ownArguments(), { env: environment, stdio: "inherit" });
  // What is sent to this process alone is passed on. A terminal's Ctrl-C reaches the child twice then; io.ts takes it for one.
  const forward = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  for (const name of INTERRUPTS) process.on(name, forward);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      for (const name of INTERRUPTS) process.off(name, forward);
      // A child that a signal ended has no code of its own: an interrupt's is 130, and anything else a defect's.
      resolve(code ?? (INTERRUPTS.some((name) => name === signal) ? 130 : 70));
    });
  });
}

/** This process's arguments whole: Deno does not tell its own flags otherwise (--node-modules-dir, permissions). Linux only, as all here. */
function ownArguments(): string[] {
  return readFileSync("/proc/self/cmdline", "utf8").split("\0").slice(1, -1);
}

function findArchive(): { archive: string; version: string } {
  try {
    const require = createRequire(import.meta.url);
    let folder = dirname(require.resolve("@sparticuz/chromium"));
    while (!existsSync(join(folder, "bin", "swiftshader.tar.br"))) {
      const parent = dirname(folder);
      if (parent === folder) throw new Error("no bin/swiftshader.tar.br beside it");
      folder = parent;
    }
    const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const version =
      manifest !== null && typeof manifest === "object" && "version" in manifest ? manifest.version : null;
    if (typeof version !== "string") throw new Error("its package.json has no version");
    return { archive: join(folder, "bin", "swiftshader.tar.br"), version };
  } catch (cause) {
    throw new DeviceError(
      "software adapter: the optional package @sparticuz/chromium is not installed; npm install @sparticuz/chromium, or use --engine cpu",
      { cause },
    );
  }
}

function cacheFolder(): string {
  const base = process.env["XDG_CACHE_HOME"];
  return join(base === undefined || base === "" ? join(homedir(), ".cache") : base, "gradient-penalty-verifier");
}

/** Unpacks beside the target and moves the folder into place in one step, so that two processes cannot see half of it. */
function unpack(archive: string, folder: string): void {
  try {
    mkdirSync(dirname(folder), { recursive: true });
    const temporary = mkdtempSync(`${folder}-`);
    const tar = brotliDecompressSync(readFileSync(archive));
    for (const [name, bytes] of tarFiles(tar)) {
      if (FILES.includes(name)) writeFileSync(join(temporary, name), bytes, { mode: 0o755 });
    }
    try {
      renameSync(temporary, folder);
    } catch (error) {
      // Another process was first; its folder is as good.
      rmSync(temporary, { recursive: true, force: true });
      if (!FILES.every((name) => existsSync(join(folder, name)))) throw error;
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DeviceError(`software adapter: cannot unpack into ${folder}: ${reason}`, { cause });
  }
}

/** Regular files of a ustar archive: 512-byte headers, name at 0, octal size at 124, type at 156. */
function* tarFiles(tar: Uint8Array): Generator<[string, Uint8Array]> {
  const text = new TextDecoder();
  const field = (at: number, length: number): string =>
    text.decode(tar.subarray(at, at + length)).replace(/\0.*$/s, "");
  for (let at = 0; at + 512 <= tar.length;) {
    const name = field(at, 100);
    if (name === "") return;
    const size = parseInt(field(at + 124, 12), 8);
    if (!Number.isFinite(size)) throw new Error("a damaged archive");
    const type = field(at + 156, 1);
    if (type === "0" || type === "") yield [name.replace(/^.*\//, ""), tar.subarray(at + 512, at + 512 + size)];
    at += 512 + 512 * Math.ceil(size / 512);
  }
}
