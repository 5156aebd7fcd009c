/** Thrown where the process must start again with the software adapter in its environment; main.ts does it. */
export class SoftwareVulkanWanted extends Error {
  override name = "SoftwareVulkanWanted";
}
