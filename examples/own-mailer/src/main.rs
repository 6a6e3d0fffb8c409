//! Emails that somebody else sends: each becomes a file in a directory that another program empties.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use async_trait::async_trait;
use doorward::Doorward;
use doorward_domain::email::{EmailKind, EmailMessage, MailError, Mailer};

/// Puts emails into a directory.
struct Tray {
    directory: PathBuf,
}

#[async_trait]
impl Mailer for Tray {
    /// One file an email. `id` is the same at every attempt, so an email that is tried again does not lie there twice.
    async fn send(&self, id: &str, message: &EmailMessage) -> Result<(), MailError> {
        let content = match &message.kind {
            EmailKind::Custom(email) => email.text(),
            _ => &message.link,
        };
        let text = format!(
            "To: {}\nAbout: {:?}\n\n{}\n",
            message.to,
            message.kind,
            content.expose()
        );
        let unfinished = self.directory.join(format!(".{id}"));
        let write = async {
            tokio::fs::create_dir_all(&self.directory).await?;
            tokio::fs::write(&unfinished, text).await?;
            tokio::fs::rename(&unfinished, self.directory.join(format!("{id}.txt"))).await
        };
        // A full disk may be emptied: the outbox keeps the email and tries again.
        write
            .await
            .map_err(|error: std::io::Error| MailError::Temporary(error.into()))
    }
}

#[actix_web::main]
async fn main() -> ExitCode {
    let directory = PathBuf::from("emails");
    Doorward::from_env()
        .mailer(Arc::new(Tray { directory }))
        .run()
        .await
}

#[cfg(test)]
mod tests;
