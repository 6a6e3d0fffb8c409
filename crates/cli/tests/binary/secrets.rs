//! `doorward secret`, and what a start says of a secret that is not the one it was.

use std::fs::{self, File};
use std::io::Read as _;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use doorward_testing::Browser;

use crate::support::{Server, credentials, doorward, until};

const OLD: &str = "9f2c6d1e8b7a45c03f1d2e6b9a8c7d5e";
const NEW: &str = "3b7e0a94d16c58f2a05b4c7d9e8f6a12";

fn secret(home: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = doorward(home);
    command
        .arg("secret")
        .args(arguments)
        .envs(environment.iter().copied());
    command.output().unwrap()
}

fn told(output: &Output) -> String {
    assert!(output.status.success(), "{}", refusal(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn refusal(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn signed_up(address: SocketAddr, index: usize) -> Browser {
    let mut browser = Browser::new(address);
    let answer = browser.post("/sign-up/email", &credentials(index));
    assert_eq!(answer.status, 200, "{}", answer.text);
    browser
}

fn is_signed_in(address: SocketAddr, browser: &mut Browser) -> bool {
    browser.turn_to(address);
    browser.get("/get-session").text != "null"
}

#[test]
fn kr_2_the_generated_secret_is_replaced_without_signing_anybody_out() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("doorward-data/secret");
    assert!(told(&secret(home.path(), &["list"], &[])).contains("no secret yet"));
    let missing = secret(home.path(), &["rotate"], &[]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(refusal(&missing).contains("start the server once"));

    let server = Server::start(home.path());
    let mut early = signed_up(server.address(), 1);
    drop(server);
    let first = fs::read_to_string(&file).unwrap();
    let listed = told(&secret(home.path(), &["list"], &[]));
    assert!(
        listed.lines().count() == 2 && listed.contains("1    "),
        "{listed}"
    );

    let prepared = told(&secret(home.path(), &["rotate", "--prepare"], &[]));
    assert!(prepared.contains("The secret 2 is prepared"), "{prepared}");
    let rotated = told(&secret(home.path(), &["rotate"], &[]));
    assert!(rotated.contains("The secret 2 is current"), "{rotated}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let kept = fs::read_to_string(&file).unwrap();
    assert!(kept.contains(first.trim()), "the old secret stays");
    let listed = told(&secret(home.path(), &["list"], &[]));
    assert!(
        listed.contains("current: signs and seals") && listed.contains("sessions may need it until"),
        "{listed}"
    );
    assert!(!listed.contains(first.trim()), "SK-1: {listed}");

    let server = Server::start(home.path());
    assert!(is_signed_in(server.address(), &mut early));
    let mut late = signed_up(server.address(), 2);
    drop(server);
    for (arguments, problem) in [
        (["remove", "1"], "sessions may be signed"),
        (["remove", "2"], "is current"),
        (["remove", "7"], "none with the id 7"),
    ] {
        let refused = secret(home.path(), &arguments, &[]);
        assert_eq!(refused.status.code(), Some(2));
        assert!(refusal(&refused).contains(problem), "{}", refusal(&refused));
    }
    assert_eq!(fs::read_to_string(&file).unwrap(), kept, "nothing was changed");
    told(&secret(home.path(), &["remove", "1", "--force"], &[]));
    let server = Server::start(home.path());
    assert!(is_signed_in(server.address(), &mut late));
    assert!(!is_signed_in(server.address(), &mut early), "KR-1");
}

#[test]
fn kr_2_a_secret_that_waiting_emails_need_is_not_removed() {
    let home = tempfile::tempdir().unwrap();
    let verification = [
        ("DOORWARD_EMAIL_VERIFICATION__SEND_VERIFICATION_EMAIL", "true"),
        ("DOORWARD_EMAIL_VERIFICATION__SEND_ON_SIGN_UP", "true"),
    ];
    // Nobody listens there, so that emails wait.
    let relay = [
        ("DOORWARD_MAIL__SMTP_URL", "smtp://127.0.0.1:1?tls=none"),
        ("DOORWARD_MAIL__FROM", "noreply@example.test"),
    ];
    let mut server = Server::start_logging(
        home.path(),
        &[verification, relay].concat(),
        std::process::Stdio::null(),
    );
    signed_up(server.address(), 1);
    assert!(server.terminate(Duration::from_mins(1)).is_some());
    told(&secret(home.path(), &["rotate"], &[]));
    // Sessions do not need it any more.
    let short = ("DOORWARD_SESSION__EXPIRES_IN", "0.001");
    let listed = told(&secret(home.path(), &["list"], &[short]));
    assert!(listed.contains("emails that wait: 1"), "{listed}");
    let refused = secret(home.path(), &["remove", "1"], &[short]);
    assert!(
        refusal(&refused).contains("1 emails wait"),
        "{}",
        refusal(&refused)
    );

    // The server has both secrets, and sends the email: without a relay it is printed.
    let printed = home.path().join("printed");
    let server = Server::start_writing(
        home.path(),
        &verification,
        File::create(&printed).unwrap(),
        std::process::Stdio::null(),
    );
    until(|| {
        let mut text = String::new();
        File::open(&printed).unwrap().read_to_string(&mut text).unwrap();
        text.contains("/verify-email?token=")
    });
    until(|| !told(&secret(home.path(), &["list"], &[short])).contains("emails that wait"));
    drop(server);
    // The audit log is the last that needs it.
    let refused = secret(home.path(), &["remove", "1"], &[short]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(refusal(&refused).contains("audit"), "{}", refusal(&refused));
    let listed = told(&secret(home.path(), &["list"], &[short]));
    assert!(listed.contains("audit events that it signed: "), "{listed}");
    told(&secret(home.path(), &["remove", "1", "--force"], &[short]));
}

#[test]
fn kr_2_a_configured_secret_is_not_ours_to_change() {
    let home = tempfile::tempdir().unwrap();
    let both = format!("2:{NEW},1:{OLD}");
    for variable in [
        ("DOORWARD_SECRET", OLD),
        ("BETTER_AUTH_SECRETS", &*both),
        ("DOORWARD_SECRETS", &both),
    ] {
        for arguments in [&["rotate"][..], &["rotate", "--prepare"], &["remove", "1"]] {
            let refused = secret(home.path(), arguments, &[variable]);
            let said = refusal(&refused);
            assert_eq!(refused.status.code(), Some(2), "{said}");
            assert!(
                said.contains(&format!("is set by {}", variable.0)) && said.contains("2:NEW,1:OLD"),
                "{said}"
            );
        }
        let listed = told(&secret(home.path(), &["list"], &[variable]));
        assert!(
            listed.contains("current: signs and seals") && listed.contains("unknown"),
            "{listed}"
        );
        assert!(!listed.contains(OLD) && !listed.contains(NEW), "SK-1: {listed}");
    }
    let printed = doorward(home.path())
        .args(["config", "print"])
        .env("DOORWARD_SECRETS", &both)
        .output()
        .unwrap();
    let printed = told(&printed);
    assert!(
        printed.contains(r#"secrets = ["2:[redacted]", "1:[redacted]"]"#),
        "{printed}"
    );
    assert!(
        !printed.contains(OLD) && !printed.contains(NEW),
        "SK-1: {printed}"
    );
}

#[test]
fn kr_1_a_start_says_that_the_secret_is_another_one() {
    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("log");
    let said = |variable: (&str, &str)| {
        drop(Server::start_logging(
            home.path(),
            &[variable],
            File::create(&log).unwrap(),
        ));
        let text = fs::read_to_string(&log).unwrap();
        let line = text.lines().find(|line| line.contains("another secret"));
        line.is_some_and(|line| {
            assert!(line.contains("WARN"), "{line}");
            assert!(!line.contains(OLD) && !line.contains(NEW), "SK-1: {line}");
            true
        })
    };
    let (both, turned) = (format!("1:{OLD},2:{NEW}"), format!("2:{NEW},1:{OLD}"));
    for (variable, is_said) in [
        (("DOORWARD_SECRET", OLD), false),
        (("DOORWARD_SECRET", NEW), true),
        (("DOORWARD_SECRET", NEW), false),
        (("DOORWARD_SECRETS", &*both), false),
        (("DOORWARD_SECRETS", &*turned), false),
        (("DOORWARD_SECRETS", &both), false),
        (("DOORWARD_SECRET", OLD), false),
    ] {
        assert_eq!(said(variable), is_said, "{}", variable.0);
    }
}
