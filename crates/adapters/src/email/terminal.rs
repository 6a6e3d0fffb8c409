use std::fmt;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use doorward_domain::email::{EmailMessage, MailError, Mailer};

use super::content::Content;

/// Prints emails instead of sending them, for development. The terminal shows usable links.
pub struct TerminalMailer {
    output: Mutex<Box<dyn Write + Send>>,
}

const WIDTH: usize = 78;

impl TerminalMailer {
    /// Prints to `output`.
    #[must_use]
    pub fn new(output: impl Write + Send + 'static) -> Self {
        Self {
            output: Mutex::new(Box::new(output)),
        }
    }

    /// Prints to standard output.
    #[must_use]
    pub fn stdout() -> Self {
        Self::new(io::stdout())
    }
}

#[async_trait]
impl Mailer for TerminalMailer {
    async fn send(&self, _id: &str, message: &EmailMessage) -> Result<(), MailError> {
        let content = Content::of(message, None).map_err(|error| MailError::Permanent(error.into()))?;
        let printed = frame(message, &content);
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        output
            .write_all(printed.as_bytes())
            .and_then(|()| output.flush())
            .map_err(|error| MailError::Temporary(error.into()))
    }
}

impl Default for TerminalMailer {
    fn default() -> Self {
        Self::stdout()
    }
}

impl fmt::Debug for TerminalMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TerminalMailer").finish_non_exhaustive()
    }
}

/// The email between two rules. Nothing stands before or behind the link, so that terminals recognise it.
fn frame(message: &EmailMessage, content: &Content) -> String {
    let title = "─── Mail, printed because no mail server is configured ";
    let rest = "─".repeat(WIDTH.saturating_sub(title.chars().count()));
    let rule = "─".repeat(WIDTH);
    let (to, subject, text) = (&message.to, &content.subject, content.text.trim_end());
    format!("\n{title}{rest}\nTo:      {to}\nSubject: {subject}\n\n{text}\n{rule}\n\n")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use doorward_domain::Secret;
    use doorward_domain::email::EmailKind;
    use doorward_domain::user::{Email, UserName};

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn message() -> EmailMessage {
        EmailMessage {
            kind: EmailKind::VerifyEmail,
            to: Email::parse("ada@example.test").unwrap(),
            name: UserName::parse("Ada").unwrap(),
            link: Secret::new("http://localhost:3000/verify-email?token=abc".to_owned()),
        }
    }

    #[tokio::test]
    async fn the_letter_is_printed_in_a_frame_with_the_link_on_a_line_of_its_own() {
        let paper = Paper::default();
        TerminalMailer::new(paper.clone())
            .send("1", &message())
            .await
            .unwrap();
        let printed = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<_> = printed.lines().collect();
        assert!(lines.contains(&"To:      ada@example.test"), "{printed}");
        assert!(
            lines.contains(&"Subject: Confirm your e-mail address"),
            "{printed}"
        );
        assert!(
            lines.contains(&"http://localhost:3000/verify-email?token=abc"),
            "{printed}"
        );
        let rules: Vec<_> = lines.iter().filter(|line| line.starts_with('─')).collect();
        assert_eq!(rules.len(), 2);
        assert!(rules.iter().all(|rule| rule.chars().count() == WIDTH));
    }

    #[tokio::test]
    async fn a_closed_terminal_is_a_temporary_failure() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let error = TerminalMailer::new(Closed)
            .send("1", &message())
            .await
            .unwrap_err();
        assert!(matches!(error, MailError::Temporary(_)));
    }
}
