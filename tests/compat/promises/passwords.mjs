// PW and EN: how passwords rest, which are taken, and what an answer tells about an address

export default ({ group }) => {
  group("passwords", {}, (scenario) => {
    scenario("PW-1 a new hash is Argon2id in PHC form", async (t) => {
      const { id } = await t.signUp();
      const [{ password }] = await t.query('SELECT "password" FROM "account" WHERE "userId" = $1', [id]);
      t.same(password, t.is.text(/^\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+\$[\w+/]{22,}\$[\w+/]{43}$/), "hash");
    });

    scenario("PW-7 what everybody guesses first is no password", async (t) => {
      for (const password of ["password1", "12345678", "qwertyuiop"]) {
        t.status(await t.browser().post("/sign-up/email", t.user("Ada", { password })), 400);
      }
      const user = t.user();
      t.status(await t.browser().post("/sign-up/email", { ...user, password: user.email }), 400);
    });
  });

  const required = { emailAndPassword: { requireEmailVerification: true }, emailVerification: { sendVerificationEmail: true } };
  group("a taken address", { options: { ...required, admin: { enabled: true }, user: { changeEmail: { enabled: true } } } }, (scenario) => {
    scenario("EN-2 is answered like a free one, to the last field", async (t) => {
      const taken = t.user();
      const first = await t.browser().post("/sign-up/email", taken);
      const again = await t.browser().post("/sign-up/email", { ...t.user("Eve"), email: taken.email });
      t.status(again, first.status);
      t.same(Object.keys(again.body.user).sort(), Object.keys(first.body.user).sort(), "fields");
      t.same(Object.entries(again.body.user).map(([name, value]) => [name, typeof value]).sort(),
        Object.entries(first.body.user).map(([name, value]) => [name, typeof value]).sort(), "types");
      t.check(again.body.user.id !== first.body.user.id, "the id is that of the owner");
    });

    scenario("EN-5 its owner is told of the sign-up", async (t) => {
      const owner = t.user();
      await t.browser().post("/sign-up/email", owner);
      await t.mailTo(owner.email);
      await t.browser().post("/sign-up/email", { ...t.user("Eve"), email: owner.email });
      await t.mailTo(owner.email);
    });
  });

  group("a relay that is slow", { options: { emailAndPassword: { sendResetPassword: true } } }, (scenario) => {
    const milliseconds = async (act) => {
      const begun = performance.now();
      await act();
      return performance.now() - begun;
    };
    const ask = (t, email) => milliseconds(() => t.browser().post("/request-password-reset", { email }));

    scenario("EN-3 makes no answer slower for an address that has an account", async (t) => {
      const { user } = await t.signUp("slow");
      await ask(t, t.user("slow").email);
      const nobody = await ask(t, t.user("slow").email);
      const somebody = await ask(t, user.email);
      t.check(somebody < nobody + 700, `${Math.round(somebody)} ms with an account, ${Math.round(nobody)} ms without`);
    });

    scenario("ML-1 is waited for by no request", async (t) => {
      const { user } = await t.signUp("slow");
      t.status(await t.browser().post("/request-password-reset", { email: user.email }), 200);
      t.same(t.mailsTo(user.email), 0, "emails that the relay accepted before the answer");
      await t.mailTo(user.email);
    });
  });
};
