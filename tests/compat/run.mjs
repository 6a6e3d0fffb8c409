#!/usr/bin/env node
// The conformance runner. See README.md for the options.

import "./lib/runtime.mjs";
import { spawn } from "node:child_process";
import { mkdir, open, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));

const { loadGroups } = await import("./lib/suite.mjs");
const { createContext, CheckFailed } = await import("./lib/context.mjs");
const { startMailSink } = await import("./lib/mail.mjs");
const { openDatabase, createPostgresDatabase } = await import("./lib/database.mjs");
const { Transcript } = await import("./lib/record.mjs");
const { merge, toEnv } = await import("./lib/env.mjs");

const { values: flags } = parseArgs({
  options: {
    target: { type: "string" },
    cmd: { type: "string" },
    preset: { type: "string", default: "better-auth" },
    differences: { type: "string" },
    "all-differ": { type: "boolean", default: false },
    scenarios: { type: "string", default: join(here, "scenarios") },
    only: { type: "string" },
    list: { type: "boolean", default: false },
    record: { type: "string" },
    "database-url": { type: "string" },
    jobs: { type: "string", default: "2" },
    ports: { type: "string", default: "4300-4399" },
    timeout: { type: "string", default: "30" },
    verbose: { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
  },
});

const SECRET = "contract-secret-for-tests-only-0123456789";
const BASE_PATH = "/api/auth";
const workspace = join(here, ".run", String(process.pid));

let [nextPort, lastPort] = flags.ports.split("-").map(Number);
const isFree = (port) => new Promise((done) => {
  const probe = createServer().once("error", () => done(false)).listen(port, "127.0.0.1", () => probe.close(() => done(true)));
});
async function takePort() {
  while (nextPort <= lastPort) {
    const port = nextPort++;
    if (await isFree(port)) return port;
  }
  [nextPort] = flags.ports.split("-").map(Number);
  return takePort();
}

/** The options every group starts from. */
function baseOptions(port, databaseUrl, mail) {
  return {
    listen: `127.0.0.1:${port}`,
    baseURL: `http://127.0.0.1:${port}`,
    secret: SECRET,
    database: { url: databaseUrl },
    mail: { smtpUrl: mail.url, from: "noreply@doorward.test" },
    emailAndPassword: { enabled: true },
    rateLimit: { enabled: false },
  };
}

const alive = new Set();
process.on("exit", () => { for (const child of alive) child.kill("SIGKILL"); });
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(130));

function launch(options, log) {
  const child = spawnTarget(options, ["ignore", log, log]);
  alive.add(child);
  child.once("exit", () => alive.delete(child));
  return child;
}

function spawnTarget(options, stdio) {
  if (flags.target === "reference") {
    const env = { ...process.env, NODE_ENV: "production", NODE_NO_WARNINGS: "1" };
    return spawn(process.execPath, [join(here, "reference.mjs"), JSON.stringify(options)], { stdio, env });
  }
  const [program, ...args] = flags.cmd.match(/"[^"]*"|\S+/g).map((word) => word.replaceAll('"', ""));
  const env = { ...process.env, DOORWARD_PRESET: flags.preset, ...toEnv(options) };
  return spawn(program.includes("/") ? resolve(program) : program, args, { stdio, env });
}

async function startServer(group, mail, name) {
  const port = await takePort();
  const directory = join(workspace, name);
  await mkdir(directory, { recursive: true });
  const databaseUrl = flags["database-url"]
    ? await createPostgresDatabase(flags["database-url"], `contract_${name.replace(/\W+/g, "_")}`)
    : `sqlite://${join(directory, "data.sqlite")}?mode=rwc`;
  const options = merge(baseOptions(port, databaseUrl, mail), group.options);
  const database = openDatabase(databaseUrl);
  if (group.seed) await database.script(await group.seed({ kind: database.kind, base: `http://127.0.0.1:${port}` }));

  const logFile = join(directory, "server.log");
  const log = await open(logFile, "w");
  const child = launch(options, log.fd);
  let exit = null;
  child.once("error", (error) => { exit = error.message; });
  child.once("exit", (code, signal) => { exit = `exited with ${signal ?? code}`; });

  const base = `http://127.0.0.1:${port}`;
  const secure = options.baseURL.startsWith("https:");
  const server = {
    base, basePath: BASE_PATH, secret: options.secret, secure,
    origin: new URL(options.baseURL).origin,
    cookiePrefix: `${secure ? "__Secure-" : ""}${options.advanced?.cookiePrefix ?? "better-auth"}.`,
  };
  const stop = async () => {
    await database.close();
    if (exit === null) {
      const gone = new Promise((done) => child.once("exit", done));
      child.kill("SIGTERM");
      const force = setTimeout(() => child.kill("SIGKILL"), 5000);
      await gone;
      clearTimeout(force);
    }
    await log.close();
  };
  const deadline = Date.now() + Number(flags.timeout) * 1000;
  while (Date.now() < deadline && exit === null) {
    const ready = await fetch(`${base}${BASE_PATH}/ok`).then((response) => response.ok, () => false);
    if (ready) return { server, database, stop, logFile };
    await new Promise((done) => setTimeout(done, 50));
  }
  const reason = exit ?? "did not answer /ok in time";
  await stop();
  const tail = (await readFile(logFile, "utf8")).split("\n").slice(-15).join("\n");
  throw new Error(`the server ${reason}\n${tail}`);
}

function withTimeout(promise, seconds) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new CheckFailed(`took longer than ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** Scenario names, one a line, `#` starts a comment: these are meant to differ from the original. */
const intended = new Set(flags.differences
  ? (await readFile(flags.differences, "utf8")).split("\n").map((line) => line.replace(/\s*#.*$/, "").trim()).filter(Boolean)
  : []);

const results = [];
function report(scenario, outcome) {
  let error = outcome;
  const differs = outcome instanceof CheckFailed || (outcome && !flags["all-differ"]);
  if (flags["all-differ"] || intended.has(scenario.id)) error = differs ? null : outcome ?? new CheckFailed("is meant to differ, but does not");
  results.push({ scenario, error });
  if (error) console.log(`FAIL  ${scenario.id}\n      ${(error instanceof CheckFailed ? error.message : error.stack).replaceAll("\n", "\n      ")}`);
  else if (flags.verbose) console.log(`ok    ${scenario.id}`);
}

async function runGroup(group, index, mail, golden) {
  let running;
  try {
    running = await startServer(group, mail, `${index}-${group.capability}`);
  } catch (error) {
    for (const scenario of group.scenarios) report(scenario, new CheckFailed(error.message));
    return;
  }
  for (const scenario of group.scenarios) {
    const transcript = golden && new Transcript(running.server);
    const t = createContext({ ...running, mail, transcript });
    const failure = await withTimeout(scenario.run(t), Number(flags.timeout)).then(() => null, (error) => error);
    report(scenario, failure);
    if (golden) {
      golden[group.capability] ??= [];
      golden[group.capability].push({ index, scenario: scenario.title, options: group.options ?? {}, exchanges: transcript.toJSON() });
    }
  }
  await running.stop();
}

const pattern = flags.only && new RegExp(flags.only, "i");
const groups = (await loadGroups(flags.scenarios))
  .map((group) => ({ ...group, scenarios: group.scenarios.filter(({ id }) => !pattern || pattern.test(id)) }))
  .filter((group) => group.scenarios.length);

if (flags.list) {
  for (const { scenarios } of groups) for (const { id } of scenarios) console.log(id);
  process.exit(0);
}
if (flags.target !== "reference" && !flags.cmd) {
  console.error('say --target reference or --cmd "program arguments"');
  process.exit(2);
}
if (groups.length === 0) {
  console.error("no scenario matches");
  process.exit(2);
}

const mail = await startMailSink(await takePort());
const golden = flags.record && {};
const queue = groups.map((group, index) => [group, index]);
await Promise.all(Array.from({ length: Number(flags.jobs) }, async () => {
  for (let next = queue.shift(); next; next = queue.shift()) await runGroup(...next, mail, golden);
}));
await mail.stop();

if (golden) {
  await mkdir(flags.record, { recursive: true });
  for (const [capability, entries] of Object.entries(golden)) {
    const ordered = entries.sort((a, b) => a.index - b.index).map(({ index, ...entry }) => entry);
    await writeFile(join(flags.record, `${capability}.json`), `${JSON.stringify(ordered, null, 1)}\n`);
  }
}
if (!flags.keep) await rm(workspace, { recursive: true, force: true });

const failed = results.filter(({ error }) => error).length;
const capabilities = [...new Set(groups.map(({ capability }) => capability))];
console.log();
for (const capability of capabilities) {
  const mine = results.filter(({ scenario }) => scenario.id.startsWith(`${capability} / `));
  const bad = mine.filter(({ error }) => error).length;
  console.log(`${bad ? "FAIL" : "ok  "}  ${capability.padEnd(24)} ${mine.length - bad} of ${mine.length}`);
}
console.log(`\n${results.length - failed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
