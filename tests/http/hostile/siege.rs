//! Thousands of generated requests against one server: what each answer must be, and what must be as before at the end.

use doorward_application::settings::Preset;
use doorward_domain::user::{Email, User};
use doorward_testing::{Backend, Browser, PASSWORD, TestApp};
use serde_json::{Value, json};

use super::generator::{Asker, Generator};
use super::wire::{Answer, Request, Wire};

/// Every code that an answer may have.
const CODES: &str = include_str!("../../../docs/reference/errors.md");
const SESSION: &str = "better-auth.session_token";
/// What a million requests may leave in memory, beside what a test application itself grows to.
const MOST_GROWTH_KIB: u64 = 128 * 1024;

#[expect(
    clippy::disallowed_methods,
    reason = "whoever repeats a failure names its seed"
)]
fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap())
}

#[test]
fn in_8_ten_thousand_hostile_requests_are_all_answered_below_500() {
    let seed = number("DOORWARD_TEST_SEED").unwrap_or(20_261_123);
    // `cargo xtask fuzz http` asks for more, and then everything is kept on disk, so that memory tells of leaks.
    let asked = number("DOORWARD_FUZZ_REQUESTS");
    let backend = asked.map_or(Backend::Memory, |_| Backend::Sqlite);
    let requests = asked.unwrap_or(10_000);
    for (preset, seed) in [(Preset::Hardened, seed), (Preset::BetterAuth, seed + 1)] {
        let mut siege = Siege::new(backend, preset, seed);
        // Whoever is no administrator makes none, and only then does one come.
        for (role, share) in [("user", 6), ("admin", 4)] {
            siege.attack(role, requests * share / 20);
        }
        siege.withstood();
    }
}

/// Someone who attacks, with a session of their own.
struct Attacker {
    browser: Browser,
    email: String,
}

struct Siege {
    app: TestApp,
    what: String,
    generator: Generator,
    wire: Wire,
    victim: Browser,
    before: User,
    findings: Vec<String>,
    newcomers: u32,
}

impl Siege {
    fn new(backend: Backend, preset: Preset, seed: u64) -> Self {
        let app = TestApp::on_with(backend, preset, |_| {});
        let victim = app.signed_up("victim@example.test");
        let before = stored(&app, "victim@example.test").unwrap();
        Self {
            what: format!("seed {seed}, {preset:?}"),
            generator: Generator::new(app.document(), seed),
            wire: Wire::to(app.address()),
            app,
            victim,
            before,
            findings: Vec::new(),
            newcomers: 0,
        }
    }

    /// As many requests by somebody of that role, by nobody, and by somebody with a forged session.
    fn attack(&mut self, role: &str, requests: u64) {
        let mut attacker = self.newcomer(role);
        let origin = format!("http://{}", self.app.address());
        let started = resident_kib();
        let mut accepted = 0;
        for round in 0..requests {
            if round == requests / 10 {
                report(&self.what, role, "a tenth", started);
            }
            // Only those who may not do so name the victim; others have somebody else to administer.
            let id = if role == "user" {
                self.before.id.to_string()
            } else {
                self.app.id_of(&attacker.email).to_string()
            };
            let cookies = match self.generator.dice().below(4) {
                0 => vec![String::new(), self.forged(&attacker)],
                1 => vec![self.forged(&attacker), header(&attacker.browser)],
                _ => vec![header(&attacker.browser), self.forged(&attacker)],
            };
            let asker = Asker {
                cookies: &cookies,
                origin: &origin,
                id: &id,
            };
            let request = self.generator.request(&asker);
            let own = (role == "user")
                .then(|| stored(&self.app, &attacker.email))
                .flatten();
            let answer = match self.wire.send(&request) {
                Ok(answer) => answer,
                Err(problem) => {
                    self.find(round, &request, &problem);
                    continue;
                }
            };
            if let Err(problem) = judge(&answer) {
                let text = String::from_utf8_lossy(&answer.body);
                self.find(round, &request, &format!("{problem}: {} {text}", answer.status));
            }
            if answer.status < 400 {
                accepted += 1;
                if stored(&self.app, &attacker.email).is_none()
                    || attacker.browser.get("/get-session").text == "null"
                {
                    attacker = self.newcomer(role);
                }
            } else if own.is_some() && stored(&self.app, &attacker.email) != own {
                self.find(
                    round,
                    &request,
                    &format!("refused by {}, but the user changed", answer.status),
                );
            }
        }
        report(&self.what, role, "all", started);
        // Were all refused, they would show nothing of what lies behind.
        assert!(
            accepted > requests / 20,
            "{}: {accepted} of {requests} accepted",
            self.what
        );
        if let (Some(before), Some(after)) = (started, resident_kib()) {
            assert!(
                after < before + MOST_GROWTH_KIB,
                "{}: memory grew from {before} KiB to {after} KiB",
                self.what
            );
        }
        if role == "user" {
            let mut admin = self.newcomer("admin").browser;
            let admins = admin
                .get("/admin/list-users?filterField=role&filterValue=admin")
                .json();
            assert_eq!(admins["total"], 1, "{}: {admins}", self.what);
        }
    }

    fn newcomer(&mut self, role: &str) -> Attacker {
        self.newcomers += 1;
        let email = format!("{role}-{}@example.test", self.newcomers);
        let browser = self.app.signed_up_as(&email, role);
        Attacker { browser, email }
    }

    /// The victim's token with a signature that is not its own.
    fn forged(&self, attacker: &Attacker) -> String {
        let part = |browser: &Browser| {
            let value = browser.cookies.get(SESSION);
            value.and_then(|value| {
                value
                    .split_once('.')
                    .map(|(token, signature)| (token.to_owned(), signature.to_owned()))
            })
        };
        let (Some((token, _)), Some((_, signature))) = (part(&self.victim), part(&attacker.browser)) else {
            return String::new();
        };
        format!("{SESSION}={token}.{signature}")
    }

    fn find(&mut self, round: u64, request: &Request, problem: &str) {
        let request = request.bytes();
        let shown = &request[..request.len().min(3000)];
        let finding = format!(
            "finding: {}, round {round}: {problem}\n  {}",
            self.what,
            shown.escape_ascii()
        );
        eprintln!("{finding}");
        self.findings.push(finding);
        assert!(self.findings.len() < 20, "{}", self.findings.join("\n"));
    }

    /// Nothing was found, and whatever the attackers did, it was not done to others.
    fn withstood(mut self) {
        assert!(self.findings.is_empty(), "{}", self.findings.join("\n"));
        let session = self.victim.get("/get-session").json();
        assert_eq!(session["user"]["email"], "victim@example.test", "{}", self.what);
        let sessions = self.victim.get("/list-sessions").json();
        assert_eq!(sessions.as_array().map(Vec::len), Some(1), "{}", self.what);
        let accounts = self.victim.get("/list-accounts").json();
        assert_eq!(accounts.as_array().map(Vec::len), Some(1), "{}", self.what);
        assert_eq!(
            stored(&self.app, "victim@example.test"),
            Some(self.before),
            "{}",
            self.what
        );
        let body = json!({ "email": "victim@example.test", "password": PASSWORD });
        assert_eq!(
            self.app.browser().post("/sign-in/email", &body).status,
            200,
            "{}",
            self.what
        );
    }
}

fn stored(app: &TestApp, email: &str) -> Option<User> {
    let email = Email::parse(email).unwrap();
    app.wait(app.store.users().find_by_email(&email)).unwrap()
}

fn header(browser: &Browser) -> String {
    let pairs: Vec<_> = browser
        .cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    pairs.join("; ")
}

/// What every answer is, whatever was asked.
fn judge(answer: &Answer) -> Result<(), &'static str> {
    if !(200..500).contains(&answer.status) {
        return Err("a status that nothing asked for");
    }
    let text = std::str::from_utf8(&answer.body).unwrap_or_default();
    if answer.header("x-request-id").is_none() {
        // Refused before it was a request.
        return if answer.body.is_empty() {
            Ok(())
        } else {
            Err("an answer that the application did not give")
        };
    }
    if answer.header("x-content-type-options") != Some("nosniff") {
        return Err("an answer without the headers that every answer has");
    }
    if answer.status >= 400 && !text.is_empty() {
        let error: Value = serde_json::from_str(text).map_err(|_| "an error that is no JSON")?;
        if !error["message"].is_string() {
            return Err("an error without a message");
        }
        // The contract has a few answers with a message only.
        if let Some(code) = error.get("code") {
            let code = code.as_str().ok_or("a code that is no text")?;
            if !CODES.contains(&format!("`{code}`")) {
                return Err("a code that is not documented");
            }
        }
        if ["panicked", ".rs:", "SELECT ", "sqlx", "test-secret"]
            .iter()
            .any(|secret| text.contains(secret))
        {
            return Err("an error that tells what is inside");
        }
    }
    Ok(())
}

/// Pages of this process in memory; none where the system does not tell.
fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

fn report(what: &str, role: &str, share: &str, before: Option<u64>) {
    if let (Some(before), Some(now)) = (before, resident_kib()) {
        eprintln!("{what}, {role}, {share} sent: {now} KiB of memory, {before} KiB before");
    }
}
