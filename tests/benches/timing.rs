//! How long a refused sign-in takes: for nobody, and for users whose hashes came from other servers (EN-3).
//!
//! `cargo bench -p doorward-tests --bench timing -- 1000` asks a thousand times each, one after the other. The medians
//! must not differ by more than 15 ms or a fifth.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot run fails, and prints what it measured"
)]

use std::time::{Duration, Instant};

use doorward_application::Progress;
use doorward_application::password::LearnPasswordHashes;
use doorward_domain::Clock as _;
use doorward_domain::password::PasswordHash;
use doorward_testing::{Backend, Browser, TestApp, samples};
use serde_json::json;

const ROUNDS: usize = 30;

/// Hashes of other servers, in the costs that these have by default.
const IMPORTED: [(&str, &str); 4] = [
    (
        "scrypt",
        "000102030405060708090a0b0c0d0e0f:70cc7d605f9fd0bfd324b3978bd79ee81076d98810046ed91604c3cb8aa6957761a2b0b97abf1e7c417ec4a9baa7bd1ce53449880d90dc1117c88d69b4f0b72e",
    ),
    (
        "bcrypt-10",
        "$2b$10$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS",
    ),
    (
        "bcrypt-12",
        "$2b$12$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS",
    ),
    (
        "pbkdf2",
        "$pbkdf2-sha256$i=600000,l=32$MDEyMzQ1Njc4OWFiY2RlZg$BVALGMmC/K/8ELErc5VgJxyPFApArIZRCQsqjEgZWJ4",
    ),
];

fn main() {
    let rounds = std::env::args().find_map(|argument| argument.parse().ok());
    let rounds: usize = rounds.unwrap_or(ROUNDS);
    let app = TestApp::on(Backend::Sqlite);
    let mut names = vec!["nobody", "argon2id"];
    drop(app.signed_up("argon2id@example.test"));
    for (name, hash) in IMPORTED {
        let email = format!("{name}@example.test");
        drop(app.signed_up(&email));
        let (id, hash) = (app.id_of(&email), PasswordHash::from_stored(hash));
        let accounts = app.store.accounts();
        let changed = app.wait(accounts.set_password(&id, &hash, app.clock.now()));
        assert!(changed.unwrap().is_applied());
        names.push(name);
    }
    let learn = LearnPasswordHashes::new(app.context.clone());
    while app.wait(learn.run(&samples::request())).unwrap() == Progress::More {}

    let mut browser = app.browser();
    let mut times = vec![Vec::with_capacity(rounds); names.len()];
    for _ in 0..rounds {
        for (name, times) in names.iter().zip(&mut times) {
            times.push(refusal(&mut browser, name));
        }
    }
    let medians: Vec<_> = times.iter_mut().map(|times| median(times)).collect();
    println!("refused sign-ins, median of {rounds}:");
    for (name, time) in names.iter().zip(&medians) {
        let ratio = time.as_secs_f64() / medians[0].as_secs_f64();
        println!("{name:>10}  {:>7.1} ms  {ratio:.2}", time.as_secs_f64() * 1000.0);
    }
}

/// How long it takes to refuse a wrong password to the user of that name.
fn refusal(browser: &mut Browser, name: &str) -> Duration {
    let body = json!({ "email": format!("{name}@example.test"), "password": "not the password" });
    let sent = Instant::now();
    let answer = browser.post("/sign-in/email", &body);
    assert_eq!(answer.status, 401, "{}", answer.text);
    sent.elapsed()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
