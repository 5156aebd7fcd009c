/** The adapter that the tests of this folder run on: the software one, or what GPV_TEST_ADAPTER names, as --adapter does. */
import process from "node:process";

export const TEST_ADAPTER: string | null = process.env["GPV_TEST_ADAPTER"] ?? null;

/** As an engine is asked for it. */
export const ADAPTER_PREFERENCE = TEST_ADAPTER ?? "software";
