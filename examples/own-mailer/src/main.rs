//! Letters that somebody else sends: each becomes a file in a directory that another program empties.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use doorward::{Doorward, Failure};
use doorward_domain::mail::{Letter, MailError, Mailer};

/// Puts letters into a directory.
struct Tray {
    directory: PathBuf,
}

#[async_trait]
impl Mailer for Tray {
    /// One file a letter. `id` is the same at every attempt, so a letter that is tried again does not lie there twice.
    async fn send(&self, id: &str, letter: &Letter) -> Result<(), MailError> {
        let text = format!(
            "To: {}\nAbout: {:?}\n\n{}\n",
            letter.to,
            letter.kind,
            letter.link.expose()
        );
        let unfinished = self.directory.join(format!(".{id}"));
        let write = async {
            tokio::fs::create_dir_all(&self.directory).await?;
            tokio::fs::write(&unfinished, text).await?;
            tokio::fs::rename(&unfinished, self.directory.join(format!("{id}.txt"))).await
        };
        // A full disk may be emptied: the outbox keeps the letter and tries again.
        write
            .await
            .map_err(|error: std::io::Error| MailError::Temporary(error.into()))
    }
}

#[actix_web::main]
async fn main() -> Result<(), Failure> {
    let directory = PathBuf::from("letters");
    Doorward::from_env()
        .mailer(Arc::new(Tray { directory }))
        .serve()
        .await
}

#[cfg(test)]
mod tests;
