/** The lines of --profile. */
import { expect, it } from "vitest";
import { profileLines } from "../../src/cli/profile.ts";
import { createProfile } from "../../src/engine/gpu/profile.ts";

it("the longest stages come first with their shares, the rest in one line", () => {
  const profile = createProfile();
  profile.method = "timestamps";
  for (let i = 1; i <= 30; i++) {
    const stage = `stage ${String(i)}`;
    profile.stages.set(stage, { stage, kernel: "mask", seconds: i / 1000, dispatches: i });
  }
  const lines = profileLines(profile);
  expect(lines[0]).toContain("465 ms, by timestamp-query");
  expect(lines[1]).toBe("      30 ms   6.5 %      30 × mask: stage 30");
  // Stages 1 to 6.
  expect(lines.at(-1)).toBe("      21 ms   4.5 %      21 × 6 shorter stages");
  expect(lines.length).toBe(1 + 24 + 1);
});

it("says where there was no device", () => {
  expect(profileLines(createProfile())).toEqual(["gpv: --profile: no device computed, so there are no stages of one"]);
});
