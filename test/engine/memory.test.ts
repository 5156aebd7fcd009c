import { describe, expect, it } from "vitest";
import { borrowOf, createPool, workColumns } from "../../src/engine/memory.ts";

describe("a pool", () => {
  it("gives the memory that it was given, as zeros", () => {
    const pool = createPool();
    const first = pool.take(64);
    new Uint8Array(first).fill(7);
    pool.give(first);
    const again = pool.take(64);
    expect(again).toBe(first);
    expect([...new Uint8Array(again)]).toEqual(new Array(64).fill(0));
    expect(pool.take(64)).not.toBe(first);
  });

  it("gives none of another size, and none that went to another thread", () => {
    const pool = createPool();
    const own = pool.take(64);
    pool.give(own);
    expect(pool.take(32)).not.toBe(own);
    structuredClone(own, { transfer: [own] });
    const other = pool.take(64);
    expect(other.byteLength).toBe(64);
    structuredClone(other, { transfer: [other] });
    pool.give(other);
    expect(pool.take(0)).not.toBe(other);
  });

  it("gets back what was lent, once", () => {
    const pool = createPool();
    const loan = borrowOf(pool);
    const [a, b] = [loan.take(8), loan.take(16)];
    loan.end();
    loan.end();
    expect([pool.take(16), pool.take(8)]).toEqual([b, a]);
    expect(pool.take(8)).not.toBe(a);
  });

  it("holds on to few", () => {
    const pool = createPool();
    const buffers = Array.from({ length: 100 }, () => new ArrayBuffer(8));
    for (const buffer of buffers) pool.give(buffer);
    const kept = Array.from({ length: 100 }, () => pool.take(8)).filter((b) => buffers.includes(b));
    expect(kept.length).toBe(64);
  });
});

describe("columns to work in", () => {
  it("stand beside one another in the same memory, whatever was asked for before", () => {
    const work = workColumns();
    const [a, b] = work(2, 8) as [Float64Array, Float64Array];
    a.fill(1);
    b.fill(2);
    expect([...a, ...b]).toEqual([...new Array<number>(8).fill(1), ...new Array<number>(8).fill(2)]);
    expect(work(2, 8)[0]).toBe(a);
    const smaller = work(3, 4);
    expect(smaller.map(({ length }) => length)).toEqual([4, 4, 4]);
    expect(smaller[0]?.buffer).toBe(a.buffer);
    expect(work(2, 100).map(({ length }) => length)).toEqual([100, 100]);
  });
});
