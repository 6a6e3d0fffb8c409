// TK and SE: what rests in the database, how often a link works, and when sessions end

export default ({ group }) => {
  const reset = async (t, user) => {
    t.status(await t.browser().post("/request-password-reset", { email: user.email, redirectTo: "/reset" }), 200);
    const { url } = await t.mailTo(user.email);
    return new URL(url).pathname.split("/").at(-1);
  };
  const use = (t, token, newPassword = "another good password") => t.browser().post("/reset-password", { token, newPassword });

  const options = {
    admin: { enabled: true },
    emailAndPassword: { sendResetPassword: true },
    emailVerification: { sendVerificationEmail: true },
  };
  group("tokens", { options }, (scenario) => {
    scenario("TK-2 no token of a session is in its row", async (t) => {
      const { browser, id } = await t.signUp();
      const rows = await t.query('SELECT * FROM "session" WHERE "userId" = $1', [id]);
      t.same(rows.length, 1, "rows");
      t.check(!JSON.stringify(rows).includes(t.tokenIn(browser)), "the row has the token");
    });

    scenario("TK-2 no token of a reset link is in its row", async (t) => {
      const { user } = await t.signUp();
      const token = await reset(t, user);
      t.check(!JSON.stringify(await t.query('SELECT * FROM "verification"')).includes(token), "the table has the token");
    });

    scenario("TK-2 administrators are shown no token of a user", async (t) => {
      const admin = await t.admin();
      const { browser, id } = await t.signUp();
      const shown = await admin.browser.post("/admin/list-user-sessions", { userId: id });
      t.status(shown, 200);
      t.same(shown.body.sessions.length, 1, "sessions");
      t.check(!shown.text.includes(t.tokenIn(browser)), "the list has the token");
    });

    scenario("TK-3 a verification link has its effect once", async (t) => {
      const { user, browser, id } = await t.signUp();
      t.status(await browser.post("/send-verification-email", { email: user.email }), 200);
      const { url } = await t.mailTo(user.email);
      await t.browser().open(url);
      const verified = async () => Boolean((await t.query('SELECT "emailVerified" AS "it" FROM "user" WHERE "id" = $1', [id]))[0].it);
      t.check(await verified(), "the first use did nothing");
      await t.query(`UPDATE "user" SET "emailVerified" = ${t.databaseKind === "postgres" ? "false" : "0"} WHERE "id" = $1`, [id]);
      await t.browser().open(url);
      t.check(!(await verified()), "the second use verified the address again");
    });

    scenario("TK-5 a reset link is void once a newer one was asked for", async (t) => {
      const { user } = await t.signUp();
      const older = await reset(t, user);
      const newer = await reset(t, user);
      t.status(await use(t, older), 400);
      t.status(await use(t, newer), 200);
    });

    scenario("TK-5 a reset link is void once the password was changed", async (t) => {
      const { user, browser } = await t.signUp();
      const token = await reset(t, user);
      t.status(await browser.post("/change-password", { currentPassword: user.password, newPassword: "a changed password" }), 200);
      t.status(await use(t, token), 400);
    });

    scenario("SE-7 a reset ends every session", async (t) => {
      const { user, browser } = await t.signUp();
      t.status(await use(t, await reset(t, user)), 200);
      await t.signedIn(browser, false);
    });

    scenario("SE-9 what depends on who asks is not stored by caches", async (t) => {
      const { browser } = await t.signUp();
      for (const path of ["/get-session", "/list-sessions", "/list-accounts"]) {
        const { headers } = await browser.get(path);
        t.same(headers.get("cache-control"), t.is.text(/no-store/), `Cache-Control of ${path}`);
      }
    });
  });
};
