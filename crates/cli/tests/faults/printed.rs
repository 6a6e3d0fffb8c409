//! Emails that a server without a mail server prints.

use std::fs::{self, File};
use std::path::PathBuf;

use crate::support::until;

/// A file that servers print to.
pub(crate) struct Printed(PathBuf);

impl Printed {
    pub(crate) fn to(path: PathBuf) -> Self {
        File::create(&path).unwrap();
        Self(path)
    }

    /// For the standard output of one more server.
    pub(crate) fn file(&self) -> File {
        File::options().append(true).open(&self.0).unwrap()
    }

    pub(crate) fn text(&self) -> String {
        fs::read_to_string(&self.0).unwrap()
    }

    /// The token in the last email to this address with such a link, if there is one.
    pub(crate) fn token(&self, to: &str, link: &str) -> Option<String> {
        let text = self.text();
        let emails = text.rsplit("To:      ");
        let about = emails.filter_map(|email| email.split_once('\n'));
        about
            .filter(|(recipient, _)| *recipient == to)
            .find_map(|(_, email)| {
                let rest = email.split(link).nth(1)?;
                rest.split(['?', '&', '\n']).next().map(str::to_owned)
            })
    }

    /// The same, as soon as it is there.
    pub(crate) fn wait_for_token(&self, to: &str, link: &str) -> String {
        until(|| self.token(to, link).is_some());
        self.token(to, link).unwrap()
    }
}
