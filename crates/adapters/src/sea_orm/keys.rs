//! What the database says of the secrets: which one was current before, and which ones emails that wait and the audit log need.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};

use super::schema::has_column;
use super::timestamp::Timestamp;
use crate::crypto::KeyFingerprint;

/// The one row there is.
const CURRENT: &str = "current";

/// How a start's secrets stand to those of the start before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyCheck {
    /// The secret that was current before is among them, or nobody was here before.
    Known,
    /// It is not: what was signed or sealed with it cannot be read.
    Unknown {
        /// The fingerprint of that secret.
        previous: String,
    },
}

/// Notes which secret is current now, and answers whether the one before is among `known`.
///
/// Starts at the same time do not wait for each other: the last one is noted.
pub async fn note_current_key(
    database: &DatabaseConnection,
    current: &KeyFingerprint,
    known: &[KeyFingerprint],
    now: DateTime<Utc>,
) -> Result<KeyCheck, DbErr> {
    let backend = database.get_database_backend();
    let query = format!(r#"SELECT "fingerprint" FROM doorward_key_check WHERE "id" = '{CURRENT}'"#);
    let row = database
        .query_one_raw(Statement::from_string(backend, query))
        .await?;
    let previous: Option<String> = row.map(|row| row.try_get_by_index(0)).transpose()?;
    if previous.as_deref() == Some(current.as_str()) {
        return Ok(KeyCheck::Known);
    }
    let [fingerprint, updated_at] = match backend {
        DbBackend::Postgres => ["$1", "$2"],
        _ => ["?", "?"],
    };
    let upsert = format!(
        r#"INSERT INTO doorward_key_check ("id", "fingerprint", "updatedAt") VALUES ('{CURRENT}', {fingerprint}, {updated_at})
            ON CONFLICT ("id") DO UPDATE SET "fingerprint" = excluded."fingerprint", "updatedAt" = excluded."updatedAt""#
    );
    let values = [current.as_str().into(), Timestamp::new(now, backend).into()];
    let statement = Statement::from_sql_and_values(backend, upsert, values);
    database.execute_raw(statement).await?;
    Ok(match previous {
        Some(previous) if known.iter().all(|key| key.as_str() != previous) => KeyCheck::Unknown { previous },
        _ => KeyCheck::Known,
    })
}

/// Emails that wait in the outbox, by the secret they are sealed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedEmails {
    /// The fingerprint of the secret; none in emails of earlier versions, which the oldest secret opens.
    pub fingerprint: Option<String>,
    /// How many there are.
    pub emails: u64,
}

/// Counts the emails that wait, those of each secret apart; none where there is no outbox.
pub async fn sealed_emails(database: &DatabaseConnection) -> Result<Vec<SealedEmails>, DbErr> {
    if !has_column(database, "doorward_outbox", "sealed").await? {
        return Ok(Vec::new());
    }
    // `v2.` and the fingerprint.
    let query = format!(
        r#"SELECT CASE WHEN "sealed" LIKE 'v2.%' THEN substr("sealed", 4, {}) END AS "key", count(*) AS "emails"
            FROM doorward_outbox GROUP BY 1 ORDER BY 1"#,
        KeyFingerprint::LENGTH
    );
    let statement = Statement::from_string(database.get_database_backend(), query);
    let rows = database.query_all_raw(statement).await?;
    let read = rows.iter().map(|row| {
        let emails: i64 = row.try_get("", "emails")?;
        Ok(SealedEmails {
            fingerprint: row.try_get("", "key")?,
            emails: emails.unsigned_abs(),
        })
    });
    read.collect()
}

/// What of the audit log can be verified with one secret only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignedLog {
    /// How many events have a signature or a seal of that secret.
    pub events: u64,
    /// Whether it signed how far the chain reaches.
    pub is_chain: bool,
}

/// Counts what of the audit log this secret signed; nothing where there is no chain yet.
pub async fn signed_log(
    database: &DatabaseConnection,
    fingerprint: &KeyFingerprint,
) -> Result<SignedLog, DbErr> {
    if !has_column(database, "doorward_audit_event", "seal").await?
        || !has_column(database, "doorward_audit_chain", "signature").await?
    {
        return Ok(SignedLog::default());
    }
    let count = async |table: &str, columns: &[&str]| -> Result<u64, DbErr> {
        let theirs: Vec<_> = columns
            .iter()
            .map(|column| format!(r#""{column}" LIKE '{fingerprint}.%'"#))
            .collect();
        let query = format!("SELECT count(*) FROM {table} WHERE {}", theirs.join(" OR "));
        let statement = Statement::from_string(database.get_database_backend(), query);
        let row = database.query_one_raw(statement).await?;
        let count: Option<i64> = row.map(|row| row.try_get_by_index(0)).transpose()?;
        Ok(count.unwrap_or(0).unsigned_abs())
    };
    Ok(SignedLog {
        events: count("doorward_audit_event", &["signature", "seal"]).await?,
        is_chain: count("doorward_audit_chain", &["signature"]).await? > 0,
    })
}
