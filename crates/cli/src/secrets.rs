//! `doorward secret`: replacing the secret that signs and seals (KR-2).

use std::fmt::Write;

use chrono::{DateTime, TimeDelta, Utc};
use doorward_domain::KeyId;
use doorward_web::wiring::{KeyReport, KeyUse, clock, key_report};

use crate::arguments::SecretCommand;
use crate::configuration::{ConfigError, KeptSecrets, Ready, Rotation, shown};
use crate::doorward::Doorward;
use crate::error::Error;
use crate::terminal::print;

const NONE_YET: &str = "There is no secret yet. The first start of the server makes one.\n";

pub(crate) async fn run(command: SecretCommand, doorward: Doorward) -> Result<(), Error> {
    match command {
        SecretCommand::List => list(doorward).await,
        SecretCommand::Rotate { prepare } => rotate(doorward, prepare),
        SecretCommand::Remove { id, force } => remove(doorward, KeyId::new(id), force).await,
    }
}

async fn list(doorward: Doorward) -> Result<(), Error> {
    let (ready, kept) = read(doorward)?;
    if ready.lacks_secret() {
        return print(NONE_YET);
    }
    let report = key_report(&ready.configuration).await?;
    print(&listed(&report, kept.as_ref(), lifetime(&ready)))
}

fn rotate(doorward: Doorward, prepare: bool) -> Result<(), Error> {
    let directory = doorward.load()?.own_secrets()?;
    let (ready, _) = read(doorward)?;
    let now = clock().now();
    print(&match directory.rotate_secret(prepare, now)? {
        Rotation::Prepared(id) => format!(
            "The secret {id} is prepared: from its next start on a server knows it, and signs with the other one.\n\
             Restart all servers that use this data directory, then run `doorward secret rotate`.\n"
        ),
        Rotation::Replaced { current, previous } => format!(
            "The secret {current} is current. Restart the server: until then it signs with the secret {previous}.\n\
             Nobody is signed out. From {} on, `doorward secret remove {previous}` removes the other one.\n",
            shown(now + lifetime(&ready))
        ),
    })
}

async fn remove(doorward: Doorward, id: KeyId, force: bool) -> Result<(), Error> {
    let directory = doorward.load()?.own_secrets()?;
    let (ready, kept) = read(doorward)?;
    if !force && let Some(kept) = kept.as_ref().and_then(|kept| kept.find(id)) {
        if let Some(replaced_at) = kept.replaced_at
            && replaced_at + lifetime(&ready) > clock().now()
        {
            let problem = format!(
                "sessions may be signed with the one of the id {id} until {}",
                shown(replaced_at + lifetime(&ready))
            );
            return Err(needed(problem, "it signs these users out").into());
        }
        let report = key_report(&ready.configuration).await?;
        // The first is current, and is refused for that.
        if let Some(key) = report.keys.iter().skip(1).find(|key| key.id == id) {
            not_needed_by_the_database(key)?;
        }
    }
    directory.remove_secret(id)?;
    print(&format!(
        "The secret {id} is removed. Restart the server: until then it knows it.\n"
    ))
}

/// Refuses to remove a secret that something in the database needs.
fn not_needed_by_the_database(key: &KeyUse) -> Result<(), ConfigError> {
    let id = key.id;
    if key.waiting_emails > 0 {
        let problem = format!(
            "{} emails wait that are sealed with the one of the id {id}",
            key.waiting_emails
        );
        return Err(needed(problem, "they are lost"));
    }
    if key.signs_audit_chain {
        let problem = format!(
            "the chain of the audit log is signed with the one of the id {id} until a server with the current one seals events"
        );
        return Err(needed(
            problem,
            "audit events are neither sealed nor removed then",
        ));
    }
    if key.audit_events > 0 {
        let problem = format!(
            "{} audit events are signed with the one of the id {id}",
            key.audit_events
        );
        return Err(needed(
            problem,
            "these events cannot be verified then, and no audit event is removed at the end of audit.retention",
        ));
    }
    Ok(())
}

/// A secret that must not be removed yet.
fn needed(problem: String, loss: &str) -> ConfigError {
    let fix = format!("wait until nothing needs it, or remove it at once with --force: {loss}");
    ConfigError::new("secrets", problem, fix)
}

/// The configuration, and the file of secrets if they are read from one of ours.
fn read(doorward: Doorward) -> Result<(Ready, Option<KeptSecrets>), Error> {
    let loaded = doorward.load()?;
    let kept = match loaded.own_secrets() {
        Ok(directory) => directory.secrets()?.map(|file| file.secrets),
        Err(_) => None,
    };
    Ok((doorward.ready()?, kept))
}

/// How long a session may be without use, so that a cookie of it is as it was.
fn lifetime(ready: &Ready) -> TimeDelta {
    ready.configuration.settings.session.expires_in
}

fn listed(report: &KeyReport, kept: Option<&KeptSecrets>, lifetime: TimeDelta) -> String {
    let mut text = format!("{:<4} {:<17} {:<21} {}\n", "ID", "FINGERPRINT", "MADE", "USE");
    for (place, key) in report.keys.iter().enumerate() {
        let kept = kept.and_then(|kept| kept.find(key.id));
        let made = kept.map_or_else(|| "unknown".to_owned(), |kept| shown(kept.made_at));
        let role = match kept.map(|kept| kept.replaced_at) {
            _ if place == 0 => "current: signs and seals".to_owned(),
            Some(None) => "prepared: verifies and opens".to_owned(),
            Some(Some(replaced_at)) => until(replaced_at, lifetime),
            None => "verifies and opens".to_owned(),
        };
        let emails = match key.waiting_emails {
            0 => String::new(),
            emails => format!("; emails that wait: {emails}"),
        };
        let events = match key.audit_events {
            0 => String::new(),
            events => format!("; audit events that it signed: {events}"),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:<4} {:<17} {made:<21} {role}{emails}{events}",
            key.id, key.fingerprint
        );
    }
    if report.unreadable_emails > 0 {
        let _ = writeln!(
            text,
            "Emails that wait and that none of these opens: {}",
            report.unreadable_emails
        );
    }
    text
}

fn until(replaced_at: DateTime<Utc>, lifetime: TimeDelta) -> String {
    format!(
        "verifies and opens; sessions may need it until {}",
        shown(replaced_at + lifetime)
    )
}
