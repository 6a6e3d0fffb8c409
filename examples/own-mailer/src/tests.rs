use doorward_domain::Secret;
use doorward_domain::email::{EmailKind, EmailMessage, Mailer};
use doorward_domain::user::{Email, UserName};

use super::Tray;

fn message() -> EmailMessage {
    EmailMessage {
        kind: EmailKind::ResetPassword,
        to: Email::from_stored("ada@example.test"),
        name: UserName::from_stored("Ada"),
        link: Secret::new("https://auth.example.test/reset".to_owned()),
    }
}

#[tokio::test]
async fn a_letter_that_is_tried_again_lies_there_once() {
    let home = tempfile::tempdir().expect("a directory");
    let tray = Tray {
        directory: home.path().join("emails"),
    };
    for _ in 0..2 {
        tray.send("one", &message()).await.expect("a place for it");
    }
    let mut files = std::fs::read_dir(&tray.directory).expect("emails");
    let file = files.next().expect("an email").expect("a file");
    let text = std::fs::read_to_string(file.path()).expect("a text");
    assert!(
        text.contains("ada@example.test") && text.contains("https://auth.example.test/reset"),
        "{text}"
    );
    assert!(files.next().is_none());
}

#[tokio::test]
async fn where_there_is_no_place_it_is_tried_again() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let tray = Tray {
        directory: file.path().to_owned(),
    };
    let outcome = tray.send("one", &message()).await;
    assert!(matches!(
        outcome,
        Err(doorward_domain::email::MailError::Temporary(_))
    ));
}
