#!/usr/bin/env node
// Moves a database between the real Better Auth and Doorward while people are signed in:
//
//   node handover.mjs --cmd "../../target/release/doorward serve" [--database-url postgres://…]
//
// After each move every cookie, every password and every open link that the former server gave out has to work.

import "./lib/runtime.mjs";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const here = dirname(fileURLToPath(import.meta.url));

const { createContext } = await import("./lib/context.mjs");
const { startMailSink } = await import("./lib/mail.mjs");
const { openDatabase, createPostgresDatabase } = await import("./lib/database.mjs");
const { toEnv } = await import("./lib/env.mjs");

const { values: flags } = parseArgs({
  options: { cmd: { type: "string" }, "database-url": { type: "string" }, port: { type: "string", default: "4410" } },
});
if (!flags.cmd) {
  console.error('say --cmd "program arguments"');
  process.exit(2);
}

const port = Number(flags.port);
const base = `http://127.0.0.1:${port}`;
const mail = await startMailSink(port + 1);
const home = await mkdtemp(join(tmpdir(), "doorward-handover-"));
let failures = 0;

const ORIGINAL = { name: "Better Auth" };
const HARDENED = { name: "Doorward (hardened)", preset: "hardened" };
const COMPATIBLE = { name: "Doorward (better-auth)", preset: "better-auth" };

const options = (url) => ({
  listen: `127.0.0.1:${port}`,
  baseURL: base,
  secret: "handover-secret-for-tests-only-9876543210",
  database: { url },
  mail: { smtpUrl: mail.url, from: "noreply@doorward.test" },
  emailAndPassword: { enabled: true, sendResetPassword: true },
  emailVerification: { sendVerificationEmail: true },
  user: { deleteUser: { enabled: true, sendDeleteAccountVerification: true } },
  rateLimit: { enabled: false },
});

function spawnServer({ preset }, url) {
  if (!preset) {
    const env = { ...process.env, NODE_ENV: "production", NODE_NO_WARNINGS: "1" };
    return spawn(process.execPath, [join(here, "reference.mjs"), JSON.stringify(options(url))], { stdio: ["ignore", "ignore", "inherit"], env });
  }
  const [program, ...args] = flags.cmd.split(" ");
  const env = { ...process.env, DOORWARD_PRESET: preset, DOORWARD_LOG__LEVEL: "warn", ...toEnv(options(url)) };
  return spawn(resolve(program), args, { stdio: ["ignore", "ignore", "inherit"], env });
}

async function withServer(kind, url, work) {
  const child = spawnServer(kind, url);
  const gone = new Promise((done) => child.once("exit", done));
  try {
    const deadline = Date.now() + 30_000;
    while (!(await fetch(`${base}/api/auth/ok`).then((answer) => answer.ok, () => false))) {
      if (Date.now() > deadline || child.exitCode !== null) throw new Error(`${kind.name} did not start`);
      await new Promise((done) => setTimeout(done, 50));
    }
    const database = openDatabase(url);
    const server = { base, basePath: "/api/auth", secret: options(url).secret, secure: false, origin: base, cookiePrefix: "better-auth." };
    try {
      return await work(createContext({ server, mail, database }));
    } finally {
      await database.close();
    }
  } finally {
    child.kill("SIGTERM");
    await gone;
  }
}

/** The jar of a browser, so that it can be used against the next server. */
const carry = (browser, t) => Object.assign(t.browser(), { jar: browser.jar });

async function signUp(t, user, rest = {}) {
  const browser = t.browser();
  const answer = await browser.post("/sign-up/email", { ...user, ...rest });
  t.check(answer.status === 200, `sign-up: ${answer.status} ${answer.text}`);
  return { browser, user, id: answer.body.user.id, token: answer.body.token };
}

/** Everything that has to survive a move. */
async function settle(t) {
  const signedIn = await signUp(t, t.user("Ada"));
  const forgetful = await signUp(t, t.user("Grace"));
  await t.browser().post("/request-password-reset", { email: forgetful.user.email, redirectTo: "/new-password" });
  const resetLink = (await mail.take(forgetful.user.email)).url;
  const unverified = await signUp(t, t.user("Edsger"));
  await unverified.browser.post("/send-verification-email", { email: unverified.user.email, callbackURL: "/welcome" });
  const verificationLink = (await mail.take(unverified.user.email)).url;
  const leaving = await signUp(t, t.user("Alan"));
  const asked = await leaving.browser.post("/delete-user", { callbackURL: "/goodbye" });
  t.check(asked.status === 200, `delete-user: ${asked.status} ${asked.text}`);
  const deletionLink = (await mail.take(leaving.user.email)).url;
  const second = t.browser();
  await second.post("/sign-in/email", { email: signedIn.user.email, password: signedIn.user.password });
  const brief = t.browser();
  await brief.post("/sign-in/email", { email: signedIn.user.email, password: signedIn.user.password, rememberMe: false });
  return { signedIn, second, brief, forgetful, resetLink, unverified, verificationLink, leaving, deletionLink };
}

/** Uses all of it against the server that took over. */
async function inspect(t, left) {
  const { signedIn, forgetful, unverified, leaving } = left;
  for (const [what, browser, id] of [
    ["session", signedIn.browser, signedIn.id],
    ["second session", left.second, signedIn.id],
    ["browser session", left.brief, signedIn.id],
    ["forgetful user's session", forgetful.browser, forgetful.id],
    ["unverified user's session", unverified.browser, unverified.id],
  ]) {
    const twice = [await carry(browser, t).get("/get-session"), await carry(browser, t).get("/get-session")];
    for (const answer of twice) t.check(answer.body?.user?.id === id, `${what} is lost: ${answer.status} ${answer.text}`);
  }
  const wrong = await t.browser().post("/sign-in/email", { email: signedIn.user.email, password: `${t.password}!` });
  t.check(wrong.status === 401, `a wrong password: ${wrong.status}`);
  for (let round = 0; round < 2; round += 1) {
    const again = await t.browser().post("/sign-in/email", { email: signedIn.user.email, password: t.password });
    t.check(again.status === 200 && again.body.user.id === signedIn.id, `the password is lost: ${again.status} ${again.text}`);
  }

  const visited = await t.browser().open(left.resetLink);
  t.check(visited.status === 302 && visited.location?.includes("token="), `reset link: ${visited.status} ${visited.location}`);
  const token = new URL(visited.location, base).searchParams.get("token");
  const changed = await t.browser().post("/reset-password", { token, newPassword: "another staple of horses" });
  t.check(changed.status === 200, `reset: ${changed.status} ${changed.text}`);
  const repeated = await t.browser().post("/reset-password", { token, newPassword: "yet another staple" });
  t.check(repeated.status === 400, `a second reset: ${repeated.status}`);
  const newPassword = await t.browser().post("/sign-in/email", { email: forgetful.user.email, password: "another staple of horses" });
  t.check(newPassword.status === 200, `the new password: ${newPassword.status} ${newPassword.text}`);

  const verified = await t.browser().open(left.verificationLink);
  t.check(verified.status === 302 && verified.location === "/welcome", `verification link: ${verified.status} ${verified.location}`);
  const [row] = await t.query('SELECT "emailVerified" AS verified FROM "user" WHERE "id" = $1', [unverified.id]);
  t.check(Boolean(row.verified), "the address is not verified");

  const deleted = await carry(leaving.browser, t).open(left.deletionLink);
  t.check(deleted.status === 302 && deleted.location === "/goodbye", `deletion link: ${deleted.status} ${deleted.location}`);
  const gone = await t.browser().post("/sign-in/email", { email: leaving.user.email, password: t.password });
  t.check(gone.status === 401, `a deleted user: ${gone.status}`);

  const out = await carry(left.second, t).post("/sign-out");
  t.check(out.status === 200, `sign-out: ${out.status}`);
  const ended = await carry(left.second, t).get("/get-session");
  t.check(ended.body === null || ended.text === "null", `a session that was signed out: ${ended.text}`);
}

async function newDatabase(name) {
  if (flags["database-url"]) return createPostgresDatabase(flags["database-url"], `handover_${name}`);
  return `sqlite://${join(home, `${name}.sqlite`)}?mode=rwc`;
}

async function move(name, from, to) {
  try {
    const url = await newDatabase(name);
    const left = await withServer(from, url, settle);
    await withServer(to, url, (t) => inspect(t, left));
    console.log(`ok    ${from.name} -> ${to.name}`);
  } catch (error) {
    failures += 1;
    console.log(`FAIL  ${from.name} -> ${to.name}\n      ${error.message}`);
  }
}

/** There and back: what Better Auth and Doorward gave out in turn works in the end. */
async function returnTrip() {
  try {
    const url = await newDatabase("return");
    const first = await withServer(ORIGINAL, url, settle);
    const second = await withServer(COMPATIBLE, url, settle);
    await withServer(ORIGINAL, url, async (t) => {
      await inspect(t, first);
      await inspect(t, second);
    });
    console.log("ok    Better Auth -> Doorward (better-auth) -> Better Auth");
  } catch (error) {
    failures += 1;
    console.log(`FAIL  Better Auth -> Doorward (better-auth) -> Better Auth\n      ${error.message}`);
  }
}

await move("hardened", ORIGINAL, HARDENED);
await move("compatible", ORIGINAL, COMPATIBLE);
await move("back", COMPATIBLE, ORIGINAL);
await move("switch", COMPATIBLE, HARDENED);
await returnTrip();

await mail.stop();
await rm(home, { recursive: true, force: true });
process.exit(failures ? 1 : 0);
