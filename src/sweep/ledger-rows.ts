/**
 * What a ledger's rows are sealed with. Each row carries a digest that covers its table and its key besides its content, so that no row
 * can change, or take another's place; and one more row, the seal, counts the rows and holds the exclusive or of their digests, so that
 * none can go. Digests are the first 16 bytes of SHA-256: against damage, not against a forger.
 */

/** SHA-256, which the command line has and hands in. */
export type Sha256 = (parts: readonly (string | Uint8Array)[]) => Uint8Array;

export const DIGEST_BYTES = 16;

export type Table = "header" | "units" | "architectures" | "seal";

/** Of one row. */
export function rowDigest(sha256: Sha256, table: Table, key: number, content: string | Uint8Array): Uint8Array {
  return sha256([`gpv ledger ${table} ${String(key)}\0`, content]).slice(0, DIGEST_BYTES);
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** How many rows there are, and all their digests together. Rows are added and taken out in any order. */
export interface Seal {
  units: number;
  architectures: number;
  /** Exclusive or of the digests of all units and architectures. */
  readonly digests: Uint8Array;
}

export function emptySeal(): Seal {
  return { units: 0, architectures: 0, digests: new Uint8Array(DIGEST_BYTES) };
}

/** Adds a row's digest, or takes it out: exclusive or undoes itself. */
export function toggle(seal: Seal, digest: Uint8Array): void {
  for (let i = 0; i < DIGEST_BYTES; i++) {
    seal.digests[i] = (seal.digests[i] as number) ^ (digest[i] as number);
  }
}

export function sameSeal(a: Seal, b: Seal): boolean {
  return a.units === b.units && a.architectures === b.architectures && sameBytes(a.digests, b.digests);
}

/** Undone by parseSeal. */
export function sealText({ units, architectures, digests }: Seal): string {
  return `${String(units)} ${String(architectures)} ${[...digests].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** Null for any other text. Undoes sealText. */
export function parseSeal(text: string): Seal | null {
  const [, units = "", architectures = "", digests = ""] = /^(\d{1,15}) (\d{1,15}) ([0-9a-f]{32})$/.exec(text) ?? [];
  if (digests === "") return null;
  const bytes = Uint8Array.from({ length: DIGEST_BYTES }, (_, i) => parseInt(digests.slice(2 * i, 2 * i + 2), 16));
  return { units: Number(units), architectures: Number(architectures), digests: bytes };
}
