//! What is said after a backup and after a restore.

use std::fmt::Write;
use std::path::Path;

use doorward_web::wiring::Restored;

use crate::configuration::Ready;

/// What is in the backup, and what has to be kept besides.
pub(crate) fn backed_up(ready: &Ready, file: &Path, size: u64) -> String {
    let mut text = format!("Backed up the database to {} ({size} bytes).\n", file.display());
    let secret = match &ready.secret_file {
        Some((secret, _)) => format!("the secret, {}", secret.display()),
        None => "the secret, which the configuration sets".to_owned(),
    };
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "Keep apart from it: {secret}. With another secret everybody is signed out and waiting emails are lost."
    );
    if !ready.configuration.hashing.peppers.is_empty() {
        text.push_str("Keep apart from it, too: password.peppers, without which no password is right.\n");
    }
    text
}

/// What was done, and what the operator should know.
pub(crate) fn restored(file: &Path, restored: &Restored) -> String {
    let mut text = format!(
        "Restored {} to {}.\n",
        file.display(),
        restored.database.display()
    );
    if let Some(aside) = &restored.moved_aside {
        let _ = writeln!(text, "The database before is {}.", aside.display());
    }
    if !restored.pending.is_empty() {
        let steps = restored.pending.join(", ");
        let _ = writeln!(
            text,
            "The schema lacks {steps}; the next start takes these steps."
        );
    }
    text.push_str(
        "Everything is as it was at the time of the backup: sessions that were revoked and passwords that were changed \
         since then are valid again.\n",
    );
    text
}
