//! The API reference, as a browser without a network shows it.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::server::{Server, release_binary};
use crate::shell::{self, Outcome, cargo, exists, skip};

/// Names Chromium goes by.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/// What stands on the page only once its scripts have read the API description.
const SIGNS: [&str; 3] = ["/api/auth/sign-up/email", "/api/auth/get-session", "opblock-post"];

pub(crate) fn run(screenshot: Option<&Path>) -> Outcome {
    let Some(browser) = BROWSERS
        .into_iter()
        .find(|browser| exists(browser, &["--version"]))
    else {
        return skip(
            "no Chromium, so that the API reference was not looked at",
            "Install chromium",
        );
    };
    if !release_binary().exists() {
        shell::run(&mut cargo(&["build", "--release", "--locked", "-p", "doorward"]))?;
    }
    let home = tempfile::tempdir().map_err(|error| format!("cannot make a directory: {error}"))?;
    let server = Server::doorward(home.path(), &[])?;
    for path in ["/api/auth/docs", "/api/auth/reference"] {
        let url = format!("http://{}{path}", server.address());
        let page = look(browser, home.path(), &["--dump-dom", &url])?;
        if let Some(missing) = SIGNS.iter().find(|sign| !page.contains(*sign)) {
            return Err(format!("{url} does not show {missing} in {browser}"));
        }
        eprintln!("> {browser} shows {path} without reaching any other host");
    }
    if let Some(file) = screenshot {
        let file = std::path::absolute(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let option = format!("--screenshot={}", file.display());
        look(
            browser,
            home.path(),
            &[&option, &format!("http://{}/api/auth/docs", server.address())],
        )?;
    }
    Ok(())
}

fn look(browser: &str, home: &Path, arguments: &[&str]) -> Outcome<String> {
    let profile = home.join("profile");
    // A crashed lookup must not spoil the next.
    drop(fs::remove_dir_all(&profile));
    let output = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
        ])
        .args([
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ])
        // No name but this machine's can be resolved, and no other address reached.
        .args([
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
            "--proxy-server=127.0.0.1:9",
        ])
        .args([
            "--proxy-bypass-list=127.0.0.1",
            "--window-size=1280,1600",
            "--virtual-time-budget=15000",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .map_err(|error| format!("cannot run {browser}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{browser} failed: {}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
