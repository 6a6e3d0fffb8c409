use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use chrono::{DateTime, Utc};
use doorward_domain::email::{CustomEmail, EmailKind};
use doorward_domain::user::{Email, UserName};
use tokio::sync::oneshot;

use super::*;

const LINK: &str = "https://auth.example.test/verify-email?token=secret-token&callbackURL=%2F";

struct StoppedClock;

impl Clock for StoppedClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_secs(1_700_000_000).unwrap()
    }
}

/// A mail server for one connection: says what it is told to and remembers what it heard.
struct Server {
    port: u16,
    heard: oneshot::Receiver<Vec<String>>,
}

impl Server {
    /// Answers the line that begins with `command` with `answer`, and every other with consent.
    fn answering(command: &'static str, answer: &'static str) -> Self {
        Self::greeting("220 ready", command, answer)
    }

    fn greeting(greeting: &'static str, command: &'static str, answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, told) = oneshot::channel();
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let (mut heard, mut in_email) = (Vec::new(), false);
            stream.write_all(format!("{greeting}\r\n").as_bytes()).unwrap();
            while let Some(Ok(line)) = lines.next() {
                if in_email && line != "." {
                    heard.push(line);
                    continue;
                }
                let reply = match &*line {
                    line if line.starts_with(command) => answer,
                    "DATA" => "354 go on",
                    "QUIT" => "221 bye",
                    line if line.starts_with("EHLO") => "250-hello\r\n250 AUTH PLAIN",
                    line if line.starts_with("AUTH") => "235 welcome",
                    _ => "250 fine",
                };
                in_email = reply.starts_with("354");
                heard.push(line);
                // The client is free to go away without waiting for a farewell.
                let _ = stream.write_all(format!("{reply}\r\n").as_bytes());
            }
            // Whoever asks only whether it was sent is gone by now.
            let _ = tell.send(heard);
        });
        Self { port, heard: told }
    }

    fn willing() -> Self {
        Self::answering("nothing", "")
    }
}

/// What a mailer is made from.
struct SmtpSettings {
    url: Secret<String>,
    from: String,
    reply_to: Option<String>,
}

fn settings(port: u16) -> SmtpSettings {
    SmtpSettings {
        url: Secret::new(format!("smtp://127.0.0.1:{port}")),
        from: "Example <noreply@example.test>".to_owned(),
        reply_to: None,
    }
}

fn mailer(settings: &SmtpSettings) -> Result<SmtpMailer, SmtpError> {
    // Another test may have been first.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let reply_to = settings.reply_to.as_deref();
    SmtpMailer::new(&settings.url, &settings.from, reply_to, Arc::new(StoppedClock))
}

fn email() -> EmailMessage {
    EmailMessage {
        kind: EmailKind::VerifyEmail,
        to: Email::parse("ada@example.test").unwrap(),
        name: UserName::parse("Ada").unwrap(),
        link: Secret::new(LINK.to_owned()),
    }
}

/// Sends one email and answers what became of it, and what the server heard.
async fn send(server: Server, settings: SmtpSettings) -> (Result<(), MailError>, Vec<String>) {
    send_email(server, settings, email()).await
}

async fn send_email(
    server: Server,
    settings: SmtpSettings,
    email: EmailMessage,
) -> (Result<(), MailError>, Vec<String>) {
    let mailer = mailer(&settings).unwrap();
    let result = mailer.send("abc123", &email).await;
    drop(mailer);
    // The connection is closed by a task of this runtime, which must not be blocked.
    (result, server.heard.await.unwrap())
}

#[tokio::test]
async fn a_letter_is_delivered_as_text_and_html() {
    let server = Server::willing();
    let mut settings = settings(server.port);
    settings.reply_to = Some("help@example.test".to_owned());
    let (result, heard) = send(server, settings).await;
    result.unwrap();
    for line in [
        "EHLO example.test",
        "MAIL FROM:<noreply@example.test>",
        "RCPT TO:<ada@example.test>",
        "From: Example <noreply@example.test>",
        "To: ada@example.test",
        "Reply-To: help@example.test",
        "Subject: Confirm your e-mail address",
        "Message-ID: <abc123@example.test>",
        "Date: Tue, 14 Nov 2023 22:13:20 +0000",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Type: text/html; charset=utf-8",
        LINK,
    ] {
        let quoted = |heard: &String| heard == line || heard.replace('"', "") == line;
        assert!(heard.iter().any(quoted), "{line}: {heard:#?}");
    }
}

#[tokio::test]
async fn an_email_of_a_module_is_delivered_as_it_was_written() {
    for (html, kind) in [
        (None, "text/plain"),
        (Some("<p>Come in</p>"), "multipart/alternative"),
    ] {
        let server = Server::willing();
        let settings = settings(server.port);
        let custom = CustomEmail::new("acme.invitation", "You are invited", "Come in\n", html).unwrap();
        let email = EmailMessage {
            kind: EmailKind::Custom(custom),
            ..email()
        };
        let (result, heard) = send_email(server, settings, email).await;
        result.unwrap();
        let has = |line: &str| heard.iter().any(|heard| heard.starts_with(line));
        assert!(has("Subject: You are invited") && has("Come in"), "{heard:#?}");
        assert!(has(&format!("Content-Type: {kind}")), "{heard:#?}");
        assert_eq!(has("<p>Come in</p>"), html.is_some(), "{heard:#?}");
    }
}

#[tokio::test]
async fn credentials_are_presented() {
    let server = Server::willing();
    let mut settings = settings(server.port);
    settings.url = Secret::new(format!("smtp://ada:p%40ss@127.0.0.1:{}", server.port));
    let (result, heard) = send(server, settings).await;
    result.unwrap();
    assert!(
        heard.iter().any(|line| line == "AUTH PLAIN AGFkYQBwQHNz"),
        "{heard:#?}"
    );
}

#[tokio::test]
async fn re_10_a_busy_server_is_a_temporary_failure() {
    let (result, _) = send_refused("RCPT", "451 try again later").await;
    assert!(matches!(result, Err(MailError::Temporary(_))), "{result:?}");
}

#[tokio::test]
async fn re_10_a_refusal_is_final() {
    for command in ["RCPT", "."] {
        let (result, _) = send_refused(command, "550 no such mailbox").await;
        let Err(MailError::Permanent(cause)) = result else {
            panic!("{command}: {result:?}")
        };
        assert!(cause.to_string().contains("no such mailbox"), "{cause}");
    }
}

#[tokio::test]
async fn re_10_what_the_server_has_against_us_loses_no_email() {
    for (greeting, command, answer) in [
        ("554 no service for you", "nothing", ""),
        ("421 too busy", "nothing", ""),
        ("220 ready", "EHLO", "550 who are you"),
        ("220 ready", "MAIL", "550 relaying denied"),
        ("220 ready", "MAIL", "553 not owned by you"),
        ("220 ready", "RCPT", "421 closing"),
    ] {
        let server = Server::greeting(greeting, command, answer);
        let settings = settings(server.port);
        let (result, _) = send(server, settings).await;
        let said = format!("{greeting}, {command}: {answer}");
        assert!(matches!(result, Err(MailError::NoRelay(_))), "{said}: {result:?}");
    }
    for answer in [
        "554 5.7.1 <ada@example.test>: Relay access denied",
        "530 authenticate first",
    ] {
        let (result, _) = send_refused("RCPT", answer).await;
        assert!(
            matches!(result, Err(MailError::Temporary(_))),
            "{answer}: {result:?}"
        );
    }
}

#[tokio::test]
async fn the_next_email_goes_over_the_same_connection() {
    let server = Server::willing();
    let mailer = mailer(&settings(server.port)).unwrap();
    for id in ["first", "second"] {
        mailer.send(id, &email()).await.unwrap();
    }
    drop(mailer);
    let heard = server.heard.await.unwrap();
    for id in ["first", "second"] {
        assert!(heard.iter().any(|line| line.contains(id)), "{heard:#?}");
    }
    let greetings = heard.iter().filter(|line| line.starts_with("EHLO"));
    assert_eq!(greetings.count(), 1, "{heard:#?}");
}

#[tokio::test]
async fn re_10_a_server_that_went_away_is_connected_to_again() {
    let gone = Server::answering("NOOP", "421 closing");
    let mut mailer = mailer(&settings(gone.port)).unwrap();
    mailer.send("first", &email()).await.unwrap();
    let next = Server::willing();
    mailer.route = Relay::parse(&settings(next.port).url)
        .unwrap()
        .route(ClientId::Domain("example.test".to_owned()))
        .unwrap();
    mailer.send("second", &email()).await.unwrap();
    drop(mailer);
    let heard = next.heard.await.unwrap();
    assert!(heard.iter().any(|line| line.contains("second")), "{heard:#?}");
}

#[tokio::test]
async fn re_10_wrong_credentials_do_not_lose_emails() {
    let server = Server::answering("AUTH", "535 wrong password");
    let mut settings = settings(server.port);
    settings.url = Secret::new(format!("smtp://ada:wrong@127.0.0.1:{}", server.port));
    let (result, _) = send(server, settings).await;
    assert!(matches!(result, Err(MailError::NoRelay(_))), "{result:?}");
}

#[tokio::test]
async fn re_10_no_server_loses_no_email() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let result = mailer(&settings(port)).unwrap().send("1", &email()).await;
    assert!(matches!(result, Err(MailError::NoRelay(_))), "{result:?}");
}

#[tokio::test]
async fn ml_4_without_starttls_nothing_is_sent() {
    let server = Server::willing();
    let mut settings = settings(server.port);
    settings.url = Secret::new(format!("smtp://localhost:{}?tls=required", server.port));
    let (result, heard) = send(server, settings).await;
    assert!(matches!(result, Err(MailError::NoRelay(_))), "{result:?}");
    assert!(
        !heard
            .iter()
            .any(|line| line.starts_with("MAIL") || line.starts_with("AUTH")),
        "{heard:#?}"
    );
}

#[tokio::test]
async fn sk_1_what_the_server_quotes_is_not_repeated() {
    for (command, answer) in [
        (
            ".",
            "554 blocked: https://auth.example.test/verify-email?token=secret-token",
        ),
        ("RCPT", "550 <ada@example.test>: no such mailbox"),
    ] {
        let (result, _) = send_refused(command, answer).await;
        let Err(MailError::Permanent(cause)) = result else {
            panic!("{result:?}")
        };
        let number = &answer[..3];
        assert_eq!(cause.to_string(), format!("the mail server answered {number}"));
    }
}

#[tokio::test]
async fn an_address_no_server_takes_is_a_final_failure() {
    let server = Server::willing();
    let email = EmailMessage {
        to: Email::from_stored("not an address\r\nBcc: x"),
        ..email()
    };
    let result = mailer(&settings(server.port)).unwrap().send("1", &email).await;
    assert!(matches!(result, Err(MailError::Permanent(_))), "{result:?}");
}

#[tokio::test]
async fn a_server_with_tls_is_accepted() {
    for url in [
        "smtps://mail.example.com",
        "smtp://mail.example.com",
        "smtps://[::1]:465",
    ] {
        let settings = SmtpSettings {
            url: Secret::new(url.to_owned()),
            ..settings(25)
        };
        assert!(mailer(&settings).is_ok(), "{url}");
    }
}

#[tokio::test]
async fn wrong_mailboxes_are_named() {
    let mut settings = settings(25);
    settings.from = "nobody".to_owned();
    assert!(mailer(&settings).unwrap_err().to_string().contains("`nobody`"));
    settings.from = "noreply@example.test".to_owned();
    settings.reply_to = Some("a@b@c".to_owned());
    assert!(mailer(&settings).unwrap_err().to_string().contains("`a@b@c`"));
}

#[test]
fn the_mailer_may_outlive_the_runtime() {
    let server = Server::willing();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mailer = mailer(&settings(server.port)).unwrap();
    runtime.block_on(mailer.send("1", &email())).unwrap();
    drop(runtime);
    drop(mailer);
}

async fn send_refused(command: &'static str, answer: &'static str) -> (Result<(), MailError>, Vec<String>) {
    let server = Server::answering(command, answer);
    let settings = settings(server.port);
    send(server, settings).await
}
