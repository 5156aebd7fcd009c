/** Which layout of a product a device takes. */
import { expect, it } from "vitest";
import { variantOf } from "../../src/engine/gpu/variants.ts";

const sizes = (rows: number, inner: number, columns: number) => ({ rows, inner, columns, samples: columns });

it("the tall tiles are taken where their shapes allow it and the work is worth their compilation", () => {
  expect(variantOf("jacobianVectorProduct", sizes(67, 64, 512), false)).toBe("jacobianVectorProductTall");
  expect(variantOf("vectorJacobianProduct", sizes(64, 64, 512), false)).toBe("vectorJacobianProductTall");
  // Vectors of four weights: along the terms of the one, along the rows of the other.
  expect(variantOf("jacobianVectorProduct", sizes(64, 66, 512), false)).toBe("jacobianVectorProduct");
  expect(variantOf("vectorJacobianProduct", sizes(66, 64, 512), false)).toBe("vectorJacobianProduct");
  expect(variantOf("vectorJacobianProduct", sizes(64, 10, 512), false)).toBe("vectorJacobianProduct");
  expect(variantOf("jacobianVectorProduct", sizes(64, 64, 128), false)).toBe("jacobianVectorProduct");
  expect(variantOf("mask", sizes(64, 64, 512), false)).toBe("mask");
});

it("a hardware adapter takes them once they fill it", () => {
  expect(variantOf("jacobianVectorProduct", sizes(256, 256, 8192), true)).toBe("jacobianVectorProduct");
  expect(variantOf("jacobianVectorProduct", sizes(512, 512, 8192), true)).toBe("jacobianVectorProductTall");
});

it("eight invocations share a column on hardware alone: a barrier costs a software adapter more than it saves", () => {
  for (const kernel of ["columnNorm", "columnLeast", "columnDot", "krylovStep"] as const) {
    expect(variantOf(kernel, { rows: 256, columns: 8192 }, true)).toBe(`${kernel}Shared`);
    expect(variantOf(kernel, { rows: 256, columns: 512 }, false)).toBe(kernel);
  }
});
