// Runs the campaign of planted faults: npm run faults -- [--json FILE] [--runs N]
import { runBundled } from "./bundled.js";

process.exitCode = await runBundled("test/faults/main.ts");
