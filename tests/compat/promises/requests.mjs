// CS, IN and HD: what a request may be, and what every answer has

import { request } from "node:http";

export default ({ group }) => {
  const statusOf = (t, method, path) => new Promise((resolve) => {
    request(t.base + path, { method }, (response) => resolve(response.resume().statusCode)).on("error", resolve).end();
  });
  const rename = (browser, name) => browser.post("/update-user", { name });

  group("methods", {}, (scenario) => {
    scenario("CS-4 TRACE does nothing, and ends no server", async (t) => {
      t.same(await statusOf(t, "TRACE", "/api/auth/get-session"), 404, "status");
      t.same(await statusOf(t, "GET", "/api/auth/ok"), 200, "status afterwards");
    });
  });

  group("requests", { options: { emailVerification: { sendVerificationEmail: true } } }, (scenario) => {
    scenario("CS-7 an answer to a link does not pass the address of the link on", async (t) => {
      const { headers } = await t.browser().get("/verify-email", { query: { token: "x", callbackURL: "/" } });
      t.same(headers.get("referrer-policy"), "no-referrer", "Referrer-Policy");
    });

    scenario("IN-2 a body of more than 256 KiB is refused", async (t) => {
      const { browser } = await t.signUp();
      t.status(await browser.post("/update-user", { name: "Ada", padding: "x".repeat(300 * 1024) }), 413);
    });

    scenario("IN-2 a body that is nested deeper than 32 is refused", async (t) => {
      const { browser } = await t.signUp();
      const raw = `{"name":"Ada","more":${"[".repeat(50)}${"]".repeat(50)}}`;
      t.status(await browser.send("POST", "/update-user", { raw, headers: { "content-type": "application/json" } }), 400);
    });

    scenario("IN-3 a name has at most 256 characters", async (t) => {
      const { browser } = await t.signUp();
      t.status(await rename(browser, "x".repeat(257)), 400);
      t.status(await rename(browser, "x".repeat(256)), 200);
    });

    scenario("IN-5 no text has a control character", async (t) => {
      const { browser } = await t.signUp();
      for (const character of ["\u0000", "\u0007", "\u001b"]) t.status(await rename(browser, `Ada${character}`), 400);
    });

    scenario("IN-6 a picture is an address of the web", async (t) => {
      const { browser } = await t.signUp();
      for (const image of ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd"]) {
        t.status(await browser.post("/update-user", { image }), 400);
      }
      t.status(await browser.post("/update-user", { image: "https://pictures.example/ada.png" }), 200);
    });

    scenario("HD-1 every answer has the headers that protect a browser", async (t) => {
      const { browser } = await t.signUp();
      const answers = [await browser.get("/get-session"), await browser.get("/no-such-path"), await browser.post("/sign-in/email", {})];
      for (const { headers } of answers) {
        t.same(headers.get("x-content-type-options"), "nosniff", "X-Content-Type-Options");
        t.same(headers.get("referrer-policy"), "no-referrer", "Referrer-Policy");
        t.same(headers.get("content-security-policy"), t.is.text(/default-src 'none'.*frame-ancestors 'none'/), "Content-Security-Policy");
      }
    });
  });
};
