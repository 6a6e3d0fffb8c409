// RL: whose requests count together, and for how long

export default ({ group }) => {
  let clients = 0;
  const somebody = () => ({ headers: { "x-forwarded-for": `198.51.100.${++clients}` } });
  const attempt = (t, email, options) => t.browser().post("/sign-in/email", { email, password: "a wrong password" }, options);

  group("a client that names its own address", { options: { rateLimit: { enabled: true } } }, (scenario) => {
    scenario("RL-2 is counted by the address it has", async (t) => {
      const { email } = t.user();
      for (let count = 0; count < 3; count++) t.status(await attempt(t, email, somebody()), 401);
      t.status(await attempt(t, email, somebody()), 429);
    });
  });

  const proxied = { advanced: { ipAddress: { trustedProxies: ["127.0.0.1"] } } };
  group("one account", { options: { ...proxied, rateLimit: { enabled: true }, emailAndPassword: { sendResetPassword: true } } }, (scenario) => {
    const exhaust = async (t, email, most) => {
      for (let count = 1; count <= most; count++) if ((await attempt(t, email, somebody())).status === 429) return count;
      return null;
    };

    scenario("RL-4 has a budget of wrong passwords, wherever they come from", async (t) => {
      const { user } = await t.signUp("Ada");
      t.check(await exhaust(t, user.email, 30), "thirty wrong passwords were answered");
    });

    scenario("RL-4 so has an address without an account", async (t) => {
      t.check(await exhaust(t, t.user().email, 30), "thirty wrong passwords were answered");
    });

    scenario("RL-9 the budget is in the database", async (t) => {
      const { email } = t.user();
      await exhaust(t, email, 30);
      const tables = t.databaseKind === "postgres"
        ? await t.query("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
        : await t.query("SELECT name FROM sqlite_master WHERE type = 'table'");
      const counted = [];
      for (const { name } of tables.filter(({ name }) => /budget|rateLimit/i.test(name))) counted.push(...await t.query(`SELECT * FROM "${name}"`));
      t.check(counted.length > 0, "nothing was counted in the database");
    });

    scenario("RL-7 is mailed five times an hour at most", async (t) => {
      const { user } = await t.signUp("Ada");
      for (let count = 0; count < 8; count++) await t.browser().post("/request-password-reset", { email: user.email }, somebody());
      await t.mailTo(user.email);
      await t.sleep(1000);
      const mails = t.mailsTo(user.email);
      t.check(mails >= 1 && mails <= 5, `${mails} emails were sent`);
    });
  });
};
