// Runs a proof at full size: npm run evidence -- NAME
import { runBundled } from "./bundled.js";

process.exitCode = await runBundled("test/evidence/main.ts");
