// AC and ML: administrators, impersonation, and what the owner of an account is told

export default ({ group }) => {
  group("administrators", { options: { admin: { enabled: true }, user: { deleteUser: { enabled: true } } } }, (scenario) => {
    scenario("AC-5 the last one stays", async (t) => {
      const { browser, id } = await t.admin();
      await t.query(`UPDATE "user" SET "role" = 'user' WHERE "role" = 'admin' AND "id" <> $1`, [id]);
      const refused = async (path, body) => {
        const { status } = await browser.post(path, body);
        t.check(status >= 400 && status < 500, `${path} is answered ${status}`);
      };
      await refused("/admin/set-role", { userId: id, role: "user" });
      await refused("/delete-user", { password: t.password });
      await t.signedIn(browser);
      t.same((await t.query('SELECT "role" FROM "user" WHERE "id" = $1', [id]))[0].role, "admin", "role");
    });

    scenario("AC-6 in somebody's place they change nothing that the user signs in by", async (t) => {
      const admin = await t.admin();
      const user = await t.signUp();
      t.status(await admin.browser.post("/admin/impersonate-user", { userId: user.id }), 200);
      const change = { currentPassword: user.user.password, newPassword: "a password of the administrator" };
      t.status(await admin.browser.post("/change-password", change), 403);
      t.status(await admin.browser.post("/revoke-sessions"), 403);
      t.status(await admin.browser.post("/delete-user", { password: user.user.password }), 403);
      await t.signedIn(user.browser);
      await t.signIn(user.user);
    });

    scenario("AC-7 a list has at most a thousand users", async (t) => {
      const { browser } = await t.admin();
      t.status(await browser.get("/admin/list-users?limit=1001"), 400);
      t.status(await browser.get("/admin/list-users?limit=1000"), 200);
    });
  });

  group("the owner", { options: { admin: { enabled: true } } }, (scenario) => {
    scenario("ML-3 is told that the password was changed", async (t) => {
      const { browser, user } = await t.signUp();
      t.status(await browser.post("/change-password", { currentPassword: user.password, newPassword: "a changed password" }), 200);
      await t.mailTo(user.email);
    });

    scenario("ML-3 is told that an administrator was in their place", async (t) => {
      const admin = await t.admin();
      const { id, user } = await t.signUp();
      t.status(await admin.browser.post("/admin/impersonate-user", { userId: id }), 200);
      await t.mailTo(user.email);
    });
  });
};
