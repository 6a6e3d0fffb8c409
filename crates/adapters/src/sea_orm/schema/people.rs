//! Users who sign in by what this version does not ask for or does not offer.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};

use super::catalog::{Table, count, tables};

/// Whether `twoFactorEnabled` of a row says yes, whatever type another ORM gave the column.
pub(in crate::sea_orm) const SECOND_FACTOR_IS_ON: &str =
    r#"lower(CAST("twoFactorEnabled" AS text)) IN ('1', '1.0', 't', 'true', 'y', 'yes', 'on')"#;

/// How many users have a second factor by Better Auth's two-factor plugin; none where there is no such column.
///
/// This version does not ask for it: whoever signs them in by the password alone takes it away from them.
pub async fn enrolled_second_factors(database: &DatabaseConnection) -> Result<Option<u64>, DbErr> {
    let tables = tables(database).await?;
    let user = tables
        .iter()
        .find(|table| table.is_visible && table.name.eq_ignore_ascii_case("user"));
    if user.and_then(|user| user.column("twoFactorEnabled")).is_none() {
        return Ok(None);
    }
    let query = format!(r#"SELECT count(*) FROM "user" WHERE {SECOND_FACTOR_IS_ON}"#);
    count(database, &query).await.map(Some)
}

/// Users without a password, by what they have in its place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WithoutPassword {
    /// Those with a passkey.
    pub passkey: u64,
    /// Those with an account at another provider.
    pub social: u64,
}

/// Counts the users who have no password. Reads both tables whole.
pub async fn users_without_password(database: &DatabaseConnection) -> Result<WithoutPassword, DbErr> {
    let tables = tables(database).await?;
    let has = |name: &str| tables.iter().any(|table| table.is_visible && table.name == name);
    let mut counts = WithoutPassword::default();
    if !has("user") || !has("account") {
        return Ok(counts);
    }
    counts.social = counted(database, r#""account" WHERE "providerId" <> 'credential'"#).await?;
    if has("passkey") {
        counts.passkey = counted(database, r#""passkey""#).await?;
    }
    Ok(counts)
}

/// Whether there is a user.
pub async fn has_users(database: &DatabaseConnection) -> Result<bool, DbErr> {
    has(database, "user", "1 = 1").await
}

/// Whether somebody has a password.
pub async fn has_passwords(database: &DatabaseConnection) -> Result<bool, DbErr> {
    has(database, "account", r#""password" IS NOT NULL"#).await
}

/// Whether a table is there and has a row like this.
async fn has(database: &DatabaseConnection, name: &str, condition: &str) -> Result<bool, DbErr> {
    let is_it = |table: &Table| table.is_visible && table.name.eq_ignore_ascii_case(name);
    if !tables(database).await?.iter().any(is_it) {
        return Ok(false);
    }
    let query =
        format!(r#"SELECT count(*) FROM (SELECT 1 FROM "{name}" WHERE {condition} LIMIT 1) AS found"#);
    count(database, &query).await.map(|number| number > 0)
}

async fn counted<C: ConnectionTrait>(database: &C, owners: &str) -> Result<u64, DbErr> {
    let query = format!(
        r#"SELECT count(*) FROM "user" WHERE "id" IN (SELECT "userId" FROM {owners})
            AND "id" NOT IN (SELECT "userId" FROM "account" WHERE "password" IS NOT NULL)"#
    );
    count(database, &query).await
}
